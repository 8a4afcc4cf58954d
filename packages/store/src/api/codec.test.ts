/**
 * Requests survive encoding and decoding; golden bytes are what etcd 3.4 and its client put on the wire. The whole API
 * against a foreign client is `server/etcd3.test.ts`.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, toHex } from "@synod/wire/bytes";
import { ProtobufError, ProtobufReader, ProtobufWriter } from "@synod/wire/protobuf";
import { encodeUtf8 } from "@synod/wire/utf8";
import fc from "fast-check";
import { KeyValue } from "../model/key-value.ts";
import { Slab } from "../model/slab.ts";
import { CompareTarget, type RequestOp, type TxnRequest } from "../model/types.ts";
import { decodeMemberListRequest, decodeMembers, encodeMembers } from "./cluster.ts";
import { decodeCompactionRequest, encodeCompactionRequest } from "./compaction.ts";
import { decodeDeleteRangeRequest, encodeDeleteRangeRequest } from "./delete-range.ts";
import { HeaderWriter } from "./header.ts";
import { decodeEvent, encodeEvent, encodeKeyValue } from "./key-value.ts";
import * as lease from "./lease.ts";
import { decodeStatus, encodeStatus } from "./maintenance.ts";
import { decodePutRequest, decodePutResponse, encodePutRequest, encodePutResponse, PutRequestFields } from "./put.ts";
import {
  decodeRangeRequest,
  decodeRangeResponse,
  encodeRangeRequest,
  encodeRangeResponse,
  RangeRequestFields,
} from "./range.ts";
import { decodeTxnRequest, decodeTxnResponse, encodeTxnRequest, encodeTxnResponse } from "./txn.ts";
import * as watch from "./watch.ts";

const CLUSTER = 0x048276a8f75b6a87n;
const MEMBER = 0x2e1259d415f2a040n;
const parameters = { seed: 3, numRuns: 200 };

function encoded(write: (writer: ProtobufWriter) => void): ProtobufReader {
  const writer = new ProtobufWriter(8);
  write(writer);
  return new ProtobufReader(writer.finish());
}

/** A record as the model keeps it. */
function record(key: string, value: string, version: number, leaseId = 0n, revision = 9): KeyValue {
  const bytes = encodeUtf8(key + value);
  const slab = new Slab(new Uint8Array(bytes.length + 3));
  slab.bytes.set(bytes, 3);
  return new KeyValue(slab, 3, key.length, value.length, revision, revision, version, leaseId, 0, undefined);
}

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => new Uint8Array(array));
const int64 = fc.maxSafeInteger();
const leaseId = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n });

const rangeRequest = fc.record({
  key: bytes,
  rangeEnd: bytes,
  limit: int64,
  revision: int64,
  sortOrder: fc.nat(2),
  sortTarget: fc.nat(4),
  serializable: fc.boolean(),
  keysOnly: fc.boolean(),
  countOnly: fc.boolean(),
  minModRevision: int64,
  maxModRevision: int64,
  minCreateRevision: int64,
  maxCreateRevision: int64,
});
const putRequest = fc.record({
  key: bytes,
  value: bytes,
  lease: leaseId,
  prevKv: fc.boolean(),
  ignoreValue: fc.boolean(),
  ignoreLease: fc.boolean(),
});
const deleteRangeRequest = fc.record({ key: bytes, rangeEnd: bytes, prevKv: fc.boolean() });
const compare = fc.record({
  result: fc.nat(3),
  target: fc.constant(CompareTarget.VALUE),
  key: bytes,
  rangeEnd: bytes,
  version: fc.constant(0),
  createRevision: fc.constant(0),
  modRevision: fc.constant(0),
  value: bytes,
  lease: fc.constant(0n),
});
const { txnRequest } = fc.letrec<{ txnRequest: TxnRequest; op: RequestOp }>((tie) => ({
  txnRequest: fc.record({
    compare: fc.array(compare, { maxLength: 3 }),
    success: fc.array(tie("op"), { maxLength: 3 }),
    failure: fc.array(tie("op"), { maxLength: 3 }),
  }),
  op: fc.oneof(
    { depthSize: "small" },
    fc.constant({ type: "none" } as const),
    fc.record({ type: fc.constant("range" as const), request: rangeRequest }),
    fc.record({ type: fc.constant("put" as const), request: putRequest }),
    fc.record({ type: fc.constant("deleteRange" as const), request: deleteRangeRequest }),
    fc.record({ type: fc.constant("txn" as const), request: tie("txnRequest") }),
  ),
}));

/** Equal as plain data, whatever class made it. */
function same(actual: unknown, expected: unknown): void {
  assert.deepEqual(plain(actual), plain(expected));
}

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]));
}

