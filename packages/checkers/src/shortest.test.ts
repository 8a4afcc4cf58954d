import assert from "node:assert/strict";
import { test } from "node:test";
import { type History, NEVER_RETURNED, type Operation } from "./history.ts";
import { checkLinearizability } from "./linearizability.ts";
import type { Model } from "./model.ts";
import { casRegister } from "./models/register.ts";
import { isLinearizable } from "./oracle/linearizability.ts";
import { randomHistory } from "./oracle/random-history.ts";
import { WORKLOADS } from "./oracle/workloads.ts";
import type { Violation } from "./verdict.ts";

function violationOf(history: History, model: Model<unknown>): Violation | undefined {
  const verdict = checkLinearizability(history, model);
  return verdict.type === "illegal" ? verdict.violations[0] : undefined;
}

function forget(operation: Operation): Operation {
  return { ...operation, output: undefined, return: NEVER_RETURNED, outcome: "unknown" };
}

for (const workload of WORKLOADS) {
  test(`${workload.name}: the shortest part proves the fault, whatever the rest may have been`, () => {
    let faults = 0;
    for (let seed = 1; seed <= 400; seed += 1) {
      const history = randomHistory(workload, seed);
      const model = workload.model();
      const violation = violationOf(history, model);
      if (violation === undefined) continue;
      faults += 1;
      const { operations, culprit, order = [] } = violation;
      const told = `seed ${seed}: ${JSON.stringify(history)}`;
      assert.ok(
        operations.every((operation) => history.includes(operation)),
        told,
      );
      assert.equal(isLinearizable(operations, model), false, told);
      // What is not in it may have happened at any time after its call, or never: that does not help.
      const rest = history.filter((operation) => !operations.includes(operation));
      assert.equal(isLinearizable([...operations, ...rest.map(forget)], model), false, told);
      assert.ok(culprit !== undefined && operations.includes(culprit), told);
      assert.ok(order.every((operation) => operations.includes(operation)) && !order.includes(culprit), told);
      assert.ok(violation.reason.includes(`process ${culprit.process} `), violation.reason);
    }
    assert.ok(faults > 10, `${faults} faults`);
  });
}

test("out of a thousand operations, the three that contradict each other", () => {
  const history: Operation[] = [];
  const add = (process: number, f: string, value: number): void => {
    const call = history.length * 10;
    const write = f === "write";
    const told = { input: write ? value : null, output: write ? null : value };
    history.push({ process, key: "x", f, ...told, call, return: call + 15, outcome: "ok" });
  };
  for (let value = 0; value < 500; value += 1) {
    add(value % 7, "write", value);
    add(8, "read", value);
    history.push({
      process: 9,
      key: "x",
      f: "write",
      input: -value,
      output: undefined,
      call: value * 20,
      return: NEVER_RETURNED,
      outcome: "unknown",
    });
  }
  add(8, "read", 250);
  const violation = violationOf(history, casRegister() as Model<unknown>);
  assert.ok(violation !== undefined && violation.operations.length <= 4, JSON.stringify(violation?.operations));
  assert.equal(violation.culprit, history.at(-1));
});
