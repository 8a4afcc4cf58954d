/** What clients get wrong, and the exact answer of each: etcd's (of the sort order that there is not, since 3.6). */
import assert from "node:assert/strict";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { afterEach, test } from "node:test";
import type { ProtobufReader } from "@synod/wire/protobuf";
import type { ProtobufWriter } from "@synod/wire/protobuf-writer";
import { encodeUtf8 } from "@synod/wire/utf8";
import { encodeCompactionRequest } from "../api/compaction.ts";
import { encodeDeleteRangeRequest } from "../api/delete-range.ts";
import { encodeLeaseGrantRequest, encodeLeaseId } from "../api/lease.ts";
import { encodePutRequest } from "../api/put.ts";
import { encodeRangeRequest } from "../api/range.ts";
import { encodeTxnRequest } from "../api/txn.ts";
import { encodeWatchRequest, type WatchRequest } from "../api/watch.ts";
import { type Call, StoreServer } from "./testing/store-server.ts";

let server: StoreServer;
afterEach(() => server.close());

const key = encodeUtf8("k");
const value = encodeUtf8("v");
const put = (name: string) => ({ type: "put", request: { key: encodeUtf8(name), value } }) as const;

type Case = readonly [what: string, method: string, encode: (w: ProtobufWriter) => void, code: number, text: string];

const KV = "/etcdserverpb.KV";
const LEASE = "/etcdserverpb.Lease";
const EMPTY_KEY = "etcdserver: key is not provided";
const DUPLICATE = "etcdserver: duplicate key given in txn request";
const NO_LEASE = "etcdserver: requested lease not found";

const CASES: readonly Case[] = [
  ["a put without a key", `${KV}/Put`, (w) => encodePutRequest(w, { key: new Uint8Array(0), value }), 3, EMPTY_KEY],
  ["a range without a key", `${KV}/Range`, (w) => encodeRangeRequest(w, { key: new Uint8Array(0) }), 3, EMPTY_KEY],
  [
    "a delete without a key",
    `${KV}/DeleteRange`,
    (w) => encodeDeleteRangeRequest(w, { key: new Uint8Array(0) }),
    3,
    EMPTY_KEY,
  ],
  [
    "a sort order that there is not",
    `${KV}/Range`,
    (w) => encodeRangeRequest(w, { key, sortOrder: 7 }),
    3,
    "etcdserver: invalid sort option",
  ],
  [
    "a revision to come",
    `${KV}/Range`,
    (w) => encodeRangeRequest(w, { key, revision: 99 }),
    11,
    "etcdserver: mvcc: required revision is a future revision",
  ],
  [
    "a compaction to come",
    `${KV}/Compact`,
    (w) => encodeCompactionRequest(w, { revision: 99, physical: false }),
    11,
    "etcdserver: mvcc: required revision is a future revision",
  ],
  ["a put with an unknown lease", `${KV}/Put`, (w) => encodePutRequest(w, { key, value, lease: 404n }), 5, NO_LEASE],
  ["revoking an unknown lease", `${LEASE}/LeaseRevoke`, (w) => encodeLeaseId(w, 404n), 5, NO_LEASE],
  [
    "a lease for ever",
    `${LEASE}/LeaseGrant`,
    (w) => encodeLeaseGrantRequest(w, { id: 1n, ttl: 9_000_000_001 }),
    11,
    "etcdserver: too large lease TTL",
  ],
  [
    "a value that is to be kept, and given",
    `${KV}/Put`,
    (w) => encodePutRequest(w, { key, value, ignoreValue: true }),
    3,
    "etcdserver: value is provided",
  ],
  [
    "keeping what is not there",
    `${KV}/Put`,
    (w) => encodePutRequest(w, { key: encodeUtf8("none"), ignoreValue: true }),
    3,
    "etcdserver: key not found",
  ],
  [
    "too many operations",
    `${KV}/Txn`,
    (w) => encodeTxnRequest(w, { success: Array.from({ length: 129 }, (_, i) => put(`${i}`)) }),
    3,
    "etcdserver: too many operations in txn request",
  ],
  ["a key put twice", `${KV}/Txn`, (w) => encodeTxnRequest(w, { success: [put("a"), put("a")] }), 3, DUPLICATE],
  [
    "a key put that is deleted",
    `${KV}/Txn`,
    (w) => encodeTxnRequest(w, { success: [put("a"), { type: "deleteRange", request: { key: encodeUtf8("a") } }] }),
    3,
    DUPLICATE,
  ],
  [
    "a value above the limit",
    `${KV}/Put`,
    (w) => encodePutRequest(w, { key, value: new Uint8Array(1_572_864) }),
    3,
    "etcdserver: request is too large",
  ],
  [
    "a key above the limit",
    `${KV}/Put`,
    (w) => encodePutRequest(w, { key: new Uint8Array(1_600_000).fill(97), value }),
    3,
    "etcdserver: request is too large",
  ],
  ["a method that there is not", `${KV}/Steal`, () => {}, 12, "unknown method Steal for service etcdserverpb.KV"],
];

