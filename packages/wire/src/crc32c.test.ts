import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex } from "./bytes.ts";
import { crc32c } from "./crc32c.ts";

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

/** The definition, one bit at a time. */
function bitwise(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}
