import assert from "node:assert/strict";
import { test } from "node:test";
import { type History, NEVER_RETURNED, type Operation } from "../history.ts";
import { random } from "../oracle/random.ts";
import { reasonOf, type Verdict, type Violation } from "../verdict.ts";
import { type CausalLevel, checkCausal } from "./causal.ts";
import { isCausalByDefinition } from "./oracle.ts";
import { CAUSAL_LEVELS as LEVELS, randomCausalHistory } from "./trials.ts";

let clock = 0;
function op(process: number, f: string, key: string, input: unknown, output: unknown): Operation {
  clock += 10;
  return { process, key, f, input, output, call: clock, return: clock + 5, outcome: "ok" };
}
const write = (process: number, key: string, value: unknown): Operation => op(process, "write", key, value, null);
const read = (process: number, key: string, value: unknown): Operation => op(process, "read", key, null, value);

const types = (history: History): string[] => LEVELS.map((level) => checkCausal(history, { level }).type);

function first(verdict: Verdict): Violation {
  assert.equal(verdict.type, "illegal", reasonOf(verdict));
  return (verdict as Verdict & { type: "illegal" }).violations[0];
}

test("an answer before its question is known: CyclicCO; it is fine once the question is known", () => {
  const history = [read(1, "x", 2), write(1, "y", 1), read(2, "y", 1), write(2, "x", 2)];
  const violation = first(checkCausal(history));
  assert.equal(violation.anomaly, "CyclicCO");
  assert.deepEqual(violation.edges?.map(({ kind }) => kind).sort(), ["po", "po", "rf", "rf"]);
  assert.deepEqual(types([read(1, "x", null), ...history.slice(1)]), ["ok", "ok", "ok"]);
});

test("a message that is seen without what its author had seen: WriteCOInitRead", () => {
  const history = [write(1, "photo", "cat"), write(1, "note", "look"), read(2, "note", "look"), read(2, "photo", null)];
  const violation = first(checkCausal(history));
  assert.equal(violation.anomaly, "WriteCOInitRead");
  assert.match(violation.reason, /process 2's read of "photo" → null .* found the initial value although process 1's/);
  assert.equal(violation.culprit, history[3]);
  assert.deepEqual(types([...history.slice(0, 3), read(2, "photo", "cat")]), ["ok", "ok", "ok"]);
});