test("range, put and delete requests survive, also when their objects are used again", () => {
  const range = new RangeRequestFields();
  const put = new PutRequestFields();
  fc.assert(
    fc.property(rangeRequest, putRequest, deleteRangeRequest, (wantedRange, wantedPut, wantedDelete) => {
      decodeRangeRequest(
        encoded((w) => encodeRangeRequest(w, wantedRange)),
        range,
      );
      same(range, wantedRange);
      decodePutRequest(
        encoded((w) => encodePutRequest(w, wantedPut)),
        put,
      );
      same(put, wantedPut);
      same(decodeDeleteRangeRequest(encoded((w) => encodeDeleteRangeRequest(w, wantedDelete))), wantedDelete);
    }),
    parameters,
  );
});

test("transactions survive, nested ones and empty operations too", () => {
  fc.assert(
    fc.property(txnRequest, (wanted) => {
      same(decodeTxnRequest(encoded((w) => encodeTxnRequest(w, wanted))), wanted);
    }),
    parameters,
  );
});

test("each target of a compare travels in its own member of the oneof", () => {
  const key = encodeUtf8("k");
  const hex = (target: number, operand: object) =>
    toHex(encoded((w) => encodeTxnRequest(w, { compare: [{ result: 0, target, key, ...operand }] })).buffer);
  assert.equal(hex(CompareTarget.VERSION, { version: 0 }), "0a051a016b2000");
  assert.equal(hex(CompareTarget.CREATE, { createRevision: 7 }), "0a0710011a016b2807");
  assert.equal(hex(CompareTarget.MOD, { modRevision: 7 }), "0a0710021a016b3007");
  assert.equal(hex(CompareTarget.VALUE, { value: encodeUtf8("v") }), "0a0810031a016b3a0176");
  assert.equal(hex(CompareTarget.LEASE, { lease: 5n }), "0a0710041a016b4005");
  assert.equal(hex(CompareTarget.MOD, { rangeEnd: encodeUtf8("l") }), "0a0b10021a016b30008204016c");
});

test("a put's response has a header, and the previous value if there is one", () => {
  const header = new HeaderWriter(CLUSTER, MEMBER);
  header.raftTerm = 2;
  const reader = encoded((w) => {
    header.write(w, 3);
    encodePutResponse(w, { revision: 3, prevKv: record("foo", "bar", 1, 0n, 2) });
  });
  assert.equal(
    toHex(reader.buffer),
    "0a180887d5edba8fd59dc10410c0c0caafc1ba96892e1803200212100a03666f6f1002180220012a03626172",
  );
  const response = decodePutResponse(reader);
  assert.deepEqual(response.header, { clusterId: CLUSTER, memberId: MEMBER, revision: 3, raftTerm: 2 });
  assert.deepEqual(response.prevKv?.value, encodeUtf8("bar"));
});

test("responses of range and txn decode to what was encoded", () => {
  const kvs = [record("a", "1", 1, -1n), record("b", "x".repeat(300), 2, 7n)];
  const range = decodeRangeResponse(encoded((w) => encodeRangeResponse(w, { revision: 9, kvs, more: true, count: 5 })));
  assert.deepEqual([range.more, range.count, range.kvs.map((kv) => kv.lease)], [true, 5, [-1n, 7n]]);
  assert.deepEqual(range.kvs[1]?.value, encodeUtf8("x".repeat(300)));
  const txn = decodeTxnResponse(
    encoded((w) =>
      encodeTxnResponse(w, {
        revision: 9,
        succeeded: true,
        responses: [
          { type: "put", response: { revision: 9, prevKv: undefined } },
          { type: "deleteRange", response: { revision: 9, deleted: 2, prevKvs: kvs } },
          { type: "range", response: { revision: 9, kvs: [], more: false, count: 0 } },
          { type: "txn", response: { revision: 0, succeeded: false, responses: [] } },
        ],
      }),
    ),
  );
  assert.deepEqual(
    txn.responses.map((op) => [op.type, op.response.header.revision]),
    [
      ["put", 9],
      ["deleteRange", 9],
      ["range", 9],
      ["txn", 0],
    ],
  );
});

test("events: a put with its previous value, and a deletion", () => {
  const put = encoded((w) => encodeEvent(w, 11, record("k", "v", 2), record("k", "u", 1)));
  put.next();
  const event = decodeEvent(put);
  assert.deepEqual([event.type, event.kv.version, event.prevKv?.version], [0, 2, 1]);
  const deletion = encoded((w) => encodeEvent(w, 11, record("k", "", 0), undefined));
  deletion.next();
  assert.deepEqual(decodeEvent(deletion).type, 1);
  assert.equal(toHex(encoded((w) => encodeKeyValue(w, 1, record("k", "", 0))).buffer), "0a070a016b10091809");
});

