import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { ProtobufWriter } from "@synod/wire/protobuf";
import { encodeUtf8 } from "@synod/wire/utf8";
import { encodeCompactionRequest } from "../../api/compaction.ts";
import { encodeDeleteRangeRequest } from "../../api/delete-range.ts";
import { encodeLeaseGrantRequest, encodeLeaseId } from "../../api/lease.ts";
import { encodePutRequest } from "../../api/put.ts";
import { encodeTxnRequest } from "../../api/txn.ts";
import { encodeEnvelope } from "../../envelope.ts";
import { createStoreMachine } from "../../machine.ts";
import { Opcode } from "../../state-machine.ts";
import { StoreServer } from "../testing/store-server.ts";
import { AuditTrail } from "./audit.ts";

let server: StoreServer;
afterEach(() => server?.close());

const bytes = encodeUtf8;
const SECRET = "never-in-the-log";

interface Audited {
  readonly lines: Record<string, unknown>[];
  readonly text: () => string;
}

async function audited(lastIndex = 0): Promise<Audited> {
  const texts: string[] = [];
  const lines: Record<string, unknown>[] = [];
  const write = (text: string): void => {
    texts.push(text);
    const { at, time, remote, ...line } = JSON.parse(text);
    assert.equal(at, "2026-01-01T00:00:00.000Z");
    assert.equal(time, 1_000_000);
    assert.match(remote, /^127\.0\.0\.1:\d+$/);
    lines.push(line);
  };
  const trail = new AuditTrail({ lastIndex, write }, () => new Date("2026-01-01T00:00:00Z"));
  server = await StoreServer.start({}, undefined, {}, { audit: trail });
  server.machine.observer = trail;
  return { lines, text: () => texts.join("") };
}

const put = (key: string) =>
  server.call("/etcdserverpb.KV/Put", (w) => encodePutRequest(w, { key: bytes(key), value: bytes(SECRET) }));

test("each write has a line: who, from where, what, and no value", async () => {
  const { lines, text } = await audited();
  await put("a");
  await server.call("/etcdserverpb.KV/DeleteRange", (w) =>
    encodeDeleteRangeRequest(w, { key: bytes("a"), rangeEnd: bytes("b") }),
  );
  await server.call("/etcdserverpb.KV/DeleteRange", (w) => encodeDeleteRangeRequest(w, { key: bytes("none") }));
  const puts = (key: string) => ({ type: "put", request: { key: bytes(key), value: bytes(SECRET) } }) as const;
  await server.call("/etcdserverpb.KV/Txn", (w) =>
    encodeTxnRequest(w, {
      success: [
        puts("x"),
        { type: "range", request: { key: bytes("a") } },
        { type: "txn", request: { success: [puts("y")] } },
      ],
      failure: [puts("z")],
    }),
  );
  await server.call("/etcdserverpb.Lease/LeaseGrant", (w) => encodeLeaseGrantRequest(w, { id: 5n, ttl: 60 }));
  await server.call("/etcdserverpb.Lease/LeaseRevoke", (w) => encodeLeaseId(w, 5n));
  await server.call("/etcdserverpb.KV/Compact", (w) => encodeCompactionRequest(w, { revision: 2, physical: false }));
  assert.deepEqual(lines, [
    { index: 1, revision: 2, op: "put", key: "a" },
    { index: 2, revision: 3, op: "deleteRange", key: "a", rangeEnd: "b", deleted: 1 },
    {
      index: 4,
      revision: 4,
      op: "txn",
      changes: [
        { op: "put", key: "x" },
        { op: "put", key: "y" },
      ],
    },
    { index: 5, revision: 4, op: "leaseGrant", lease: "5", ttl: 60 },
    { index: 6, revision: 4, op: "leaseRevoke", lease: "5" },
    { index: 7, revision: 4, op: "compact", compactRevision: 2 },
  ]);
  assert.ok(!text().includes(SECRET));
});

test("what was refused has no line, and what the file has already has no second one", async () => {
  const { lines } = await audited(2);
  await put("a");
  await put("b");
  await server.call("/etcdserverpb.Lease/LeaseRevoke", (w) => encodeLeaseId(w, 77n));
  await put("c");
  assert.deepEqual(lines, [{ index: 4, revision: 4, op: "put", key: "c" }]);
});

test("a user is named, where it came from only by the node that was asked", () => {
  const lines: string[] = [];
  const { machine } = createStoreMachine();
  const trail = new AuditTrail({ lastIndex: 0, write: (line) => lines.push(line) }, () => new Date(0));
  machine.observer = trail;
  const message = new ProtobufWriter();
  encodePutRequest(message, { key: bytes("k"), value: bytes(SECRET) });
  const writer = new ProtobufWriter();
  encodeEnvelope(writer, { user: "alice", authRevision: 1 }, Opcode.put, message.finish());
  machine.apply(3, 5, writer.finish());
  trail.settle();
  const { at: _, ...line } = JSON.parse(lines.join(""));
  assert.deepEqual(line, { time: 5, index: 3, revision: 2, user: "alice", op: "put", key: "k" });
});
