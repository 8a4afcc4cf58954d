import assert from "node:assert/strict";
import { test } from "node:test";
import { type History, NEVER_RETURNED, type Operation } from "./history.ts";
import { checkLinearizability } from "./linearizability.ts";
import type { Model } from "./model.ts";
import { casRegister, type Value } from "./models/register.ts";
import { revisionedKey } from "./models/revisioned.ts";

/** The definition itself: some order of all answered and any of the unknown operations keeps real time and fits. */
function isLinearizable<State>(rest: History, state: State, model: Model<State>): boolean {
  if (rest.every((operation) => operation.outcome !== "ok")) return true;
  return rest.some((candidate, index) => {
    if (rest.some((other) => other.return < candidate.call)) return false;
    const next = model.step(state, candidate);
    return next !== undefined && isLinearizable(rest.toSpliced(index, 1), next, model);
  });
}

/** mulberry32: a small generator with a 32-bit state. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) % below;
  };
}

/** Runs operations against a true register at random instants inside their intervals, then perhaps spoils one answer. */
function randomHistory(seed: number): History {
  const draw = random(seed);
  const length = 3 + draw(5);
  const planned = Array.from({ length }, (_, process) => {
    const call = draw(12);
    const end = call + draw(8);
    return { process, call, end, instant: call + draw(end - call + 1), verb: draw(3), lost: draw(5) === 0 };
  }).sort((a, b) => a.instant - b.instant);
  let value: Value = null;
  const spoiled = draw(3) === 0 ? draw(length) : -1;
  return planned.map(({ process, call, end, verb, lost }, index): Operation => {
    let operation: { f: string; input: unknown; output: unknown };
    if (verb === 0) operation = { f: "read", input: null, output: index === spoiled ? draw(3) : value };
    else if (verb === 1) operation = { f: "write", input: draw(3), output: null };
    else {
      const input = { from: draw(3), to: draw(3) };
      operation = { f: "cas", input, output: (value === input.from) !== (index === spoiled) };
    }
    const happened = !lost || draw(2) === 0;
    if (happened)
      value = casRegister().step(value, { ...base(process, call, end), ...operation, outcome: "unknown" }) ?? null;
    if (lost) return { ...base(process, call, NEVER_RETURNED), ...operation, output: undefined, outcome: "unknown" };
    return { ...base(process, call, end), ...operation, outcome: "ok" };
  });
}

function base(process: number, call: number, end: number): Pick<Operation, "process" | "key" | "call" | "return"> {
  return { process, key: "x", call, return: end };
}

test("the search agrees with the definition on 20,000 small random histories", () => {
  const seen = { ok: 0, illegal: 0, unknown: 0 };
  for (let seed = 1; seed <= 20_000; seed += 1) {
    const history = randomHistory(seed);
    const verdict = checkLinearizability(history, casRegister());
    seen[verdict.type] += 1;
    const answered = history.filter((operation) => operation.outcome === "ok" || operation.f !== "read");
    const expected = isLinearizable(answered, null as Value, casRegister()) ? "ok" : "illegal";
    assert.equal(verdict.type, expected, `seed ${seed}: ${JSON.stringify(history)}`);
  }
  assert.equal(seen.unknown, 0);
  assert.ok(seen.illegal > 1000 && seen.ok > 10_000, JSON.stringify(seen));
});

test("the culprit is the first answer after which no order exists", () => {
  for (let seed = 1; seed <= 5_000; seed += 1) {
    const history = randomHistory(seed);
    const verdict = checkLinearizability(history, casRegister());
    const culprit = verdict.type === "illegal" ? verdict.violations[0].culprit : undefined;
    if (culprit === undefined) continue;
    // Cut the history at an instant: what had not returned by then may still answer anything.
    const until = (instant: number): History =>
      history
        .filter((operation) => operation.call <= instant)
        .map((operation) =>
          operation.return <= instant ? operation : { ...operation, outcome: "unknown", return: NEVER_RETURNED },
        );
    assert.notEqual(checkLinearizability(until(culprit.return - 1), casRegister()).type, "illegal", `seed ${seed}`);
  }
});

function randomRevisionedHistory(seed: number): History {
  const draw = random(seed);
  let revision = 1;
  let value: Value = null;
  let modified = 0;
  const planned = Array.from({ length: 3 + draw(4) }, (_, process) => {
    const call = draw(12);
    const end = call + draw(8);
    return { process, call, end, instant: call + draw(end - call + 1) };
  }).sort((a, b) => a.instant - b.instant);
  return planned.map(({ process, call, end }): Operation => {
    const lost = draw(5) === 0;
    const interval = base(process, call, lost ? NEVER_RETURNED : end);
    const slip = draw(8) === 0 ? draw(3) - 1 : 0;
    let operation: { f: string; input: Value; output: unknown };
    if (draw(2) === 0) operation = { f: "get", input: null, output: { value, revision: modified + slip } };
    else {
      if (!lost || draw(2) === 0) {
        revision += 1 + draw(2);
        [value, modified] = [draw(2), revision];
      }
      operation = { f: "put", input: value, output: { revision: modified + slip } };
    }
    if (lost) return { ...interval, ...operation, output: undefined, outcome: "unknown" };
    return { ...interval, ...operation, outcome: "ok" };
  });
}

test("the search agrees with the definition on histories with revisions", () => {
  const seen = { ok: 0, illegal: 0, unknown: 0 };
  for (let seed = 1; seed <= 10_000; seed += 1) {
    const history = randomRevisionedHistory(seed);
    const verdict = checkLinearizability(history, revisionedKey());
    seen[verdict.type] += 1;
    const answered = history.filter((operation) => operation.outcome === "ok" || operation.f !== "get");
    const model = revisionedKey();
    assert.equal(
      verdict.type,
      isLinearizable(answered, model.initial, model) ? "ok" : "illegal",
      `seed ${seed}: ${JSON.stringify(history)}`,
    );
  }
  assert.ok(seen.illegal > 1000 && seen.ok > 1000, JSON.stringify(seen));
});
