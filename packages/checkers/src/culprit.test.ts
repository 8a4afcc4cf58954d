import assert from "node:assert/strict";
import { test } from "node:test";
import { type History, NEVER_RETURNED } from "./history.ts";
import { checkLinearizability } from "./linearizability.ts";
import { randomHistory } from "./oracle/random-history.ts";
import { WORKLOADS } from "./oracle/workloads.ts";

/** The history as it was at an instant: what had not returned by then may still answer anything. */
function until(history: History, instant: number): History {
  return history
    .filter((operation) => operation.call <= instant)
    .map((operation) =>
      operation.return <= instant ? operation : { ...operation, outcome: "unknown", return: NEVER_RETURNED },
    );
}

test("the culprit is the first answer after which no order exists", () => {
  let faults = 0;
  for (const workload of WORKLOADS.filter(({ name }) => name !== "map")) {
    for (let seed = 1; seed <= 500; seed += 1) {
      const history = randomHistory(workload, seed);
      const model = workload.model();
      const verdict = checkLinearizability(history, model);
      if (verdict.type !== "illegal") continue;
      faults += 1;
      const { culprit } = verdict.violations[0];
      assert.ok(culprit !== undefined);
      const told = `${workload.name}, seed ${seed}: ${JSON.stringify(history)}`;
      assert.equal(checkLinearizability(until(history, culprit.return), model).type, "illegal", told);
      assert.equal(checkLinearizability(until(history, culprit.return - 1), model).type, "ok", told);
    }
  }
  assert.ok(faults > 500, `${faults} faults`);
});
