import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { quorumValue, voteResult } from "./quorum.ts";
import type { Configuration } from "./raft/types.ts";

const voters = fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 7 });
const configuration: fc.Arbitrary<Configuration> = fc.record({
  voters,
  outgoing: fc.oneof(fc.constant([]), voters),
  learners: fc.constant([]),
});
const sets = ({ voters: incoming, outgoing }: Configuration): (readonly number[])[] =>
  outgoing.length > 0 ? [incoming, outgoing] : [incoming];

test("a quorum's value is the greatest that a majority of every set has reached", () => {
  fc.assert(
    fc.property(configuration, fc.array(fc.nat(20), { minLength: 10, maxLength: 10 }), (of, values) => {
      const reached = (value: number): boolean =>
        sets(of).every((set) => set.filter((node) => values[node]! >= value).length * 2 > set.length);
      let expected = 0;
      while (reached(expected + 1)) expected++;
      assert.equal(
        quorumValue(of, (node) => values[node]!),
        expected,
      );
    }),
    { seed: 1, numRuns: 2000 },
  );
});

test("an election is won by a majority of every set, lost when none can come, and open otherwise", () => {
  const votes = fc.array(fc.constantFrom(true, false, undefined), { minLength: 10, maxLength: 10 });
  fc.assert(
    fc.property(configuration, votes, (of, list) => {
      const cast = new Map(list.flatMap((vote, node) => (vote === undefined ? [] : [[node, vote] as const])));
      const count = (set: readonly number[], vote: boolean | undefined): number =>
        set.filter((node) => cast.get(node) === vote).length;
      const won = sets(of).every((set) => count(set, true) * 2 > set.length);
      const possible = sets(of).every((set) => (count(set, true) + count(set, undefined)) * 2 > set.length);
      assert.equal(voteResult(of, cast), won ? "won" : possible ? "pending" : "lost");
    }),
    { seed: 2, numRuns: 2000 },
  );
});

test("two quorums of one configuration always share a member", () => {
  fc.assert(
    fc.property(configuration, fc.uniqueArray(fc.integer({ min: 1, max: 9 })), (of, some) => {
      const inside = new Map(Array.from({ length: 9 }, (_, i) => [i + 1, some.includes(i + 1)] as const));
      const outside = new Map([...inside].map(([node, vote]) => [node, !vote] as const));
      assert.ok(!(voteResult(of, inside) === "won" && voteResult(of, outside) === "won"));
    }),
    { seed: 3, numRuns: 2000 },
  );
});
