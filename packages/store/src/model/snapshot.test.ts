import assert from "node:assert/strict";
import { test } from "node:test";
import { SNAPSHOT_CHUNK } from "./chunk-writer.ts";
import { StoreModel } from "./store.ts";
import { bytes, showAll } from "./testing/text.ts";

const all = { key: bytes("\0"), rangeEnd: bytes("\0") };

const SECOND = 1_000_000;

function drain(chunks: Iterator<Uint8Array>): Uint8Array[] {
  const drained: Uint8Array[] = [];
  for (let step = chunks.next(); step.done !== true; step = chunks.next()) drained.push(step.value);
  return drained;
}

function join(chunks: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.length;
  }
  return joined;
}

function lived(): StoreModel {
  const store = new StoreModel();
  store.leaseGrant(-5n, 10, 0);
  store.leaseGrant(0x7fff_ffff_ffff_ffffn, 60, SECOND);
  for (let i = 0; i < 3000; i += 1) {
    const lease = i % 7 === 0 ? -5n : 0n;
    store.put({ key: bytes(`key ${i % 700}`), value: bytes(`value ${i}`.repeat(i % 12)), lease }, SECOND);
    if (i % 5 === 0) store.deleteRange({ key: bytes(`key ${(i * 3) % 700}`) }, SECOND);
  }
  store.compact(1500, 2 * SECOND);
  store.removeCompacted(1024);
  return store;
}

test("a restored store has the hash, the history and the leases of the one it was taken from", () => {
  const store = lived();
  const chunks = drain(store.snapshot());
  assert(chunks.length > 1 && chunks.every((chunk) => chunk.length <= SNAPSHOT_CHUNK));
  const restored = new StoreModel();
  restored.restore(chunks);
  assert.equal(restored.hash(), store.hash());
  assert.equal(restored.time, 2 * SECOND);
  assert.equal(restored.revision, store.revision);
  assert.deepEqual(restored.leaseLeases(), store.leaseLeases());
  assert.deepEqual(restored.leaseTimeToLive(-5n, true, 3 * SECOND), store.leaseTimeToLive(-5n, true, 3 * SECOND));
  for (const revision of [1500, 2000, store.revision]) {
    const request = { ...all, revision };
    assert.deepEqual(showAll(restored.range(request).kvs), showAll(store.range(request).kvs));
  }
  assert.throws(() => restored.range({ ...all, revision: 1499 }), { code: "compacted" });
  for (const each of [store, restored]) each.leaseRevoke(-5n, 3 * SECOND);
  assert.equal(restored.hash(), store.hash());
  while (restored.removeCompacted(100));
  assert.equal(restored.hash(), store.hash());
});

test("a snapshot is of the moment it was asked for, whatever is written while it is read", () => {
  const store = lived();
  const hash = store.hash();
  const before = join(drain(store.snapshot()));
  const chunks = store.snapshot();
  const read: Uint8Array[] = [];
  for (let step = chunks.next(); step.done !== true; step = chunks.next()) {
    read.push(step.value);
    store.deleteRange(all, 0);
    for (let i = 0; i < 1500; i += 1) store.put({ key: bytes(`new ${i}`), value: bytes("x") }, 0);
    store.leaseKeepAlive(0x7fff_ffff_ffff_ffffn, 5 * SECOND);
    store.leaseGrant(BigInt(store.revision), 5, 5 * SECOND);
    store.compact(store.revision, 0);
    while (store.removeCompacted(4096));
  }
  assert.deepEqual(join(read), before);
  const restored = new StoreModel();
  restored.restore(read);
  assert.equal(restored.hash(), hash);
});

test("a store that is restored in steps is what it was until the last one", () => {
  const store = lived();
  const restored = new StoreModel();
  restored.put({ key: bytes("mine"), value: bytes("before") }, SECOND);
  const before = restored.hash();
  const steps = restored.restoreInSteps(drain(store.snapshot()));
  let count = 1;
  for (; steps.next().done !== true; count += 1) assert.equal(restored.hash(), before);
  assert(count > 5, `${count} steps`);
  assert.equal(restored.hash(), store.hash());
});

test("chunks may be cut anywhere", () => {
  const store = lived();
  const whole = join(drain(store.snapshot()));
  for (const size of [1000, 65_535, 65_537, whole.length]) {
    const cut: Uint8Array[] = [];
    for (let at = 0; at < whole.length; at += size) cut.push(whole.subarray(at, at + size));
    const restored = new StoreModel();
    restored.restore(cut);
    assert.equal(restored.hash(), store.hash());
  }
});

