import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { encodeUtf8 } from "@synod/wire/utf8";
import { encodeCompactionRequest } from "../../api/compaction.ts";
import { decodeDeleteRangeResponse, encodeDeleteRangeRequest } from "../../api/delete-range.ts";
import { apiErrors } from "../../api/errors.ts";
import { decodePutResponse, encodePutRequest } from "../../api/put.ts";
import { decodeRangeResponse, encodeRangeRequest } from "../../api/range.ts";
import { decodeTxnResponse, encodeTxnRequest } from "../../api/txn.ts";
import {
  CompareResult,
  CompareTarget,
  type PutRequest,
  type RangeRequest,
  type TxnRequest,
} from "../../model/types.ts";
import { CLUSTER_ID, memberId, type Reply, StoreServer } from "../testing/store-server.ts";

let server: StoreServer;
before(async () => {
  server = await StoreServer.start();
});
after(() => server.close());

const key = encodeUtf8;
const put = (request: PutRequest): Promise<Reply> =>
  server.call("/etcdserverpb.KV/Put", (w) => encodePutRequest(w, request));
const range = (request: RangeRequest): Promise<Reply> =>
  server.call("/etcdserverpb.KV/Range", (w) => encodeRangeRequest(w, request));
const txn = (request: TxnRequest): Promise<Reply> =>
  server.call("/etcdserverpb.KV/Txn", (w) => encodeTxnRequest(w, request));
const compact = (revision: number, physical: boolean): Promise<Reply> =>
  server.call("/etcdserverpb.KV/Compact", (w) => encodeCompactionRequest(w, { revision, physical }));

function refused(reply: Reply, error: keyof typeof apiErrors): void {
  assert.deepEqual([reply.code, reply.text], [apiErrors[error].grpc, apiErrors[error].message]);
}

test("what was put is read back, and every header says who answered and when", async () => {
  const first = decodePutResponse((await put({ key: key("a"), value: key("1") })).message);
  assert.equal(first.header.clusterId, CLUSTER_ID);
  assert.equal(first.header.memberId, memberId(1));
  assert.equal(first.header.raftTerm, 2);
  const second = decodePutResponse((await put({ key: key("a"), value: key("2"), prevKv: true })).message);
  assert.equal(second.header.revision, first.header.revision + 1);
  assert.deepEqual(second.prevKv?.value, key("1"));
  const { kvs, count, header } = decodeRangeResponse((await range({ key: key("a") })).message);
  assert.deepEqual([kvs.length, count, kvs[0]?.version, header.revision], [1, 1, 2, second.header.revision]);
});

test("a linearizable read asks the group, a serializable one does not", async () => {
  const { reads } = server.group;
  await range({ key: key("a"), serializable: true });
  assert.equal(server.group.reads, reads);
  await range({ key: key("a") });
  assert.equal(server.group.reads, reads + 1);
});

test("a transaction that only reads does not go through the log", async () => {
  const { proposed, reads } = server.group;
  const readOnly = { success: [{ type: "range", request: { key: key("a") } }] } as const;
  const { responses } = decodeTxnResponse((await txn(readOnly)).message);
  assert.equal(responses[0]?.type, "range");
  const local = { success: [{ type: "range", request: { key: key("a"), serializable: true } }] } as const;
  await txn(local);
  assert.deepEqual([server.group.proposed, server.group.reads], [proposed, reads + 1]);
});

test("compare and swap", async () => {
  const swap = (expected: string, value: string): TxnRequest => ({
    compare: [{ result: CompareResult.EQUAL, target: CompareTarget.VALUE, key: key("cas"), value: key(expected) }],
    success: [{ type: "put", request: { key: key("cas"), value: key(value) } }],
    failure: [{ type: "range", request: { key: key("cas") } }],
  });
  await put({ key: key("cas"), value: key("old") });
  assert.equal(decodeTxnResponse((await txn(swap("old", "new"))).message).succeeded, true);
  const lost = decodeTxnResponse((await txn(swap("old", "newer"))).message);
  assert.equal(lost.succeeded, false);
  assert.deepEqual(lost.responses[0]?.type === "range" && lost.responses[0].response.kvs[0]?.value, key("new"));
});

