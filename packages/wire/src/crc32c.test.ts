import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex } from "./bytes.ts";
import { crc32c, crc32cByTables } from "./crc32c.ts";

test("the examples of RFC 3720 B.4", () => {
  const ascending = new Uint8Array(32).map((_, i) => i);
  const readCommand = fromHex(
    "01c00000000000000000000000000000140000000000040000000014000000182800000000000000" + "0200000000000000",
  ) as Uint8Array;
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assert.equal(crc32c(ascending), 0x46dd794e);
  assert.equal(crc32c(ascending.toReversed()), 0x113fdb5c);
  assert.equal(crc32c(readCommand), 0xd9963a56);
  assert.equal(crc32c(new Uint8Array(0)), 0);
});

test("every cut of the input, continued, gives the sum of the whole", () => {
  const bytes = new Uint8Array(75).map((_, i) => i * i + 3);
  const whole = bitwise(bytes);
  assert.equal(crc32c(bytes), whole);
  for (let cut = 0; cut <= bytes.length; cut++) {
    assert.equal(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut))), whole);
    assert.equal(crc32c(bytes, crc32c(bytes, 0, 0, cut), cut), whole);
  }
});

test("the kernel and the tables agree, whatever the length, the place and the seed", () => {
  const bytes = new Uint8Array(200_000);
  for (let i = 0, state = 1; i < bytes.length; i += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    bytes[i] = state >>> 24;
  }
  assert.equal(crc32cByTables(bytes, 0, 0, 5000), bitwise(bytes.subarray(0, 5000)));
  const agree = (length: number, start: number, seed: number): void => {
    const expected = crc32cByTables(bytes, seed, start, start + length);
    assert.equal(crc32c(bytes, seed, start, start + length), expected, `${length} bytes from ${start}`);
    assert.equal(crc32c(bytes.slice(start, start + length), seed), expected);
  };
  for (let length = 0; length < 1700; length += 1) agree(length, length % 17, Math.imul(length, 0x9e3779b1) >>> 0);
  for (let length = 65_400; length < 66_000; length += 7) agree(length, length % 23, length);
  for (const length of [2 * 65_536, 2 * 65_536 + 1, 2 * 65_536 + 255, 2 * 65_536 + 256, 199_000]) agree(length, 3, 9);
});

test("a changed bit anywhere in a long run changes the sum", () => {
  const bytes = new Uint8Array(6000).map((_, i) => i * i + 3);
  const sum = crc32c(bytes);
  for (let bit = 0; bit < 8 * bytes.length; bit += 5) {
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    assert.notEqual(crc32c(bytes), sum);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
  }
});

/** The definition, one bit at a time. */
function bitwise(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}
