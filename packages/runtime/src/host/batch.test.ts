import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BATCH_HEADER, BatchBuilder, BatchReader, isBatch, stamped, timeOf } from "./batch.ts";

const INCARNATION = 1_790_000_000_000_123;

function batchOf(commands: readonly Uint8Array[], first = 5): Uint8Array {
  const builder = new BatchBuilder(3, INCARNATION);
  commands.forEach((command, i) => void builder.add(first + i, command));
  return builder.take().bytes;
}

test("a batch is read as it was built, by whichever leader it was stamped", () => {
  const commands = fc.array(fc.uint8Array({ maxLength: 3000 }), { minLength: 1, maxLength: 20 });
  const number = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER - 100 });
  fc.assert(
    fc.property(commands, number, number, (given, first, time) => {
      const bytes = batchOf(given, first);
      const entry = stamped(bytes, time);
      assert.ok(isBatch(bytes) && isBatch(entry));
      assert.deepEqual([timeOf(bytes), timeOf(entry)], [0, time]);
      const reader = new BatchReader();
      reader.open(entry);
      assert.deepEqual([reader.node, reader.incarnation, reader.first], [3, INCARNATION, first]);
      assert.equal(reader.count, given.length);
      for (const command of given) assert.deepEqual(Buffer.from(reader.next()), Buffer.from(command));
    }),
    { seed: 1, numRuns: 100 },
  );
});

test("the builder starts over after each batch", () => {
  const builder = new BatchBuilder(1, 1);
  builder.add(1, new Uint8Array(10_000));
  builder.add(2, new Uint8Array(0));
  assert.deepEqual([builder.count, builder.size], [2, BATCH_HEADER + 10_008]);
  assert.equal(builder.take().count, 2);
  builder.add(3, Uint8Array.of(9));
  const { first, count, bytes } = builder.take();
  assert.deepEqual([first, count, bytes.length], [3, 1, BATCH_HEADER + 5]);
});

test("bytes that are no batch are recognised before anything reads them", () => {
  const good = batchOf([Uint8Array.of(1, 2, 3), Uint8Array.of(4)]);
  for (let length = 0; length < good.length; length++) assert.ok(!isBatch(good.subarray(0, length)), `${length} bytes`);
  assert.ok(!isBatch(Buffer.concat([good, Uint8Array.of(0)])), "a byte too many");
  for (const at of [23, 24, 25, 26, BATCH_HEADER, BATCH_HEADER + 1, BATCH_HEADER + 2, BATCH_HEADER + 3]) {
    const bad = good.slice();
    bad[at] = (bad[at] as number) ^ 0x81;
    assert.ok(!isBatch(bad), `a wrong count or length at ${at}`);
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      if (!isBatch(bytes)) return;
      const reader = new BatchReader();
      reader.open(bytes);
      for (let i = 0; i < reader.count; i++) assert.ok(reader.next().byteOffset <= bytes.byteOffset + bytes.length);
    }),
    { seed: 2, numRuns: 2000 },
  );
});
