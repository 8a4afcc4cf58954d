import assert from "node:assert/strict";
import { test } from "node:test";
import {
  alignUp,
  BATCH_HEADER_BYTES,
  decodeBatchHeader,
  decodeSegmentHeader,
  encodeBatchHeader,
  encodeSegmentHeader,
  getUint53,
  identitySeed,
  putUint53,
  segmentName,
  sequenceOf,
  viewOf,
} from "./format.ts";

test("a batch header is good in its own place only: not in another segment, at another offset or in another node's log", () => {
  const place = { sequence: 5, offset: 4096, seed: identitySeed(7n, 1) };
  const bytes = new Uint8Array(BATCH_HEADER_BYTES);
  const header = { length: 99, number: 2 ** 40 + 3, chain: 0xdeadbeef };
  encodeBatchHeader(bytes, viewOf(bytes), header, place);
  const decode = (change: Partial<typeof place>) => decodeBatchHeader(bytes, viewOf(bytes), 0, { ...place, ...change });
  assert.deepEqual(decode({}), header);
  assert.equal(decode({ sequence: 4 }), undefined);
  assert.equal(decode({ offset: 4104 }), undefined);
  assert.equal(decode({ seed: identitySeed(7n, 2) }), undefined);
  assert.equal(decode({ seed: identitySeed(8n, 1) }), undefined);
});

test("every flipped bit of a segment header is noticed", () => {
  const header = {
    version: 1,
    clusterId: 2n ** 63n + 5n,
    nodeId: 3,
    sequence: 2 ** 33,
    fence: 9,
    size: 64 << 20,
    firstBatch: 2 ** 45,
    previousEnd: 1234,
    chain: 5,
    recycled: true,
  };
  const bytes = encodeSegmentHeader(header);
  assert.deepEqual(decodeSegmentHeader(bytes), header);
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const damaged = bytes.slice();
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    assert.equal(decodeSegmentHeader(damaged), undefined);
  }
});

test("numbers up to 2^53 - 1 survive, offsets beyond 2 GiB align, and names sort as their numbers do", () => {
  const view = new DataView(new ArrayBuffer(8));
  for (const value of [0, 1, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
    putUint53(view, 0, value);
    assert.equal(getUint53(view, 0), value);
    assert.equal(sequenceOf(segmentName(value)), value);
  }
  assert.deepEqual([0, 1, 8, 2 ** 31 + 1].map(alignUp), [0, 8, 8, 2 ** 31 + 8]);
  assert.ok(segmentName(15) < segmentName(16));
  assert.equal(sequenceOf("wal-durable"), undefined);
});