test("a value that nobody wrote: ThinAirRead, also if its write had been refused", () => {
  assert.equal(first(checkCausal([read(1, "x", 3)])).anomaly, "ThinAirRead");
  const refused: Operation = { ...write(2, "x", 3), outcome: "fail" };
  assert.match(reasonOf(checkCausal([refused, read(1, "x", 3)])), /nobody wrote except process 2's .* refused/);
  assert.deepEqual(types([write(2, "x", 3), read(1, "x", 3)]), ["ok", "ok", "ok"]);
});

test("an old value although the new one was seen: WriteCORead", () => {
  const history = [write(1, "x", 1), write(1, "x", 2), write(1, "y", 1), read(2, "y", 1), read(2, "x", 1)];
  const violation = first(checkCausal(history));
  assert.equal(violation.anomaly, "WriteCORead");
  assert.match(violation.reason, /returned a value that process 1's write of 2 to "x" .* had overwritten/);
  assert.deepEqual(types([...history.slice(0, 4), read(2, "x", 2)]), ["ok", "ok", "ok"]);
});

test("two replicas that end with different values: CyclicCF forbids it for convergence alone", () => {
  const history = [write(1, "x", 1), write(2, "x", 2), read(1, "x", 2), read(2, "x", 1)];
  assert.deepEqual(types(history), ["ok", "illegal", "ok"]);
  const violation = first(checkCausal(history, { level: "causal convergence" }));
  assert.equal(violation.anomaly, "CyclicCF");
  assert.equal(violation.operations.length, 4);
  assert.deepEqual(types([...history.slice(0, 3), read(2, "x", 2)]), ["ok", "ok", "ok"]);
});

test("a process that changes its mind about the order of two writes: memory forbids it", () => {
  const history = [write(1, "x", 1), write(2, "x", 2), read(3, "x", 1), read(3, "x", 2), read(3, "x", 1)];
  assert.deepEqual(types(history), ["ok", "illegal", "illegal"]);
  assert.equal(first(checkCausal(history, { level: "causal memory" })).anomaly, "CyclicHB");
  assert.deepEqual(types(history.slice(0, 4)), ["ok", "ok", "ok"]);
});

test("a write that must lie behind one seen later, and so was missed: WriteHBInitRead", () => {
  const history = [
    write(1, "z", 1),
    write(1, "x", 1),
    write(1, "y", 1),
    write(2, "x", 2),
    read(2, "z", null),
    read(2, "y", 1),
    read(2, "x", 2),
  ];
  assert.deepEqual(types(history), ["ok", "ok", "illegal"]);
  const violation = first(checkCausal(history, { level: "causal memory" }));
  assert.equal(violation.anomaly, "WriteHBInitRead");
  assert.match(violation.reason, /by all that process 2 saw/);
  const repaired = history.map((operation) =>
    operation.key === "z" && operation.f === "read" ? { ...operation, output: 1 } : operation,
  );
  assert.deepEqual(types(repaired), ["ok", "ok", "ok"]);
});

test("what one read says of an order says more about earlier ones, until nothing fits: CyclicHB in three rounds", () => {
  const history = [
    write(2, "y", 2),
    read(1, "y", 2),
    write(1, "y", 1),
    write(1, "x", 1),
    write(1, "z", 1),
    write(3, "x", 2),
    write(3, "u", 1),
    read(4, "u", 1),
    read(4, "y", 2),
    read(4, "z", 1),
    read(4, "x", 2),
  ];
  const violation = first(checkCausal(history, { level: "causal memory" }));
  assert.equal(violation.anomaly, "CyclicHB");
  assert.match(violation.reason, /^Process 4 cannot put what it saw in any order: /);
  assert.equal(first(checkCausal(violation.operations, { level: "causal memory" })).anomaly, "CyclicHB");
  assert.deepEqual(types(history.slice(0, -1)), ["ok", "ok", "ok"]);
});

test("values that are not unique are not judged, unless the rest proves a fault", () => {
  const twice = [write(1, "x", 1), write(2, "x", 1), read(3, "x", 1)];
  const verdict = checkCausal(twice);
  assert.equal(verdict.type, "unknown");
  assert.match(reasonOf(verdict), /value 1 of "x" is not unique: process 1 wrote it, process 2 wrote it/);
  assert.equal(first(checkCausal([...twice, read(3, "y", 7)])).anomaly, "ThinAirRead");
  assert.equal(checkCausal([write(1, "x", 1), write(2, "x", 1), read(3, "x", null)]).type, "ok", "nobody read it");
  assert.equal(checkCausal([op(1, "append", "x", 1, null)]).type, "unknown");
});

test("a lost write counts once somebody has seen it, and nothing has to wait for it", () => {
  const lost: Operation = { ...write(1, "x", 1), outcome: "unknown", output: undefined, return: NEVER_RETURNED };
  assert.deepEqual(types([lost, read(1, "x", null), read(2, "x", 1)]), ["ok", "ok", "ok"]);
  assert.equal(first(checkCausal([lost, read(2, "x", 1), read(2, "x", null)])).anomaly, "WriteCOInitRead");
  const after = [{ ...write(1, "y", 1), call: lost.call - 9, return: lost.call - 8 }, lost];
  const missed = [...after, read(2, "x", 1), read(2, "y", null)];
  assert.equal(first(checkCausal(missed)).anomaly, "WriteCOInitRead", "what its process did before, it brings along");
});

test("swaps are a read and a write: a chain of them is causal, a broken one is not", () => {
  const cas = (process: number, from: unknown, to: unknown): Operation => op(process, "cas", "x", { from, to }, true);
  assert.deepEqual(types([cas(1, null, 1), cas(2, 1, 2), read(1, "x", 2)]), ["ok", "ok", "ok"]);
  assert.equal(first(checkCausal([cas(1, null, 1), cas(2, 1, 2), read(2, "x", 1)])).anomaly, "WriteCORead");
  const refused = op(1, "cas", "x", { from: 1, to: 2 }, false);
  assert.deepEqual(types([refused, read(2, "x", null)]), ["ok", "ok", "ok"], "nothing was read or written");
  assert.equal(checkCausal([refused, read(2, "x", 2)]).type, "illegal");
});

test("patterns agree with the definitions on 1,200 small random histories for each level; parts show the same pattern", () => {
  const illegal: Record<string, number> = {};
  for (const level of LEVELS) {
    let ok = 0;
    for (let seed = 1; seed <= 1_200; seed += 1) {
      const history = randomCausalHistory(seed);
      const verdict = checkCausal(history, { level });
      const expected = isCausalByDefinition(history, level) ? "ok" : "illegal";
      assert.equal(verdict.type, expected, `seed ${seed}, ${level}: ${JSON.stringify(history)}`);
      if (verdict.type === "ok") ok += 1;
      if (verdict.type !== "illegal") continue;
      for (const { anomaly, operations } of verdict.violations) {
        illegal[anomaly] = (illegal[anomaly] ?? 0) + 1;
        assert.ok(!isCausalByDefinition(operations, level), `seed ${seed}: the part alone is possible`);
      }
    }
    assert.ok(ok > 150, `${level}: only ${ok} possible histories`);
  }
  for (const pattern of ["CyclicCO", "WriteCOInitRead", "ThinAirRead", "WriteCORead", "CyclicCF", "CyclicHB"]) {
    assert.ok((illegal[pattern] ?? 0) > 5, JSON.stringify(illegal));
  }
});

/** Wrong variants, and how a random history tells them from the right one. */
const wrong: Readonly<Record<string, (history: History, level: CausalLevel) => Verdict>> = {
  "judges keys apart": (history, level) => {
    const keys = [...new Set(history.map(({ key }) => key))];
    const verdicts = keys.map((key) =>
      checkCausal(
        history.filter((operation) => operation.key === key),
        { level },
      ),
    );
    return verdicts.find(({ type }) => type !== "ok") ?? { type: "ok" };
  },
  "forgets program order": (history, level) =>
    checkCausal(
      history.map((operation, process) => ({ ...operation, process })),
      { level },
    ),
  "knows only the weakest level": (history) => checkCausal(history),
  "takes memory for convergence": (history) => checkCausal(history, { level: "causal convergence" }),
  "takes convergence for memory": (history) => checkCausal(history, { level: "causal memory" }),
  "forgets reads of the initial value": (history, level) =>
    checkCausal(
      history.filter(({ f, output }) => f !== "read" || output !== null),
      { level },
    ),
};

for (const [name, judge] of Object.entries(wrong)) {
  test(`a checker that ${name} is told from this one`, () => {
    let differs = 0;
    for (let seed = 1; seed <= 3_000; seed += 1) {
      const history = randomCausalHistory(seed);
      const isOther = (level: CausalLevel): boolean =>
        judge(history, level).type !== checkCausal(history, { level }).type;
      if (LEVELS.some(isOther)) differs += 1;
    }
    assert.ok(differs >= 5, `only ${differs} histories tell them apart`);
  });
}

/** A store whose replicas tell each other of writes late and in any order: no order is kept between keys. */
function gossip(seed: number, writes: number): History {
  const draw = random(seed);
  const replicas = Array.from({ length: 5 }, () => new Map<string, number>());
  return Array.from({ length: writes }, (_, value) => {
    const process = draw(5);
    const key = `k${draw(20)}`;
    for (let round = 0; round < 3; round += 1) {
      const [from, to] = [replicas[draw(5)]!, replicas[draw(5)]!];
      const entries = [...from];
      const [gossiped, other] = entries[draw(entries.length || 1)] ?? [];
      if (gossiped !== undefined && (to.get(gossiped) ?? -1) < other!) to.set(gossiped, other!);
    }
    if (draw(2) === 0) return read(process, key, replicas[process]!.get(key) ?? null);
    replicas[process]!.set(key, value);
    return write(process, key, value);
  });
}

test("ten thousand operations are judged at once, and the part that proves the fault is small", () => {
  const violation = first(checkCausal(gossip(1, 10_000)));
  assert.ok(violation.operations.length <= 8, `${violation.operations.length} operations`);
  const healthy: Operation[] = [];
  const value = new Map<string, number>();
  const draw = random(2);
  for (let turn = 0; turn < 10_000; turn += 1) {
    const key = `k${draw(20)}`;
    if (draw(2) === 0) healthy.push(read(draw(5), key, value.get(key) ?? null));
    else {
      value.set(key, turn);
      healthy.push(write(draw(5), key, turn));
    }
  }
  assert.deepEqual(types(healthy), ["ok", "ok", "ok"]);
});
