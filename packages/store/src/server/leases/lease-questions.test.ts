import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeUtf8 } from "@synod/wire/utf8";
import {
  type DecodedLeaseResponse,
  decodeLeaseResponse,
  encodeLeaseGrantRequest,
  encodeLeaseId,
  encodeLeaseTimeToLiveRequest,
} from "../../api/lease.ts";
import { encodePutRequest } from "../../api/put.ts";
import { AuthOpcode } from "../../areas/auth.ts";
import { Opcode } from "../../state-machine.ts";
import { AuthNode, type Made } from "../testing/auth-node.ts";
import { LeaseQuestions, refusalIn } from "./lease-questions.ts";

const SECOND = 1_000_000;
const KEEP_ALIVE = "/etcdserverpb.Lease/LeaseKeepAlive";
const TIME_TO_LIVE = "/etcdserverpb.Lease/LeaseTimeToLive";

function grant(node: AuthNode, id: bigint, ttl: number): void {
  node.apply(Opcode.leaseGrant, (w) => encodeLeaseGrantRequest(w, { ttl, id }));
}

const answers = ({ messages }: Made): DecodedLeaseResponse[] => messages.map((message) => decodeLeaseResponse(message));

function look(node: AuthNode, id: bigint, keys: boolean, token?: string): Made {
  return node.call(TIME_TO_LIVE, token, (w) => encodeLeaseTimeToLiveRequest(w, { id, keys }));
}

test("of renewals at every tenth of the time the log sees the first, and then one in half of the time", () => {
  const node = new AuthNode();
  grant(node, 7n, 10);
  const call = node.begin(KEEP_ALIVE, undefined, (w) => encodeLeaseId(w, 7n), false);
  for (let second = 1; second <= 60; second += 1) {
    node.run();
    assert.equal(answers(call).at(-1)?.ttl, 10);
    node.group.time += SECOND;
    node.send(call, (w) => encodeLeaseId(w, 7n));
  }
  node.run();
  assert.equal(call.messages.length, 61);
  assert.equal(node.group.proposed, 10, "at 1 s, and then at 7, 13, 19 …");
  assert.equal(node.group.questions, 61);
});

test("looking at a lease costs no entry of the log, with its keys or without", () => {
  const node = new AuthNode();
  grant(node, 7n, 10);
  node.apply(Opcode.put, (w) => encodePutRequest(w, { key: encodeUtf8("k"), lease: 7n }));
  node.group.time += 3 * SECOND;
  const [bare] = answers(look(node, 7n, false));
  assert.deepEqual([bare?.ttl, bare?.grantedTtl, bare?.keys], [7, 10, []]);
  assert.deepEqual(answers(look(node, 7n, true))[0]?.keys, [encodeUtf8("k")]);
  assert.equal(answers(look(node, 8n, true))[0]?.ttl, -1);
  assert.equal(node.group.proposed, 0);
});

test("a lease that is revoked between the leader's word and the look at its keys is gone", () => {
  const node = new AuthNode();
  grant(node, 7n, 10);
  let asked = 0;
  node.group.onRead = () => {
    if (++asked === 2) node.apply(Opcode.leaseRevoke, (w) => encodeLeaseId(w, 7n));
  };
  assert.equal(answers(look(node, 7n, true))[0]?.ttl, -1);
});

test("renewals of one stream are answered in their order, though some go by the log and some do not", () => {
  const node = new AuthNode();
  for (const id of [1n, 2n]) grant(node, id, 10);
  node.call(KEEP_ALIVE, undefined, (w) => encodeLeaseId(w, 2n)); // from now on the leader renews it by itself
  const call = node.begin(KEEP_ALIVE, undefined, (w) => encodeLeaseId(w, 1n), false);
  for (const id of [2n, 404n, 1n]) node.send(call, (w) => encodeLeaseId(w, id), id === 1n);
  node.run();
  assert.deepEqual(
    answers(call).map(({ id, ttl }) => [id, ttl]),
    [
      [1n, 10],
      [2n, 10],
      [404n, 0],
      [1n, 10],
    ],
  );
  assert.equal(call.code, 0);
});

test("who asks is judged by the users as the leader knows them when it answers", () => {
  const node = AuthNode.withUsers();
  grant(node, 7n, 10);
  const alice = node.signIn("alice");
  node.apply(Opcode.put, (w) => encodePutRequest(w, { key: encodeUtf8("a1"), lease: 7n }));
  assert.equal(look(node, 7n, true, alice).code, 0);
  node.apply(Opcode.put, (w) => encodePutRequest(w, { key: encodeUtf8("theirs"), lease: 7n }));
  assert.equal(look(node, 7n, false, alice).code, 0, "how long it lives is no secret");
  assert.deepEqual(look(node, 7n, true, alice).text, "etcdserver: permission denied");
  assert.equal(look(node, 7n, false).text, "etcdserver: user name is empty");
  assert.equal(node.call(KEEP_ALIVE, undefined, (w) => encodeLeaseId(w, 7n)).text, "etcdserver: user name is empty");
  assert.equal(node.call(KEEP_ALIVE, alice, (w) => encodeLeaseId(w, 7n)).code, 0);
  const late = node.begin(KEEP_ALIVE, alice, (w) => encodeLeaseId(w, 7n));
  node.apply(AuthOpcode.userDelete, (w) => w.string(1, "alice"));
  node.run();
  assert.notEqual(late.code, 0);
  assert.equal(late.messages.length, 0);
});

test("what is no question is refused, whoever made it", () => {
  const node = new AuthNode();
  const questions = new LeaseQuestions(node.service.model, node.store.areas.auth);
  for (const bytes of [[], [Opcode.put, 10, 1, 97], [Opcode.leaseKeepAlive, 255], [0x20, 255], [0x20], [200]]) {
    assert.equal(refusalIn(questions.answer(Uint8Array.from(bytes), 1, 1)), "timeout");
  }
  assert.equal(refusalIn(Uint8Array.of(2, 63, 63)), "timeout", "a code of another version");
});

test("a stream that is over hears no more of what it has asked", () => {
  const node = new AuthNode();
  grant(node, 7n, 10);
  const call = node.begin(KEEP_ALIVE, undefined, (w) => encodeLeaseId(w, 7n), false);
  node.calls.cancel(call.stream);
  node.run();
  assert.equal(call.messages.length, 0);
  const refused = node.begin(KEEP_ALIVE, undefined, (w) => encodeLeaseId(w, 7n), false);
  node.send(refused, (w) => encodeLeaseId(w, 7n));
  node.group.failure = "overloaded";
  node.send(refused, (w) => encodeLeaseId(w, 7n));
  node.run();
  assert.equal(refused.text, "etcdserver: too many requests");
});
