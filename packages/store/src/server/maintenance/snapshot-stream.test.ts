import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { afterEach, test } from "node:test";
import type { BoltSource } from "@synod/wire/bolt/reader";
import { encodeUtf8 } from "@synod/wire/utf8";
import { importBackend } from "../../backup/import.ts";
import { type Call, StoreServer } from "../testing/store-server.ts";

const METHOD = "/etcdserverpb.Maintenance/Snapshot";
const SECOND = 1_000_000;
const AS_IT_WAS = { bumpRevision: 0, markCompacted: false };
let server: StoreServer;
afterEach(() => server.close());

function fill(count: number, length: number): void {
  const value = new Uint8Array(length).fill(7);
  for (let i = 0; i < count; i += 1) server.machine.model.put({ key: encodeUtf8(`k${i}`), value }, 0);
}

function ask(): Call {
  const call = server.open(METHOD);
  call.send(() => {});
  call.end();
  return call;
}

interface Message {
  readonly remaining: number;
  readonly blob: Uint8Array;
}

async function next(call: Call): Promise<Message | undefined> {
  const reader = await call.next();
  if (reader === undefined) return undefined;
  let remaining = 0;
  let blob: Uint8Array = new Uint8Array(0);
  while (reader.next()) {
    if (reader.field === 2) remaining = reader.uint64();
    else if (reader.field === 3) blob = reader.bytes();
    else reader.skip();
  }
  return { remaining, blob };
}

function sourceOf(file: Uint8Array): BoltSource {
  return { size: file.length, read: (offset, length) => file.subarray(offset, offset + length) };
}

test("a snapshot is of the moment when it was asked for, in pieces that count down, with its checksum behind", async () => {
  server = await StoreServer.start();
  fill(3_000, 300);
  const { revision } = server.machine.model;
  const call = ask();
  const parts = [(await next(call))!];
  fill(100, 10);
  for (let message = await next(call); message !== undefined; message = await next(call)) parts.push(message);
  const sum = parts.pop()!;
  const file = Buffer.concat(parts.map(({ blob }) => blob));
  assert.deepEqual(Buffer.from(sum.blob), createHash("sha256").update(file).digest());
  let left = file.length;
  for (const { remaining, blob } of parts) {
    left -= blob.length;
    assert.equal(remaining, left);
    assert.ok(blob.length <= 32 << 10);
  }
  const imported = importBackend(sourceOf(file), AS_IT_WAS);
  assert.deepEqual([imported.revision, imported.keys], [revision, 3_000]);
  assert.equal((await call.status).code, 0);
  assert.equal(server.service.snapshots.size, 0);
});

test("who does not read gets a few messages, holds up nobody, and is given up after two minutes", async () => {
  server = await StoreServer.start();
  fill(2_000, 16 << 10);
  const stalled = ask();
  stalled.stream.pause();
  while (server.service.snapshots.size === 0) await turn();
  for (let i = 0; i < 50; i += 1) await turn();
  const [connection] = [...server.service.snapshots];
  assert.ok(connection !== undefined);
  const status = await server.call("/etcdserverpb.Maintenance/Status");
  assert.equal(status.code, 0);
  for (let beats = 0; beats < 10; beats += 1) {
    server.now += 15 * SECOND;
    server.service.tick();
    await turn();
  }
  assert.equal(server.service.snapshots.size, 0, "the frozen state is let go");
  stalled.stream.resume();
  while ((await stalled.next()) !== undefined);
  assert.deepEqual(await stalled.status, { code: 14, text: "etcdserver: request timed out" });
});

test("only so many snapshots are under way; a client that leaves makes room", async () => {
  server = await StoreServer.start();
  fill(2_000, 16 << 10);
  const calls = [1, 2, 3, 4].map(() => {
    const call = ask();
    call.stream.pause();
    return call;
  });
  while (server.service.snapshots.size < 4) await turn();
  assert.equal((await ask().status).text, "etcdserver: too many requests");
  calls[0]!.stream.close();
  while (server.service.snapshots.size === 4) await turn();
  const call = ask();
  while ((await call.next()) !== undefined);
  assert.equal((await call.status).code, 0);
});

test("Hash is the same for the same keys, and another one for others; HashKV waits in line", async () => {
  server = await StoreServer.start();
  fill(20, 10);
  const hash = async (method: string): Promise<number> => {
    const { message } = await server.call(`/etcdserverpb.Maintenance/${method}`);
    while (message.next()) {
      if (message.field === 2) return message.uint32();
      message.skip();
    }
    return 0;
  };
  const before = await hash("Hash");
  assert.equal(await hash("Hash"), before);
  fill(1, 10);
  assert.notEqual(await hash("Hash"), before);
  server.machine.model.compact(5, 0);
  const waiting = Promise.all(Array.from({ length: 8 }, () => hash("HashKV")));
  for (let i = 0; i < 50; i += 1) await turn();
  assert.equal(server.service.hashes.isRunning, false, "what is compacted goes first");
  server.service.tick();
  const hashes = await waiting;
  assert.equal(new Set(hashes).size, 1);
  assert.equal(server.service.hashes.isRunning, false);
});

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
