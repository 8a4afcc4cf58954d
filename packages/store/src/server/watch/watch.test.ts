import assert from "node:assert/strict";
import { once } from "node:events";
import { afterEach, test } from "node:test";
import { ProtobufWriter } from "@synod/wire/protobuf";
import { encodeUtf8 } from "@synod/wire/utf8";
import { encodeCompactionRequest } from "../../api/compaction.ts";
import { encodePutRequest } from "../../api/put.ts";
import { encodeTxnRequest } from "../../api/txn.ts";
import {
  type DecodedWatchResponse,
  decodeWatchResponse,
  encodeWatchRequest,
  type WatchCreateRequest,
} from "../../api/watch.ts";
import { Opcode } from "../../state-machine.ts";
import type { StoreLimits } from "../options.ts";
import { type Call, StoreServer } from "../testing/store-server.ts";

let server: StoreServer;
afterEach(() => server.close());

const key = encodeUtf8;
const NOTHING = new Uint8Array(0);

async function start(limits: Partial<StoreLimits> = {}): Promise<void> {
  server = await StoreServer.start(limits);
}

function put(name: string, value: string | Uint8Array): Promise<unknown> {
  const bytes = typeof value === "string" ? key(value) : value;
  return server.call("/etcdserverpb.KV/Put", (w) => encodePutRequest(w, { key: key(name), value: bytes }));
}

function create(call: Call, options: Partial<WatchCreateRequest> & { key: Uint8Array }): void {
  const defaults = { rangeEnd: NOTHING, startRevision: 0, progressNotify: false, filters: [], prevKv: false };
  call.send((w) => encodeWatchRequest(w, { type: "create", ...defaults, watchId: 0, fragment: false, ...options }));
}

async function next(call: Call): Promise<DecodedWatchResponse> {
  const message = await call.next();
  assert.ok(message !== undefined, "the stream has ended");
  return decodeWatchResponse(message);
}

/** An open call with one watch, which the server has confirmed. */
async function watch(options: Partial<WatchCreateRequest> & { key: Uint8Array }): Promise<Call> {
  const call = server.open("/etcdserverpb.Watch/Watch");
  create(call, options);
  const created = await next(call);
  assert.equal(created.created, true);
  return call;
}

/** "key=value" and "-key", of as many responses as it takes. */
async function events(call: Call, count: number): Promise<string[]> {
  const seen: string[] = [];
  const text = new TextDecoder();
  while (seen.length < count) {
    for (const { type, kv } of (await next(call)).events) {
      seen.push(type === 0 ? `${text.decode(kv.key)}=${text.decode(kv.value)}` : `-${text.decode(kv.key)}`);
    }
  }
  return seen;
}

test("a watch of a key sees its changes and no others, several watches share a stream", async () => {
  await start();
  const call = await watch({ key: key("a") });
  create(call, { key: key("b") });
  assert.equal((await next(call)).watchId, 1);
  await put("a", "1");
  await put("c", "2");
  await put("b", "3");
  assert.deepEqual(await events(call, 2), ["a=1", "b=3"]);
});

test("a watch from the past reads history first, then goes on without a gap or a repetition", async () => {
  await start({ catchUpEvents: 3, catchUpSlices: 1 });
  const expected: string[] = [];
  for (let i = 0; i < 20; i++) {
    await put(`k${i}`, `${i}`);
    expected.push(`k${i}=${i}`);
  }
  const call = await watch({ key: key("k"), rangeEnd: key("l"), startRevision: 2 });
  for (let i = 20; i < 30; i++) {
    await put(`k${i}`, `${i}`);
    expected.push(`k${i}=${i}`);
  }
  assert.deepEqual(await events(call, 30), expected);
  assert.equal(server.service.watches.behindCount, 0);
});

test("a watch of a future revision is silent until then", async () => {
  await start();
  const call = await watch({ key: key("a"), startRevision: 4 });
  for (const value of ["2", "3", "4"]) await put("a", value);
  assert.deepEqual(await events(call, 1), ["a=4"]);
});

