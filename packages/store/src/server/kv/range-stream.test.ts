import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { EMPTY_BYTES } from "@synod/wire/bytes";
import { ProtobufReader } from "@synod/wire/protobuf";
import { encodeUtf8 } from "@synod/wire/utf8";
import { type DecodedRangeResponse, decodeRangeResponse, encodeRangeRequest } from "../../api/range.ts";
import { type RangeRequest, SortOrder, SortTarget } from "../../model/types.ts";
import type { StoreConnection } from "../connection.ts";
import { type Reply, StoreServer } from "../testing/store-server.ts";

const KEYS = 6000;
const ALL: RangeRequest = { key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0) };

let server: StoreServer;
/** Keys of some hundred octets: three mebibytes, more than is answered at once. Some are written twice, some deleted. */
before(async () => {
  server = await StoreServer.start();
  const { model } = server.machine;
  for (let i = 0; i < KEYS; i++) model.put({ key: keyOf(i), value: contentOf(i) }, 1);
  const lease = 0x7fff_ffff_ffff_fff1n;
  model.leaseGrant(lease, 1000, 1);
  for (let i = 0; i < KEYS; i += 7)
    model.put({ key: keyOf(i), value: encodeUtf8(`again ${(i * 7919) % 101}`), lease }, 1);
  for (let i = 0; i < KEYS; i += 100) model.deleteRange({ key: keyOf(i) }, 1);
});
after(() => server.close());

function keyOf(i: number): Uint8Array {
  return encodeUtf8(`key/${String(i).padStart(6, "0")}`);
}

function contentOf(i: number): Uint8Array {
  return encodeUtf8(`${(i * 7919) % 997}:`.padEnd(200 + (i % 600), "x"));
}

const range = (request: RangeRequest): Promise<Reply> =>
  server.call("/etcdserverpb.KV/Range", (w) => encodeRangeRequest(w, request));

/** The messages of a RangeStream, and how it ended. */
async function streamed(request: RangeRequest): Promise<{ parts: Uint8Array[]; code: number; text: string }> {
  const call = server.open("/etcdserverpb.KV/RangeStream");
  call.send((w) => encodeRangeRequest(w, request));
  call.end();
  const parts: Uint8Array[] = [];
  for (let reader = await call.next(); reader !== undefined; reader = await call.next()) {
    while (reader.next()) parts.push(reader.bytes().slice());
  }
  return { parts, ...(await call.status) };
}

/** Protobuf messages merge by standing one behind the other. */
function merged(parts: Uint8Array[]): DecodedRangeResponse {
  return decodeRangeResponse(new ProtobufReader(new Uint8Array(Buffer.concat(parts))));
}

/** What the model says in one piece. */
function expected(request: RangeRequest): unknown {
  const { revision, kvs, more, count } = server.machine.model.range(request);
  return { revision, keys: kvs.map(({ key, value }) => [text(key), text(value)]), more, count };
}