test("watch requests, with filters packed or not", () => {
  const create: watch.WatchRequest = {
    type: "create",
    key: encodeUtf8("a"),
    rangeEnd: encodeUtf8("b"),
    startRevision: 7,
    progressNotify: true,
    filters: [0, 1],
    prevKv: true,
    watchId: 12,
    fragment: true,
  };
  for (const request of [create, { type: "cancel", watchId: 3 }, { type: "progress" }, { type: "none" }] as const) {
    same(watch.decodeWatchRequest(encoded((w) => watch.encodeWatchRequest(w, request))), request);
  }
  const packed = watch.decodeWatchRequest(new ProtobufReader(fromHex("0a042a020001") as Uint8Array));
  assert.deepEqual(packed.type === "create" && packed.filters, [0, 1]);
});

test("a watch response's parts", () => {
  const header = new HeaderWriter(1n, 2n);
  const reader = encoded((w) => {
    watch.encodeWatchStart(w, header, 8, 4);
    watch.encodeWatchCreated(w);
    watch.encodeWatchCanceled(w, 6, "because");
    watch.encodeWatchFragment(w);
    encodeEvent(w, watch.EVENTS, record("k", "v", 1), undefined);
  });
  const response = watch.decodeWatchResponse(reader);
  assert.deepEqual(
    { ...response, header: response.header.revision, events: response.events.length },
    {
      header: 8,
      watchId: 4,
      created: true,
      canceled: true,
      compactRevision: 6,
      cancelReason: "because",
      fragment: true,
      events: 1,
    },
  );
});

test("lease, cluster, maintenance and compaction messages", () => {
  const grant = { ttl: 60, id: 0x7000_0000_0000_0001n };
  same(lease.decodeLeaseGrantRequest(encoded((w) => lease.encodeLeaseGrantRequest(w, grant))), grant);
  assert.equal(lease.decodeLeaseId(encoded((w) => lease.encodeLeaseId(w, grant.id))), grant.id);
  const ask = { id: grant.id, keys: true };
  same(lease.decodeLeaseTimeToLiveRequest(encoded((w) => lease.encodeLeaseTimeToLiveRequest(w, ask))), ask);
  const answer = lease.decodeLeaseResponse(
    encoded((w) => lease.encodeLeaseTimeToLive(w, 9n, -1, 5, [encodeUtf8("k")])),
  );
  assert.deepEqual([answer.id, answer.ttl, answer.grantedTtl, answer.keys.length], [9n, -1, 5, 1]);
  assert.deepEqual(lease.decodeLeaseLeases(encoded((w) => lease.encodeLeaseLeases(w, [1n, 2n]))), [1n, 2n]);

  const members = [{ id: 1n << 63n, name: "n1", peerURLs: ["http://a"], clientURLs: ["http://b"], isLearner: true }];
  same(decodeMembers(encoded((w) => encodeMembers(w, members))), members);
  assert.equal(decodeMemberListRequest(encoded((w) => w.bool(1, true))), true);
  const status = {
    version: "3.5.0",
    dbSize: 4096,
    leader: 1n << 63n,
    raftIndex: 8,
    raftTerm: 2,
    raftAppliedIndex: 7,
    errors: ["x"],
    dbSizeInUse: 1,
    isLearner: true,
    storageVersion: "3.5.0",
    dbSizeQuota: 2 << 20,
    downgradeTarget: "3.4.0",
  };
  same(decodeStatus(encoded((w) => encodeStatus(w, status))), status);
  const compaction = { revision: 12, physical: true };
  same(decodeCompactionRequest(encoded((w) => encodeCompactionRequest(w, compaction))), compaction);
});

test("damaged requests cause the reader's error and no other", () => {
  const decoders: ((reader: ProtobufReader) => unknown)[] = [
    decodeTxnRequest,
    watch.decodeWatchRequest,
    lease.decodeLeaseGrantRequest,
    decodeDeleteRangeRequest,
    (reader) => decodeRangeRequest(reader, new RangeRequestFields()),
    (reader) => decodePutRequest(reader, new PutRequestFields()),
  ];
  fc.assert(
    fc.property(txnRequest, fc.nat(), fc.nat(255), fc.nat(), (request, at, byte, cut) => {
      const { buffer } = encoded((w) => encodeTxnRequest(w, request));
      if (buffer.length > 0) buffer[at % buffer.length] = byte;
      for (const decode of decoders) {
        try {
          decode(new ProtobufReader(buffer, 0, buffer.length - (cut % 3 === 0 ? cut % (buffer.length + 1) : 0)));
        } catch (error) {
          assert.ok(error instanceof ProtobufError, String(error));
        }
      }
    }),
    parameters,
  );
});
