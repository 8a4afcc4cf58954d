import assert from "node:assert/strict";
import { test } from "node:test";
import type { History, Operation } from "./history.ts";
import { checkLinearizability } from "./linearizability.ts";
import { bag } from "./models/bag.ts";
import { counter } from "./models/counter.ts";
import { queue } from "./models/queue.ts";

function operation(process: number, f: string, input: unknown, output: unknown, call: number, end: number): Operation {
  return { process, key: "x", f, input, output, call, return: end, outcome: "ok" };
}

/** Twenty-two powers of two, added at once: every sum is a different state, and none is the one that is read. */
const hard: History = [
  ...Array.from({ length: 22 }, (_, index) => operation(index, "add", 2 ** index, null, 0, 100)),
  operation(99, "read", null, -1, 0, 100),
];

test("the search stops at its limit of steps, of memory, and when time is up", () => {
  const reason = (options: object): string => {
    const verdict = checkLinearizability(hard, counter(), options);
    return verdict.type === "unknown" ? verdict.reason : verdict.type;
  };
  assert.equal(reason({ maxSteps: 10_000 }), 'Gave up on key "x" after 10000 steps each.');
  assert.equal(reason({ maxMemory: 2 ** 20 }), `Gave up on key "x" with ${2 ** 20} bytes of memory each.`);
  let asked = 0;
  assert.equal(reason({ isOver: () => ++asked > 3 }), 'Gave up on key "x" when time was up.');
  assert.equal(asked, 4, "asked now and then, not at every step");
});

test("a fault is told although time is up for making it short", () => {
  const history = [operation(0, "read", null, 5, 0, 10), operation(1, "add", 5, null, 11, 12)];
  const verdict = checkLinearizability(history, counter(), { isOver: () => true });
  assert.equal(verdict.type, "illegal");
});

test("what dequeues tell of the order of enqueues keeps a long queue from being a riddle", () => {
  const history: Operation[] = [];
  // Fifteen rounds of eight enqueues at once; much later they are all dequeued, in another order than that of their calls.
  const order = [3, 7, 1, 0, 6, 2, 5, 4];
  for (let round = 0; round < 15; round += 1) {
    for (let index = 0; index < 8; index += 1) {
      history.push(operation(index, "enqueue", round * 8 + index, null, round * 100 + index, round * 100 + 50));
    }
    for (const [index, element] of order.entries()) {
      const call = 10_000 + round * 100 + index * 10;
      history.push(operation(20, "dequeue", null, round * 8 + element, call, call + 5));
    }
  }
  assert.equal(checkLinearizability(history, queue(), { maxSteps: 20_000 }).type, "ok");
  const swapped = history.map((one) => {
    if (one.f !== "dequeue" || (one.output !== 8 && one.output !== 0)) return one;
    return { ...one, output: 8 - (one.output as number) };
  });
  assert.equal(checkLinearizability(swapped, queue(), { maxSteps: 20_000 }).type, "illegal");
});

test("a lost dequeue of a bag may have taken any of its elements, but one only", () => {
  const lost: Operation = {
    ...operation(9, "dequeue", null, undefined, 5, 0),
    outcome: "unknown",
    return: Number.MAX_SAFE_INTEGER,
  };
  const enqueued = [operation(0, "enqueue", "a", null, 0, 1), operation(0, "enqueue", "b", null, 2, 3)];
  const after = (...outputs: unknown[]): History => [
    ...enqueued,
    lost,
    ...outputs.map((output, index) => operation(1, "dequeue", null, output, 10 + 2 * index, 11 + 2 * index)),
  ];
  assert.equal(checkLinearizability(after("a", null), bag()).type, "ok");
  assert.equal(checkLinearizability(after("b", null), bag()).type, "ok");
  assert.equal(checkLinearizability(after("a", "b", null), bag()).type, "ok");
  assert.equal(checkLinearizability(after(null), bag()).type, "illegal");
  assert.equal(checkLinearizability(after("a", "a"), bag()).type, "illegal");
});