function shown({ header, kvs, more, count }: DecodedRangeResponse): unknown {
  return { revision: header.revision, keys: kvs.map(({ key, value }) => [text(key), text(value)]), more, count };
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

const part: RangeRequest = { key: keyOf(100), rangeEnd: keyOf(4000) };
const old = KEYS + 300;

test("the messages of a stream, merged, are the Range's answer", async () => {
  for (const request of [
    ALL,
    part,
    { ...ALL, limit: 2500 },
    { ...ALL, keysOnly: true },
    { ...ALL, countOnly: true },
    { ...ALL, revision: old },
    { ...part, revision: old, limit: 50 },
    { ...part, revision: old, countOnly: true },
    { key: keyOf(3), limit: 1 },
    { key: keyOf(0) },
    { key: keyOf(9), rangeEnd: keyOf(2) },
  ]) {
    const { parts, code, text } = await streamed(request);
    assert.deepEqual([code, text], [0, ""]);
    assert.deepEqual(shown(merged(parts)), expected(request));
  }
});

test("no message is much larger than the budget", async () => {
  const { parts } = await streamed(ALL);
  assert.ok(parts.length > 10);
  for (const { length } of parts) assert.ok(length < 200 << 10, `${length}`);
});

test("sort orders and revision filters are not streamed", async () => {
  for (const request of [
    { ...ALL, sortOrder: SortOrder.DESCEND },
    { ...ALL, sortTarget: SortTarget.MOD },
    { ...ALL, minModRevision: 5 },
    { ...ALL, maxCreateRevision: 5 },
  ])
    assert.equal((await streamed(request)).code, 12);
  assert.deepEqual(refusal(await streamed({ key: EMPTY_BYTES })), [3, "etcdserver: key is not provided"]);
  const future = await streamed({ ...ALL, revision: 1_000_000 });
  assert.deepEqual(refusal(future), [11, "etcdserver: mvcc: required revision is a future revision"]);
});

const refusal = ({ code, text }: { code: number; text: string }): [number, string] => [code, text];

test("a Range too large for one turn answers as all others do", async () => {
  const orders = [SortOrder.NONE, SortOrder.ASCEND, SortOrder.DESCEND];
  const variants = [{}, { limit: 4000 }, { revision: old }, { minModRevision: 700 }, { keysOnly: true }];
  const targets = [SortTarget.KEY, SortTarget.VERSION, SortTarget.CREATE, SortTarget.MOD, SortTarget.VALUE];
  for (const sortOrder of orders) {
    for (const sortTarget of targets) {
      const request = { ...ALL, sortOrder, sortTarget, ...variants[(sortOrder + sortTarget) % variants.length] };
      assert.equal(server.machine.model.rangeWithin(request, 1 << 20), undefined, "it is large");
      const { code, message } = await range(request);
      assert.equal(code, 0);
      assert.deepEqual(shown(decodeRangeResponse(message)), expected(request));
    }
  }
});

test("a large Range is made in slices: others are served meanwhile, and it is as of one revision", async () => {
  const before = expected(ALL);
  const call = server.open("/etcdserverpb.KV/Range");
  call.send((w) => encodeRangeRequest(w, ALL));
  call.end();
  const { reads } = server.group;
  while (server.group.reads === reads) await turn();
  await turn();
  server.machine.model.put({ key: keyOf(KEYS - 1), value: encodeUtf8("later") }, 1);
  const message = await call.next();
  assert.ok(message);
  assert.deepEqual(shown(decodeRangeResponse(message)), before);
});

test("a client that does not read costs one message", async (t) => {
  let connection: StoreConnection | undefined;
  t.mock.method(server.service, "opened", (opened: StoreConnection) => {
    connection = opened;
  });
  for (const method of ["/etcdserverpb.KV/RangeStream", "/etcdserverpb.KV/Range"]) {
    const call = server.open(method);
    call.stream.pause();
    call.send((w) => encodeRangeRequest(w, ALL));
    call.end();
    for (let i = 0; i < 200; i++) await turn();
    const queued = connection?.grpc.queuedBytes ?? 0;
    assert.ok(queued > 0 && queued < 200 << 10, `${queued} octets are queued`);
    call.stream.close();
    while ((connection?.grpc.queuedBytes ?? 0) > 0) await turn();
    assert.equal(connection?.streams.size, 0);
  }
});

test("a stream whose revision is compacted in between ends with that", async () => {
  const call = server.open("/etcdserverpb.KV/RangeStream");
  call.stream.pause();
  call.send((w) => encodeRangeRequest(w, ALL));
  call.end();
  for (let i = 0; i < 100; i++) await turn();
  const { model } = server.machine;
  model.put({ key: keyOf(1), value: EMPTY_BYTES }, 1);
  model.compact(model.revision, 1);
  call.stream.resume();
  assert.deepEqual(refusal(await call.status), [11, "etcdserver: mvcc: required revision has been compacted"]);
});
