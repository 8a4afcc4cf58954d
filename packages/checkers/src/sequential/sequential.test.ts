import assert from "node:assert/strict";
import { test } from "node:test";
import { type History, NEVER_RETURNED, type Operation } from "../history.ts";
import { checkLinearizability } from "../linearizability.ts";
import type { Model } from "../model.ts";
import { casRegister, type Value } from "../models/register.ts";
import { reasonOf, type Verdict, type Violation } from "../verdict.ts";
import { isSequentialByDefinition } from "./oracle.ts";
import { checkSequential } from "./sequential.ts";
import { randomSequentialHistory } from "./trials.ts";

const model = casRegister();
let clock = 0;

/** Operations one after the other in time, so that only program order may be loosened. */
function op(process: number, f: string, key: string, input: unknown, output: unknown): Operation {
  clock += 10;
  return { process, key, f, input, output, call: clock, return: clock + 5, outcome: "ok" };
}
const write = (process: number, key: string, value: Value): Operation => op(process, "write", key, value, null);
const read = (process: number, key: string, value: Value): Operation => op(process, "read", key, null, value);
const cas = (process: number, key: string, from: Value, to: Value, done: boolean): Operation =>
  op(process, "cas", key, { from, to }, done);
const unknown = (operation: Operation): Operation => ({
  ...operation,
  outcome: "unknown",
  output: undefined,
  return: NEVER_RETURNED,
});

function onlyViolation(verdict: Verdict): Violation {
  assert.equal(verdict.type, "illegal", reasonOf(verdict));
  return (verdict as Verdict & { type: "illegal" }).violations[0];
}

test("a stale read is sequential, and not linearizable", () => {
  const history = [write(1, "x", 1), read(2, "x", null)];
  assert.equal(checkLinearizability(history, model).type, "illegal");
  assert.equal(checkSequential(history, model).type, "ok");
});

test("a process that reads backwards is not sequential; its twin that reads forwards is", () => {
  const writes = [write(1, "x", 1), write(1, "x", 2)];
  const violation = onlyViolation(checkSequential([...writes, read(2, "x", 2), read(2, "x", 1)], model));
  assert.equal(violation.anomaly, "not sequential");
  assert.equal(violation.key, "x");
  assert.match(violation.reason, /No one order of key "x" .*process 2 read 2, then read 1\. The longest order/);
  assert.equal(checkSequential([...writes, read(2, "x", 1), read(2, "x", 2)], model).type, "ok");
});

test("each key is sequential and the whole is not: two processes that miss each other's write", () => {
  const history = [write(1, "x", 1), read(1, "y", null), write(2, "y", 1), read(2, "x", null)];
  for (const key of ["x", "y"]) {
    const alone = history.filter((operation) => operation.key === key);
    assert.equal(checkSequential(alone, model).type, "ok", key);
  }
  const violation = onlyViolation(checkSequential(history, model));
  assert.equal(violation.operations.length, 4);
  assert.equal(violation.key, undefined);
  assert.match(violation.reason, /process 1 at "x" wrote 1, then at "y" read null; process 2/);
  const repaired = [...history.slice(0, 3), read(2, "x", 1)];
  assert.equal(checkSequential(repaired, model).type, "ok");
});

test("four operations that only a reorder explains: write, a foreign swap, the same write again, read", () => {
  const history = [write(1, "x", 1), cas(2, "x", 1, 2, true), write(1, "x", 1), read(1, "x", 2)];
  assert.equal(checkLinearizability(history, model).type, "illegal");
  assert.equal(checkSequential(history, model).type, "ok", "the swap may come after the second write");
  const seen = [...history, read(2, "x", 2), read(2, "x", 1)];
  assert.equal(checkSequential(seen, model).type, "illegal", "now two orders would be needed");
});

test("a lost answer may have happened late, or never; a refused one never did", () => {
  const lost = unknown(write(1, "x", 1));
  assert.equal(checkSequential([lost, read(2, "x", null), read(2, "x", 1)], model).type, "ok");
  assert.equal(checkSequential([lost, read(2, "x", null)], model).type, "ok");
  assert.equal(checkSequential([lost, read(2, "x", 1), read(2, "x", null)], model).type, "illegal");
  const chain = [unknown(cas(1, "x", null, 1, true)), unknown(cas(2, "x", 1, 2, true))];
  assert.equal(checkSequential([...chain, read(3, "x", 2)], model).type, "ok", "one lost swap after the other");
  assert.equal(checkSequential([...chain.slice(1), read(3, "x", 2)], model).type, "illegal");
  const refused: Operation = { ...lost, outcome: "fail" };
  assert.equal(checkSequential([refused, read(2, "x", 1)], model).type, "illegal");
});

