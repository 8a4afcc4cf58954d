import assert from "node:assert/strict";
import { test } from "node:test";
import { hashValue } from "./bytes.ts";

test("a value's hash depends on its key's, on its length and on every bit, short or long", () => {
  for (const length of [0, 1, 3, 63, 64, 65, 300, 5000]) {
    const value = new Uint8Array(length).map((_, i) => i * 7);
    const hash = hashValue(value, 0, length, 5);
    assert.notEqual(hashValue(value, 0, length, 6), hash);
    assert.notEqual(hashValue(new Uint8Array(length + 1), 0, length + 1, 5), hash);
    for (let bit = 0; bit < 8 * length; bit += 1 + (length >> 4)) {
      value[bit >> 3]! ^= 1 << (bit & 7);
      assert.notEqual(hashValue(value, 0, length, 5), hash, `bit ${bit} of ${length} bytes`);
      value[bit >> 3]! ^= 1 << (bit & 7);
    }
  }
});

test("a value's hash is of its bytes, wherever they lie", () => {
  const value = new Uint8Array(900).map((_, i) => i * i);
  const elsewhere = new Uint8Array(2000);
  elsewhere.set(value, 777);
  assert.equal(hashValue(elsewhere, 777, 900, 3), hashValue(value, 0, 900, 3));
});
