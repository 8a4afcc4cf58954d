import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AnswerQueue } from "./answer-queue.ts";

const bytes = (number: number): Uint8Array => Uint8Array.of(number >> 8, number);

test("answers leave in the order of the requests, in whatever order they come and however many wait", () => {
  const order = fc.array(fc.tuple(fc.boolean(), fc.nat()), { minLength: 50, maxLength: 400 });
  fc.assert(
    fc.property(order, (steps) => {
      const queue = new AnswerQueue();
      const waiting: number[] = [];
      const told: number[] = [];
      let asked = 0;
      const answer = (number: number): void => {
        assert.deepEqual(queue.request(number), bytes(number));
        if (!queue.isFirst(number)) return queue.hold(number, bytes(number));
        for (let next: Uint8Array | undefined = bytes(number); next !== undefined; next = queue.shift())
          told.push((next[0]! << 8) | next[1]!);
      };
      for (const [asks, which] of steps) {
        if (asks || waiting.length === 0) {
          assert.equal(queue.add(bytes(asked)), asked);
          waiting.push(asked++);
        } else answer(waiting.splice(which % waiting.length, 1)[0]!);
        assert.equal(queue.waiting, asked - told.length);
      }
      for (const number of waiting.reverse()) answer(number);
      assert.deepEqual(
        told,
        Array.from({ length: asked }, (_, number) => number),
      );
      assert.equal(queue.waiting, 0);
    }),
    { seed: 1, numRuns: 200 },
  );
});
