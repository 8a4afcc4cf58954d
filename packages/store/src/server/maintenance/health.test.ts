import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProtobufReader } from "@synod/wire/protobuf";
import { AuthNode, type Made } from "../testing/auth-node.ts";

const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;

function status(reader: ProtobufReader | undefined): number {
  assert.ok(reader);
  assert.ok(reader.next());
  return reader.int32();
}

const check = (node: AuthNode, name: string): Made =>
  node.call("/grpc.health.v1.Health/Check", undefined, (w) => w.string(1, name));
const watch = (node: AuthNode, name: string): Made =>
  node.call("/grpc.health.v1.Health/Watch", undefined, (w) => w.string(1, name));

test("the server and its services are healthy while there is a leader; others are not known", () => {
  const node = AuthNode.withUsers();
  for (const name of ["", "etcdserverpb.KV", "v3lockpb.Lock", "grpc.health.v1.Health"])
    assert.equal(status(check(node, name).messages[0]), SERVING, name);
  const { code, text } = check(node, "etcdserverpb.Kv");
  assert.deepEqual([code, text], [5, "unknown service"]);
  node.group.become({ leader: undefined, role: "candidate" });
  assert.equal(status(check(node, "etcdserverpb.KV").messages[0]), NOT_SERVING);
});

test("who watches is told what is, and of each change", () => {
  const node = new AuthNode();
  const [whole, unknown] = [watch(node, ""), watch(node, "nobody")];
  node.group.become({ leader: undefined, role: "candidate" });
  node.group.become({ term: 3 });
  node.group.become({ leader: 1, role: "leader" });
  assert.deepEqual(whole.messages.map(status), [SERVING, NOT_SERVING, SERVING]);
  assert.deepEqual(unknown.messages.map(status), [SERVICE_UNKNOWN]);
  assert.equal(whole.code, undefined);
  node.calls.cancelAll();
  assert.equal(node.service.healthStreams.size, 0);
});
