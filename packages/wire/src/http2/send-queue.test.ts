import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SendQueue } from "./send-queue.ts";

test("octets leave in the order in which they came, whatever the sizes of both", () => {
  const size = fc.oneof(
    fc.integer({ min: 1, max: 30 }),
    fc.integer({ min: 1, max: 1000 }),
    fc.integer({ min: 1, max: 40_000 }),
  );
  const step = fc.record({ append: fc.boolean(), size });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new SendQueue();
      let appended = 0;
      let dropped = 0;
      for (const each of steps) {
        if (each.append) {
          queue.append(Uint8Array.from({ length: each.size }, () => appended++ % 251));
        } else if (queue.bytes > 0) {
          const front = queue.front();
          assert.ok(front.length > 0);
          const taken = Math.min(each.size, front.length);
          for (let i = 0; i < taken; i++) assert.equal(front[i], dropped++ % 251);
          queue.drop(taken);
        }
        assert.equal(queue.bytes, appended - dropped);
      }
      if (queue.bytes === 0) assert.equal(queue.front().length, 0);
    }),
    { seed: 10, numRuns: 100 },
  );
});

test("a hundred thousand small messages come and go in a moment", () => {
  const queue = new SendQueue();
  const message = new Uint8Array(20);
  for (let i = 0; i < 100_000; i++) queue.append(message);
  let frames = 0;
  for (; queue.bytes > 0; frames++) queue.drop(queue.front().length);
  assert.ok(frames < 200, `${frames} frames`);
});