test("the smallest part is found among a thousand operations that are in order", () => {
  const noise: Operation[] = [];
  for (let round = 1; round <= 250; round += 1) {
    for (const process of [1, 2]) noise.push(write(process, `k${round % 7}`, round), read(3, `k${round % 7}`, round));
  }
  noise.splice(600, 0, write(4, "flag", 1), read(5, "flag", 1), read(5, "flag", null), read(4, "flag", 1));
  const { operations } = onlyViolation(checkSequential(noise, model));
  assert.deepEqual(
    operations.map(({ process, f, output }) => [process, f, output]),
    [
      [4, "write", null],
      [5, "read", 1],
      [5, "read", null],
    ],
  );
});

test("giving up is never ok, and does not hide a fault that one key proves", () => {
  const hard: Operation[] = [];
  for (let process = 1; process <= 9; process += 1) {
    for (let turn = 0; turn < 4; turn += 1) hard.push(write(process, "x", turn), write(process, "y", turn));
    hard.push(read(process, "x", 9 - process), read(process, "y", process));
  }
  const verdict = checkSequential(
    hard.filter(({ output }) => output === null || (output as number) < 4),
    model,
    {
      maxSteps: 50,
    },
  );
  assert.equal(verdict.type, "unknown");
  assert.match(reasonOf(verdict), /Gave up .* after 50 steps/);
  const over = checkSequential(hard, model, { isOver: () => true });
  assert.notEqual(over.type, "ok");
  const proven = checkSequential([...hard, read(99, "z", 1)], model, { maxSteps: 4_000 });
  assert.equal(onlyViolation(proven).key, "z");
});

test("two operations of one process at the same time have no order, so nothing is said", () => {
  const first = write(1, "x", 1);
  const verdict = checkSequential([first, { ...read(1, "x", 1), call: first.call + 1 }], model);
  assert.equal(verdict.type, "unknown");
  assert.match(reasonOf(verdict), /two operations under way/);
});

test("the search agrees with the definition on 6,000 small random histories, and each part it blames is impossible", () => {
  const seen = { ok: 0, illegal: 0, unknown: 0 };
  for (let seed = 1; seed <= 6_000; seed += 1) {
    const history = randomSequentialHistory(seed);
    const verdict = checkSequential(history, model);
    seen[verdict.type] += 1;
    const expected = isSequentialByDefinition(history, model) ? "ok" : "illegal";
    assert.equal(verdict.type, expected, `seed ${seed}: ${JSON.stringify(history)}`);
    if (verdict.type !== "illegal") continue;
    const { operations } = verdict.violations[0];
    assert.ok(!isSequentialByDefinition(operations, model), `seed ${seed}: the part alone is possible`);
  }
  assert.equal(seen.unknown, 0);
  assert.ok(seen.illegal > 1000 && seen.ok > 1000, JSON.stringify(seen));
});

/** Wrong variants that a test here must tell from the right one, by histories they judge differently. */
const wrong: Readonly<Record<string, (history: History) => boolean>> = {
  "judges keys apart": (history) =>
    [...new Set(history.map(({ key }) => key))].every((key) =>
      isSequentialByDefinition(
        history.filter((operation) => operation.key === key),
        model,
      ),
    ),
  "keeps real time": (history) => checkLinearizability(history, model).type === "ok",
  "forgets program order": (history) =>
    isSequentialByDefinition(
      history.map((operation, process) => ({ ...operation, process })),
      model,
    ),
  "takes lost writes for done": (history) =>
    isSequentialByDefinition(
      history.map((operation) =>
        operation.outcome === "unknown" ? { ...operation, outcome: "ok", return: operation.call } : operation,
      ),
      lenient,
    ),
  "takes failed writes for possible": (history) =>
    isSequentialByDefinition(
      history.map((operation) => (operation.outcome === "fail" ? { ...operation, outcome: "unknown" } : operation)),
      model,
    ),
};
const lenient: Model<Value> = {
  ...model,
  step: (state, operation) =>
    operation.output === undefined
      ? model.step(state, { ...operation, outcome: "unknown" })
      : model.step(state, operation),
};

for (const [name, judge] of Object.entries(wrong)) {
  test(`a checker that ${name} is told from this one`, () => {
    let differs = 0;
    for (let seed = 1; seed <= 3_000; seed += 1) {
      const history = randomSequentialHistory(seed);
      if (judge(history) !== (checkSequential(history, model).type === "ok")) differs += 1;
    }
    assert.ok(differs >= 5, `only ${differs} histories tell them apart`);
  });
}
