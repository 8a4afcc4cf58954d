import assert from "node:assert/strict";
import { test } from "node:test";
import { hashBytes } from "./bytes.ts";
import { StoreModel } from "./store.ts";

/** Inverses of the two multiplications in `hashWord`, modulo 2^32. */
function inverse(factor: number): number {
  let result = factor;
  for (let i = 0; i < 5; i += 1) result = Math.imul(result, 2 - Math.imul(factor, result));
  return result;
}

const A = 0xcc9e2d51;
const B = 0x1b873593;
const rotate = (word: number, by: number): number => (word << by) | (word >>> (32 - by));
const mix = (word: number): number => Math.imul(rotate(Math.imul(word, A), 15), B);
const unmix = (mixed: number): number => Math.imul(rotate(Math.imul(mixed, inverse(B)), 17), inverse(A));

/** Keys of eight bytes with one hash: the second word undoes what the first one does. */
function collidingKeys(count: number): Uint8Array[] {
  const after = (word: number): number => (Math.imul(rotate(8 ^ mix(word), 13), 5) + 0xe6546b64) | 0;
  const target = after(0) ^ mix(0);
  return Array.from({ length: count }, (_, i) => {
    const view = new DataView(new ArrayBuffer(8));
    view.setInt32(0, i, true);
    view.setInt32(4, unmix(target ^ after(i)), true);
    return new Uint8Array(view.buffer);
  });
}

test("keys made to collide are all found, in time that does not grow with their square", () => {
  const keys = collidingKeys(3000);
  assert.equal(new Set(keys.map((key) => hashBytes(key, 0, key.length, 0))).size, 1);
  const store = new StoreModel();
  for (const [i, key] of keys.entries()) store.put({ key, value: Uint8Array.of(i) }, 0);
  for (const key of keys) store.put({ key, ignoreValue: true }, 0);
  assert.equal(store.keyCount, 3000);
  for (const [i, key] of keys.entries()) {
    const kv = store.range({ key }).kvs[0]!;
    assert.deepEqual([kv.version, kv.value[0]], [2, i & 0xff]);
  }
  for (const key of keys) store.deleteRange({ key }, 0);
  store.compact(store.revision, 0);
  store.put({ key: keys[0]! }, 0);
  store.compact(store.revision, 0);
  while (store.removeCompacted(1024));
  assert.equal(store.keyCount, 1);
  for (const key of keys) store.put({ key }, 0);
  assert.equal(store.keyCount, 3000);
});