test("a value larger than a chunk passes through", () => {
  const store = new StoreModel();
  const value = new Uint8Array(300_000).map((_, i) => i * 31);
  store.put({ key: bytes("big"), value }, 0);
  const restored = new StoreModel();
  restored.restore(drain(store.snapshot()));
  assert.deepEqual(restored.range({ key: bytes("big") }).kvs[0]?.value, value);
});

test("snapshots of every size end in a checksum, also where a chunk ends", () => {
  for (let size = SNAPSHOT_CHUNK - 60; size < SNAPSHOT_CHUNK + 10; size += 1) {
    const store = new StoreModel();
    store.put({ key: bytes("k"), value: new Uint8Array(size) }, 0);
    const restored = new StoreModel();
    restored.restore(drain(store.snapshot()));
    assert.equal(restored.hash(), store.hash());
  }
});

test("a damaged snapshot is refused and leaves the store as it was", () => {
  const whole = join(drain(lived().snapshot()));
  const store = new StoreModel();
  store.put({ key: bytes("mine"), value: bytes("1") }, 0);
  const hash = store.hash();
  const attempt = (chunks: Uint8Array[]): string => {
    try {
      store.restore(chunks);
    } catch (error) {
      return String((error as { code?: unknown }).code);
    }
    return "restored";
  };
  assert.equal(attempt([]), "truncated");
  assert.equal(attempt([bytes("not a snapshot")]), "unknownFormat");
  assert.equal(attempt([whole.subarray(0, whole.length - 1)]), "truncated");
  assert.equal(attempt([whole, bytes("!")]), "corrupt");
  for (let at = 8; at < whole.length; at += Math.ceil(whole.length / 200)) {
    const damaged = whole.slice();
    damaged[at]! ^= 0x10;
    assert.match(attempt([damaged]), /corrupt|truncated/, `byte ${at}`);
  }
  assert.equal(store.hash(), hash);
});

test("in a new cluster, whose time begins anew, leases keep what remained to them", () => {
  const store = new StoreModel();
  store.leaseGrant(1n, 60, 100 * SECOND);
  store.put({ key: bytes("a"), lease: 1n }, 110 * SECOND);
  const restored = new StoreModel();
  restored.restore(drain(store.snapshot()), 0);
  assert.equal(restored.leaseTimeToLive(1n, false, 0).ttl, 50);
  assert.deepEqual(restored.expiredLeases(50 * SECOND, 10), [{ id: 1n, expiry: 50 * SECOND }]);
});

test("a restored store keeps the chunks it was given, and lets go of them as compaction empties them", () => {
  const store = new StoreModel();
  const value = (i: number): Uint8Array => bytes(`value ${i} `.repeat(50));
  for (let i = 0; i < 4000; i += 1) store.put({ key: bytes(`key ${i % 100}`), value: value(i) }, 0);
  const chunks = drain(store.snapshot());
  const restored = new StoreModel();
  restored.restore(chunks);
  const given = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  assert(restored.sizeInBytes >= restored.sizeInUseInBytes);
  assert(restored.sizeInBytes < store.sizeInBytes + given / 10, `${restored.sizeInBytes} of ${store.sizeInBytes}`);
  restored.compact(restored.revision, 0);
  while (restored.removeCompacted(256));
  assert(restored.sizeInBytes < store.sizeInBytes / 10, `${restored.sizeInBytes} bytes are left`);
  for (const record of restored.range(all).kvs) {
    assert.deepEqual(record.value, value(record.modRevision - 2));
  }
  assert.equal(restored.keyCount, 100);
  restored.put({ key: bytes("key 7"), value: bytes("new") }, 0);
  assert.deepEqual(chunks, drain(store.snapshot()), "nobody has written into the chunks");
});

test("a store's snapshot of another format is called that, not damaged", () => {
  const whole = join(drain(lived().snapshot()));
  whole[7] = 1;
  assert.throws(() => new StoreModel().restore([whole]), { code: "unknownFormat" });
});

test("a step of restoring is bounded by bytes too", () => {
  const store = new StoreModel();
  for (let i = 0; i < 100; i += 1) store.put({ key: bytes(`big ${i}`), value: new Uint8Array(100_000).fill(i) }, 0);
  const restored = new StoreModel();
  const steps = restored.restoreInSteps(drain(store.snapshot()));
  let count = 0;
  while (steps.next().done !== true) count += 1;
  assert(count >= 100 / 6, `${count} steps`);
  assert.equal(restored.hash(), store.hash());
});