test("prev_kv, filters, and a transaction in one piece", async () => {
  await start();
  await put("t/1", "old");
  const call = await watch({ key: key("t/"), rangeEnd: key("t0"), prevKv: true });
  const deletions = await watch({ key: key("t/"), rangeEnd: key("t0"), filters: [0] });
  await server.call("/etcdserverpb.KV/Txn", (w) =>
    encodeTxnRequest(w, {
      success: [
        { type: "put", request: { key: key("t/1"), value: key("new") } },
        { type: "put", request: { key: key("t/2"), value: key("x") } },
      ],
    }),
  );
  const { events: changes } = await next(call);
  assert.deepEqual(
    changes.map(({ prevKv }) => prevKv?.value),
    [key("old"), undefined],
  );
  await server.call("/etcdserverpb.KV/DeleteRange", (w) => w.bytes(1, key("t/2")));
  assert.deepEqual(await events(deletions, 1), ["-t/2"]);
});

test("a watch below the compaction is cancelled with the revision to begin at", async () => {
  await start();
  for (const value of ["1", "2", "3"]) await put("a", value);
  await server.call("/etcdserverpb.KV/Compact", (w) => encodeCompactionRequest(w, { revision: 3, physical: false }));
  const call = await watch({ key: key("a"), startRevision: 2 });
  const { canceled, compactRevision } = await next(call);
  assert.deepEqual([canceled, compactRevision], [true, 3]);
  assert.equal(server.service.watches.watcherCount, 0);
});

test("ids: the client may choose; a second watch of the same id, or of an empty range, is created and canceled", async () => {
  await start();
  const call = await watch({ key: key("a"), watchId: 9 });
  create(call, { key: key("b"), watchId: 9 });
  const twice = await next(call);
  assert.deepEqual([twice.watchId, twice.created, twice.canceled], [-1, true, true]);
  assert.equal(twice.cancelReason, "mvcc: duplicate watch ID provided on the WatchStream");
  create(call, { key: key("b"), rangeEnd: key("a") });
  assert.equal((await next(call)).cancelReason, "mvcc: watcher range is empty");
  call.send((w) => encodeWatchRequest(w, { type: "cancel", watchId: 9 }));
  assert.equal((await next(call)).canceled, true);
  await put("a", "unseen");
  create(call, { key: key("a"), watchId: 9 });
  assert.equal((await next(call)).created, true);
});

test("progress: on request when all watches are synced, and by itself to quiet watches that asked for it", async () => {
  await start({ progressInterval: 1_000_000 });
  const call = await watch({ key: key("a"), progressNotify: true });
  create(call, { key: key("b"), watchId: 3 });
  await next(call);
  await put("elsewhere", "1");
  call.send((w) => encodeWatchRequest(w, { type: "progress" }));
  const asked = await next(call);
  assert.deepEqual([asked.watchId, asked.header.revision, asked.events], [-1, 2, []]);
  server.now = 1_000_000;
  server.service.tick();
  const told = await next(call);
  assert.deepEqual([told.watchId, told.header.revision], [0, 2]);
});

test("progress that is asked for while history is being read comes after the history", async () => {
  await start({ catchUpEvents: 2, catchUpSlices: 1 });
  for (let i = 0; i < 9; i++) await put("a", `${i}`);
  const call = server.open("/etcdserverpb.Watch/Watch");
  create(call, { key: key("a"), startRevision: 2 });
  call.send((w) => encodeWatchRequest(w, { type: "progress" }));
  await next(call);
  assert.equal((await events(call, 9)).length, 9);
  const progress = await next(call);
  assert.deepEqual([progress.watchId, progress.header.revision], [-1, 10]);
});

test("a crowd on one stream: a new watch and progress in the middle are right about what has been told", async () => {
  await start();
  const call = server.open("/etcdserverpb.Watch/Watch");
  const count = 5000;
  for (let i = 0; i < count; i++) create(call, { key: key("a") });
  for (let i = 0; i < count; i++) await next(call);
  server.machine.model.put({ key: key("a"), value: key("1") }, 1);
  server.service.watches.dispatch(); // tells some of them
  assert.equal(server.service.watches.dispatchedRevision, 1);
  create(call, { key: key("a") });
  call.send((w) => encodeWatchRequest(w, { type: "progress" }));
  let told = 0;
  for (;;) {
    const response = await next(call);
    told += response.events.length;
    if (response.created) assert.equal(response.header.revision, 2);
    if (response.watchId === -1) {
      assert.deepEqual([told, response.header.revision, server.service.watches.behindCount], [count, 2, 0]);
      return;
    }
  }
});

