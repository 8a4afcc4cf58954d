import assert from "node:assert/strict";
import { test } from "node:test";
import { missedGoals, swarm } from "./swarm.ts";

test("Raft keeps its promises in the first worlds, and they were not tame", () => {
  const summary = swarm({ firstSeed: 1, seeds: 60, maxFailures: 1 });
  const failures = summary.failures.map(({ seed, failure }) => `seed ${seed}: ${failure.property}: ${failure.message}`);
  assert.deepEqual(failures, []);
  assert.deepEqual(missedGoals(summary), []);
});

test("over the real write-ahead log and through the codecs", () => {
  const config = { disk: { model: "full" as const }, checkedCodec: true };
  const summary = swarm({ firstSeed: 1001, seeds: 12, maxFailures: 1, config });
  assert.deepEqual(summary.failures, []);
  assert.ok(summary.completed > 500);
});