test("each mistake has its answer, and leaves no trace", async () => {
  server = await StoreServer.start();
  await server.call(`${KV}/Put`, (w) => encodePutRequest(w, { key, value }));
  const hash = server.machine.model.revision;
  for (const [what, method, encode, code, text] of CASES) {
    const answer = await server.call(method, encode);
    assert.deepEqual([answer.code, answer.text], [code, text], what);
  }
  assert.equal(server.machine.model.revision, hash);
  assert.equal((await server.call(`${KV}/Put`, (w) => encodePutRequest(w, { key, value }))).code, 0);
});

test("what is far too large is refused by what its prefix says, before it is there", async () => {
  server = await StoreServer.start();
  const call = server.open(`${KV}/Put`);
  call.stream.write(Buffer.of(0, 0x7f, 0, 0, 0));
  const { code, text } = await call.status;
  assert.equal(code, 8);
  assert.match(text, /^grpc: received message larger than max \(2130706432 vs\. \d+\)$/);
});

test("bytes that are no message fail their call with what is wrong, and nothing else", async () => {
  server = await StoreServer.start();
  const junk: [string, Uint8Array][] = [
    ["cut in the middle of a field", Uint8Array.of(10, 5, 97)],
    ["a varint without an end", new Uint8Array(20).fill(0xff)],
    ["a wire type that there is not", Uint8Array.of(15, 1)],
    ["a group that nobody closes", Uint8Array.of(11, 8, 1)],
  ];
  for (const [what, bytes] of junk) {
    for (const method of [`${KV}/Put`, `${KV}/Range`, `${KV}/Txn`, `${LEASE}/LeaseGrant`]) {
      const { code, text } = await server.call(method, (w) => w.raw(bytes));
      assert.equal(code, 13, `${what}: ${method}`);
      assert.match(text, /^grpc: error unmarshalling request: /);
    }
  }
});

test("half-open: a unary call whose request never comes holds up nobody, and goes with its client", async () => {
  server = await StoreServer.start();
  const client = connectHttp2(`http://${server.url}`);
  for (let i = 0; i < 100; i++) {
    const stream = client.request({
      ":method": "POST",
      ":path": `${KV}/Put`,
      "content-type": "application/grpc",
      te: "trailers",
    });
    stream.on("error", () => {});
    stream.write(Buffer.of(0, 0, 0, 0, 9, 10));
  }
  const watch = server.open("/etcdserverpb.Watch/Watch");
  watch.stream.end();
  assert.equal((await watch.status).code, 0, "a stream that ends before it says anything is over");
  assert.equal((await server.call(`${KV}/Put`, (w) => encodePutRequest(w, { key, value }))).code, 0);
  client.destroy();
  assert.equal(server.group.proposed, 1);
});

