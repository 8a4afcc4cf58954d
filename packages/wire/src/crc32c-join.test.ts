import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32c } from "./crc32c.ts";
import { joinCrc32c } from "./crc32c-join.ts";

test("the sums of two runs make the sum of both, wherever the cut is", () => {
  const bytes = new Uint8Array(3000).map((_, i) => i * i + 7);
  const whole = crc32c(bytes);
  for (let cut = 0; cut <= bytes.length; cut += cut < 70 ? 1 : 97) {
    const [first, second] = [bytes.subarray(0, cut), bytes.subarray(cut)];
    assert.equal(joinCrc32c(crc32c(first), crc32c(second), second.length), whole);
  }
});

test("runs are joined one after the other", () => {
  const bytes = new Uint8Array(300_000).map((_, i) => i >> 3);
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 65_536) {
    const piece = bytes.subarray(at, at + 65_536);
    sum = joinCrc32c(sum, crc32c(piece), piece.length);
  }
  assert.equal(sum, crc32c(bytes));
});

test("a length of many gigabytes is no more work: zeros that are never made", () => {
  const zeros = new Uint8Array(1 << 16);
  const step = crc32c(zeros);
  let doubled = step;
  let length = zeros.length;
  for (; length < 2 ** 40; length *= 2) doubled = joinCrc32c(doubled, doubled, length);
  assert.equal(joinCrc32c(doubled, step, zeros.length), joinCrc32c(step, doubled, length));
});