test("deleting says how many, and what was there", async () => {
  await put({ key: key("d/1"), value: key("x") });
  await put({ key: key("d/2"), value: key("y") });
  const reply = await server.call("/etcdserverpb.KV/DeleteRange", (w) =>
    encodeDeleteRangeRequest(w, { key: key("d/"), rangeEnd: key("d0"), prevKv: true }),
  );
  const { deleted, prevKvs } = decodeDeleteRangeResponse(reply.message);
  assert.deepEqual([deleted, prevKvs.map((kv) => kv.value)], [2, [key("x"), key("y")]]);
});

test("invalid requests are refused with etcd's words and never proposed", async () => {
  const { proposed } = server.group;
  refused(await put({ key: key("") }), "emptyKey");
  refused(await put({ key: key("a"), value: key("v"), ignoreValue: true }), "valueProvided");
  refused(await put({ key: key("a"), lease: 1n, ignoreLease: true }), "leaseProvided");
  refused(await range({ key: key("") }), "emptyKey");
  refused(await range({ key: key("a"), revision: 1_000_000 }), "futureRev");
  const twice = { type: "put", request: { key: key("a") } } as const;
  refused(await txn({ success: [twice, twice] }), "duplicateKey");
  refused(await txn({ success: new Array(129).fill({ type: "range", request: { key: key("a") } }) }), "tooManyOps");
  refused(await put({ key: key("a"), value: new Uint8Array(1_572_864) }), "requestTooLarge");
  assert.equal(server.group.proposed, proposed);
});

test("refusals that depend on the state come from the log", async () => {
  refused(await put({ key: key("a"), lease: 404n }), "leaseNotFound");
  refused(await put({ key: key("missing"), ignoreValue: true }), "keyNotFound");
});

test("damaged messages fail their call and nothing else", async () => {
  const reply = await server.call("/etcdserverpb.KV/Put", (w) => w.raw(Uint8Array.of(0x0a, 0x7f, 1)));
  assert.equal(reply.code, 13);
  assert.match(reply.text, /^grpc: error unmarshalling request: .*truncated/);
  assert.equal((await put({ key: key("a") })).code, 0);
});

test("after a compaction older revisions are gone; a physical one is answered when it is done", async () => {
  const { header } = decodePutResponse((await put({ key: key("c"), value: key("1") })).message);
  await put({ key: key("c"), value: key("2") });
  const done = await compact(header.revision + 1, true);
  assert.equal(done.code, 0);
  assert.equal(server.machine.model.removalPending, false);
  refused(await range({ key: key("c"), revision: header.revision }), "compacted");
  refused(await compact(header.revision, false), "compacted");
});

test("what the group cannot do is said as etcd says it", async () => {
  for (const [failure, error] of [
    ["noLeader", "noLeader"],
    ["overloaded", "tooManyRequests"],
    ["timedOut", "timeout"],
    ["stopped", "stopped"],
  ] as const) {
    server.group.failure = failure;
    refused(await put({ key: key("a") }), error);
    refused(await range({ key: key("a") }), error);
  }
  server.group.failure = undefined;
});

test("without a leader, calls that require one are refused at once; a learner serves only its own state", async () => {
  server.group.become({ role: "follower", leader: undefined });
  const requireLeader = { hasleader: "true" };
  refused(
    await server.call("/etcdserverpb.KV/Put", (w) => encodePutRequest(w, { key: key("a") }), requireLeader),
    "noLeader",
  );
  server.group.become({ role: "learner", leader: 2 });
  refused(await put({ key: key("a") }), "notSupportedForLearner");
  refused(await range({ key: key("a") }), "notSupportedForLearner");
  assert.equal((await range({ key: key("a"), serializable: true })).code, 0);
  server.group.become({ role: "leader", leader: 1 });
  assert.equal((await put({ key: key("a") })).code, 0);
});
