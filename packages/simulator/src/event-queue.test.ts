import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { EventQueue } from "./event-queue.ts";

test("events leave by time, equal times in the order in which they came", () => {
  const queue = new EventQueue(2);
  for (const [time, name] of [
    [5, "c"],
    [3, "a"],
    [5, "d"],
    [3, "b"],
    [9, "e"],
  ] as const)
    queue.push(time, 1, 2, 3, 4, name);
  const order: unknown[] = [];
  while (queue.pop()) order.push(queue.message);
  assert.deepEqual(order, ["a", "b", "c", "d", "e"]);
});

test("an event keeps everything it was given", () => {
  const queue = new EventQueue();
  const message = { type: "anything" };
  queue.push(2 ** 45, 7, 9, -1, 2 ** 40, message);
  assert.equal(queue.nextTime, 2 ** 45);
  assert.equal(queue.pop(), true);
  assert.deepEqual([queue.time, queue.kind, queue.node, queue.a, queue.b], [2 ** 45, 7, 9, -1, 2 ** 40]);
  assert.equal(queue.message, message);
  assert.equal(queue.pop(), false);
});

test("any mix of pushes and pops agrees with a sorted list", () => {
  const operation = fc.oneof(fc.nat({ max: 20 }), fc.constant("pop" as const));
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 300 }), (operations) => {
      const queue = new EventQueue(1);
      const model: { time: number; id: number }[] = [];
      let id = 0;
      for (const step of operations) {
        if (step !== "pop") {
          queue.push(step, 0, 0, 0, 0, id);
          model.push({ time: step, id: id++ });
          continue;
        }
        model.sort((a, b) => a.time - b.time || a.id - b.id);
        const expected = model.shift();
        assert.equal(queue.pop(), expected !== undefined);
        if (expected !== undefined) assert.equal(queue.message, expected.id);
        assert.equal(queue.size, model.length);
      }
    }),
    { seed: 1, numRuns: 300 },
  );
});
