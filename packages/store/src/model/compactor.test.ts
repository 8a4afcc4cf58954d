import assert from "node:assert/strict";
import { test } from "node:test";
import type { KeyValue } from "./key-value.ts";
import { StoreModel } from "./store.ts";
import { bytes, showAll } from "./testing/text.ts";

const all = { key: bytes("\0"), rangeEnd: bytes("\0") };

const put = (store: StoreModel, key: string, value: string): number =>
  store.put({ key: bytes(key), value: bytes(value) }, 0);

const at = (store: StoreModel, revision: number): string[] => showAll(store.range({ ...all, revision }).kvs);

test("compaction forbids the past at once, and only a past that has come", () => {
  const store = new StoreModel();
  for (const value of ["1", "2", "3"]) put(store, "a", value);
  assert.equal(store.compactedRevision, -1);
  store.compact(3, 0);
  assert.equal(store.compactedRevision, 3);
  assert.throws(() => at(store, 2), { message: "etcdserver: mvcc: required revision has been compacted", grpc: 11 });
  assert.deepEqual(at(store, 3), ["a=2 @2/3 v2"]);
  assert.throws(() => store.compact(3, 0), { code: "compacted" });
  assert.throws(() => store.compact(5, 0), {
    message: "etcdserver: mvcc: required revision is a future revision",
    grpc: 11,
  });
  assert.equal(store.revision, 4, "compaction makes no revision");
});

test("the newest version is kept, older ones and deleted keys go", () => {
  const store = new StoreModel();
  for (let i = 0; i < 5000; i += 1) put(store, `key ${i % 10}`, `value ${i}`);
  store.deleteRange({ key: bytes("key 3") }, 0);
  put(store, "last", "1");
  const visible = at(store, 0);
  const { hash, before } = { hash: store.hash(), before: store.sizeInUseInBytes };
  store.compact(store.revision, 0);
  const compacted = store.hash();
  assert.notEqual(compacted, hash, "the compacted revision is part of the state");
  let steps = 1;
  while (store.removeCompacted(1)) steps += 1;
  assert(steps >= 5, "in slices");
  assert.deepEqual(at(store, 0), visible);
  assert.equal(store.hash(), compacted);
  assert(store.sizeInUseInBytes < before / 100);
  assert.equal(store.keyCount, 10);
});

test("a key deleted long ago leaves nothing behind and can come again", () => {
  const store = new StoreModel();
  put(store, "a", "1");
  store.deleteRange({ key: bytes("a") }, 0);
  put(store, "b", "1");
  store.compact(4, 0);
  while (store.removeCompacted(1024));
  const size = store.sizeInUseInBytes;
  put(store, "a", "2");
  assert.deepEqual(at(store, 0), ["a=2 @5/5 v1", "b=1 @4/4 v1"]);
  assert.deepEqual(at(store, 4), ["b=1 @4/4 v1"]);
  assert(size < 300);
});

test("a life that ended before the compacted revision is forgotten, a later one is not", () => {
  const store = new StoreModel();
  put(store, "a", "1"); // 2
  store.deleteRange({ key: bytes("a") }, 0); // 3
  put(store, "b", "1"); // 4
  put(store, "a", "2"); // 5
  put(store, "a", "3"); // 6
  store.compact(4, 0);
  while (store.removeCompacted(1));
  assert.deepEqual(at(store, 4), ["b=1 @4/4 v1"]);
  assert.deepEqual(at(store, 5), ["a=2 @5/5 v1", "b=1 @4/4 v1"]);
  const found = store.eventsSince(4, 10);
  assert(found.type === "events");
  assert.equal(found.events.length, 3);
});

test("a compaction that comes while one is being removed is removed too", () => {
  const store = new StoreModel();
  for (let i = 0; i < 8000; i += 1) put(store, `key ${i % 7}`, "");
  store.compact(4000, 0);
  store.removeCompacted(1);
  store.removeCompacted(1);
  store.compact(store.revision, 0);
  assert(store.removalPending);
  while (store.removeCompacted(1));
  assert(!store.removalPending);
  const found = store.eventsSince(store.revision, 10);
  assert(found.type === "events");
  assert(store.sizeInUseInBytes < 7 * 300);
});

test("what survives is gathered, so that memory follows what is in use", () => {
  const store = new StoreModel();
  const filler = "x".repeat(1000);
  for (let round = 0; round < 4; round += 1) {
    for (let i = 0; i < 2000; i += 1) put(store, i % 50 === 0 ? `kept ${round} ${i}` : "overwritten", filler);
    store.compact(store.revision, 0);
    while (store.removeCompacted(4096));
  }
  const content = at(store, 0);
  store.compact(put(store, "one more", ""), 0);
  while (store.removeCompacted(4096));
  assert(store.sizeInBytes < store.sizeInUseInBytes * 3, `${store.sizeInBytes} for ${store.sizeInUseInBytes}`);
  assert.deepEqual(at(store, 0).slice(0, -2), content.slice(0, -1));
});

test("what is kept does not hold on to what is removed", () => {
  const store = new StoreModel();
  for (let i = 0; i < 1000; i += 1) {
    put(store, "hot", String(i));
    if (i % 10 === 0) put(store, `ended ${i}`, "");
    if (i % 10 === 5) store.deleteRange({ key: bytes(`ended ${i - 5}`) }, 0);
    if (i % 10 === 9) put(store, `ended ${i - 9}`, "again");
  }
  const compacted = 700;
  store.compact(compacted, 0);
  while (store.removeCompacted(1));
  const reachable = new Set<unknown>();
  const found = store.eventsSince(compacted, 10_000);
  assert(found.type === "events");
  for (const first of [...found.events, ...store.range(all).kvs]) {
    for (let record: KeyValue | undefined = first; record !== undefined; record = record.previous)
      reachable.add(record);
  }
  const kept = new Set<unknown>([
    ...found.events,
    ...store.range(all).kvs,
    ...store.range({ ...all, revision: compacted }).kvs,
  ]);
  assert.equal(reachable.size, kept.size);
  for (let i = 0; i < 1000; i += 37) {
    const revision = Math.max(compacted, store.revision - i);
    const [hot] = store.range({ key: bytes("hot"), revision }).kvs;
    assert(hot !== undefined && hot.modRevision <= revision && hot.modRevision > revision - 3);
  }
});
