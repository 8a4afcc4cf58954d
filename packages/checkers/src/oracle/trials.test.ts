import assert from "node:assert/strict";
import { test } from "node:test";
import { playTrial } from "./trial.ts";
import { TRIALS } from "./trials.ts";

for (const trial of TRIALS) {
  test(`${trial.name}: the checker agrees with the oracle on 3,000 small random histories`, () => {
    const { ok, illegal, disagreement } = playTrial(trial, 1, 3_000);
    assert.equal(disagreement, undefined, JSON.stringify(disagreement));
    assert.ok(ok > 100 && illegal > 100, `${ok} ok, ${illegal} illegal: one side is hardly tried`);
  });
}
