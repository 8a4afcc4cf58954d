import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { sortSteps } from "./range-sort.ts";

test("it sorts as the engine does, ties in the order in which they came", () => {
  const property = fc.property(fc.integer({ min: 0, max: 9000 }), fc.integer({ min: 1, max: 500 }), (length, kinds) => {
    const items = Array.from({ length }, (_, i) => ({ rank: (i * 7919) % kinds, place: i }));
    const wanted = items.toSorted((a, b) => a.rank - b.rank);
    for (const _ of sortSteps(items, (a, b) => a.rank - b.rank));
    assert.deepEqual(items, wanted);
  });
  fc.assert(property, { seed: 7, numRuns: 30 });
});