const IDLE = 2000;
/** Bytes that a connection without calls may hold in this process, both of its ends included. */
const BYTES_PER_CONNECTION = 60_000;

test(`${IDLE} idle connections cost little memory and no time`, async (t) => {
  server = await StoreServer.start();
  const preface = Buffer.concat([
    Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    Buffer.of(0, 0, 0, 4, 0, 0, 0, 0, 0),
  ]);
  const before = process.memoryUsage().rss;
  const idle: Socket[] = [];
  for (let i = 0; i < IDLE; i += 100) {
    const opened = Array.from({ length: 100 }, () => {
      const socket = connect(server.listener.port, "127.0.0.1");
      socket.on("error", () => {});
      return new Promise<Socket>((resolve) => socket.once("data", () => resolve(socket)).write(preface));
    });
    idle.push(...(await Promise.all(opened)));
  }
  const perConnection = (process.memoryUsage().rss - before) / IDLE;
  t.diagnostic(`${Math.round(perConnection)} bytes for each connection, its client's end included`);
  assert.ok(perConnection < BYTES_PER_CONNECTION, `${perConnection} bytes`);
  assert.equal(server.listener.connections, IDLE + 1);
  const began = performance.now();
  for (let i = 0; i < 50; i++) await server.call(`${KV}/Put`, (w) => encodePutRequest(w, { key, value }));
  t.diagnostic(`${((performance.now() - began) / 50).toFixed(2)} ms for a put beside them`);
  for (const socket of idle) socket.destroy();
});

const WATCH: WatchRequest = {
  type: "create",
  key,
  rangeEnd: new Uint8Array(0),
  startRevision: 0,
  progressNotify: false,
  filters: [],
  prevKv: false,
  watchId: 0,
  fragment: false,
};
const WATCHERS = 20_000;
/** In the heap of this process: the watcher, what its stream knows of it, and what garbage a test may leave. */
const BYTES_PER_WATCHER = 4_000;

test(`${WATCHERS} watchers of one key: little memory for each, each is told, and one that does not read delays none`, async (t) => {
  server = await StoreServer.start();
  const before = process.memoryUsage().heapUsed;
  const slow = server.open("/etcdserverpb.Watch/Watch");
  const streams: Call[] = [slow, ...Array.from({ length: 4 }, () => server.open("/etcdserverpb.Watch/Watch"))];
  const each = WATCHERS / streams.length;
  for (const stream of streams) {
    for (let i = 0; i < each; i++) stream.send((w) => encodeWatchRequest(w, WATCH));
  }
  for (const stream of streams) for (let i = 0; i < each; i++) await stream.next();
  const perWatcher = (process.memoryUsage().heapUsed - before) / WATCHERS;
  t.diagnostic(`${Math.round(perWatcher)} bytes for each watcher, the test's client included`);
  assert.equal(server.service.watches.watcherCount, WATCHERS);
  assert.ok(perWatcher < BYTES_PER_WATCHER, `${perWatcher} bytes`);
  slow.stream.pause();
  await server.call(`${KV}/Put`, (w) => encodePutRequest(w, { key, value }));
  const told = async (stream: Call): Promise<number> => {
    let count = 0;
    while (count < each) {
      assert.ok(hasEvents((await stream.next())!));
      count++;
    }
    return count;
  };
  const began = performance.now();
  assert.deepEqual(await Promise.all(streams.slice(1).map(told)), [each, each, each, each]);
  t.diagnostic(
    `${(performance.now() - began).toFixed(0)} ms until ${each * 4} watchers are told, beside one stream that does not read`,
  );
  slow.stream.resume();
  assert.equal(await told(slow), each);
});

function hasEvents(message: ProtobufReader): boolean {
  while (message.next()) {
    if (message.field === 11) return true;
    message.skip();
  }
  return false;
}
