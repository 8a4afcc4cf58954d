import assert from "node:assert/strict";
import { test } from "node:test";
import { playTrial } from "./trial.ts";
import { TRIALS } from "./trials.ts";

/** What most is judged by is tried most. */
const MORE: Readonly<Record<string, number>> = {
  "linearizable cas-register": 20_000,
  "linearizable revisioned-kv": 10_000,
};

for (const trial of TRIALS) {
  const histories = MORE[trial.name] ?? 3_000;
  const count = histories.toLocaleString("en");
  test(`${trial.name}: the checker agrees with the oracle on ${count} small random histories`, () => {
    const { ok, illegal, disagreement } = playTrial(trial, 1, histories);
    assert.equal(disagreement, undefined, JSON.stringify(disagreement));
    const least = histories > 3_000 ? 1000 : 100;
    assert.ok(ok > least && illegal > least, `${ok} ok, ${illegal} illegal: one side is hardly tried`);
  });
}