test("a response beyond the limit is split only for a client that can join it", async () => {
  await start({ requestBytes: 1000 });
  const split = await watch({ key: key("f"), rangeEnd: key("g"), fragment: true });
  const whole = await watch({ key: key("f"), rangeEnd: key("g") });
  const value = key("x".repeat(300));
  for (let i = 0; i < 2; i++) {
    const ops = [0, 1, 2].map((n) => ({ type: "put", request: { key: key(`f${n}`), value } }) as const);
    server.group.propose(command(ops), ignoring, 0);
  }
  const parts = [await next(split), await next(split)];
  assert.deepEqual(
    parts.map(({ fragment, events: some }) => [fragment, some.length]),
    [
      [true, 3],
      [false, 3],
    ],
  );
  assert.equal((await next(whole)).events.length, 6);
});

const ignoring = { applied() {}, readable() {}, failed() {} };

/** A transaction as a command of the log. */
function command(ops: readonly { type: "put"; request: { key: Uint8Array; value: Uint8Array } }[]): Uint8Array {
  const writer = new ProtobufWriter();
  encodeTxnRequest(writer, { success: ops });
  return server.service.commands.make(Opcode.txn, writer.view()).slice();
}

test("a client that does not read costs no memory, and misses nothing when it reads again", async () => {
  await start();
  const call = await watch({ key: key("big"), rangeEnd: key("bih") });
  call.stream.pause();
  const value = new Uint8Array(50_000).fill(120);
  const count = 60;
  for (let i = 0; i < count; i++) await put(`big${String(i).padStart(2, "0")}`, value);
  assert.equal(server.service.watches.behindCount, 1);
  call.stream.resume();
  const seen = await events(call, count);
  assert.deepEqual(
    seen.map((event) => event.slice(3, 5)),
    Array.from({ length: count }, (_, i) => String(i).padStart(2, "0")),
  );
});

test("a slow client with many watches is held to one bound for all of them", async () => {
  await start({ connectionQueueBytes: 200_000, catchUpBytes: 50_000 });
  const calls: Call[] = [];
  for (let i = 0; i < 50; i++) calls.push(await watch({ key: key("k"), startRevision: 2 }));
  for (const call of calls) call.stream.pause();
  for (let i = 0; i < 40; i++) await put("k", `${String(i).padStart(2, "0")}${"x".repeat(10_000)}`);
  assert.ok(server.service.watches.behindCount > 0);
  for (const call of calls) {
    call.stream.resume();
    const seen = await events(call, 40);
    assert.deepEqual(
      seen.map((event) => Number(event.slice(2, 4))),
      Array.from({ length: 40 }, (_, i) => i),
    );
  }
  assert.equal(server.service.watches.behindCount, 0);
});

test("a stream that requires a leader ends when there has been none for too long; the others stay", async () => {
  await start({ leaderLossTolerance: 1_000_000 });
  const strict = server.open("/etcdserverpb.Watch/Watch", { hasleader: "true" });
  create(strict, { key: key("a") });
  await next(strict);
  const patient = await watch({ key: key("a") });
  server.group.become({ role: "follower", leader: undefined });
  server.now = 999_999;
  server.service.tick();
  server.now = 1_000_000;
  server.service.tick();
  assert.deepEqual(await strict.status, { code: 14, text: "etcdserver: no leader" });
  assert.equal(server.service.watches.watcherCount, 1);
  server.group.become({ role: "leader", leader: 1 });
  await put("a", "1");
  assert.deepEqual(await events(patient, 1), ["a=1"]);
});

test("watches end with their stream and with their connection", async () => {
  await start();
  const call = await watch({ key: key("a") });
  await watch({ key: key("b") });
  assert.equal(server.service.watches.watcherCount, 2);
  call.stream.close();
  await put("a", "1"); // travels behind the reset
  assert.equal(server.service.watches.watcherCount, 1);
  server.client.destroy();
  await once(server.client, "close");
  while (server.listener.connections > 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(server.service.watches.watcherCount, 0);
});
