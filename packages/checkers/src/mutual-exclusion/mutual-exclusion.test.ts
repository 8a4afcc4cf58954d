import assert from "node:assert/strict";
import { test } from "node:test";
import { type History, NEVER_RETURNED, type Operation } from "../history.ts";
import { reasonOf } from "../verdict.ts";
import { checkMutualExclusion, type MutualExclusionOptions } from "./mutual-exclusion.ts";
import { faultsByDefinition, randomLocks } from "./trials.ts";

const op = (process: number, f: string, input: unknown, output: unknown, call: number, end = call + 5): Operation => {
  return { process, key: "lock", f, input, output, call, return: end, outcome: "ok" };
};
const acquire = (process: number, call: number, output: unknown = true): Operation =>
  op(process, "acquire", null, output, call);
const release = (process: number, call: number): Operation => op(process, "release", null, true, call);
const write = (process: number, token: number, call: number, output: unknown = null): Operation =>
  op(process, "write", { token }, output, call);
const unanswered = (operation: Operation): Operation => ({
  ...operation,
  outcome: "unknown",
  output: undefined,
  return: NEVER_RETURNED,
});

function anomalies(history: History, options: MutualExclusionOptions = {}): string[] {
  const verdict = checkMutualExclusion(history, options);
  return verdict.type === "illegal" ? verdict.violations.map(({ anomaly }) => anomaly) : [verdict.type];
}

test("two processes hold the lock at once", () => {
  const history = [acquire(1, 0), acquire(2, 10), release(1, 20), release(2, 30)];
  assert.deepEqual(anomalies(history), ["two holders"]);
  assert.match(
    reasonOf(checkMutualExclusion(history)),
    /^process 2's acquire .* was given the lock at 15 although process 1 held it from 5 until 20: process 1's acquire/,
  );
  assert.deepEqual(anomalies([acquire(1, 0), release(1, 10), acquire(2, 11), release(2, 30)]), ["ok"]);
});

test("a lock may be taken as soon as its release is under way, by whoever waited", () => {
  assert.deepEqual(anomalies([acquire(1, 0), release(1, 10), op(2, "acquire", null, true, 3, 12)]), ["ok"]);
  assert.deepEqual(anomalies([acquire(1, 0), unanswered(release(1, 10)), acquire(2, 11)]), ["ok"]);
  assert.deepEqual(
    anomalies([acquire(1, 0), unanswered(acquire(2, 10)), release(1, 20)]),
    ["ok"],
    "nobody told process 2",
  );
  assert.deepEqual(anomalies([acquire(1, 0), acquire(2, 10, false), release(1, 20)]), ["ok"], "it was not given");
});

test("a lease ends by itself, a lock without a lease never does", () => {
  const history = [acquire(1, 0), acquire(2, 100)];
  assert.deepEqual(anomalies(history), ["two holders"]);
  assert.deepEqual(anomalies(history, { lease: 100 }), ["ok"]);
  assert.deepEqual(anomalies(history, { lease: 106 }), ["two holders"]);
  assert.deepEqual(anomalies([acquire(1, 0, { token: 1, lease: 90 }), acquire(2, 100, { token: 2, lease: 90 })]), [
    "ok",
  ]);
});

test("a later holder has a higher token, and nobody the same", () => {
  const leases = { lease: 5 };
  assert.deepEqual(anomalies([acquire(1, 0, 7), acquire(2, 10, 6)], leases), ["token not monotone"]);
  assert.deepEqual(anomalies([acquire(1, 0, 7), acquire(2, 10, 7)], leases), ["token not monotone"]);
  assert.deepEqual(anomalies([acquire(1, 0, 7), acquire(2, 4, 7)], leases), ["token not monotone"], "at the same time");
  assert.deepEqual(anomalies([acquire(1, 0, 7), acquire(2, 10, 8)], leases), ["ok"]);
  assert.deepEqual(
    anomalies([acquire(1, 0, 7), acquire(2, 4, 6)], leases),
    ["ok"],
    "at the same time, in either order",
  );
});

test("a holder that wakes up too late writes with an old token: to be refused", () => {
  const paused = [write(2, 8, 50), write(1, 7, 60)];
  assert.deepEqual(anomalies(paused), ["stale token accepted"]);
  assert.match(
    reasonOf(checkMutualExclusion(paused)),
    /process 1's write of {"token":7} .* accepted after process 2's/,
  );
  assert.deepEqual(anomalies([write(2, 8, 50), write(1, 7, 60, false)]), ["ok"]);
  assert.deepEqual(anomalies([write(2, 8, 50), unanswered(write(1, 7, 60))]), ["ok"]);
  assert.deepEqual(anomalies([write(1, 7, 50), write(2, 8, 60), write(2, 8, 70)]), ["ok"]);
  assert.deepEqual(anomalies([write(2, 8, 50), { ...write(1, 7, 60), key: "other lock" }]), ["ok"]);
});

test("holders and tokens agree with the definitions, instant by instant, on 4,000 random histories", () => {
  const seen: Record<string, number> = {};
  for (let seed = 1; seed <= 4_000; seed += 1) {
    const history = randomLocks(seed);
    const expected = faultsByDefinition(history);
    const found = [...new Set(anomalies(history))].filter((anomaly) => anomaly !== "ok");
    assert.deepEqual(found.sort(), [...expected].sort(), `seed ${seed}`);
    for (const anomaly of expected) seen[anomaly] = (seen[anomaly] ?? 0) + 1;
  }
  assert.equal(Object.keys(seen).length, 3);
  for (const often of Object.values(seen)) assert.ok(often > 200 && often < 3_900, JSON.stringify(seen));
});
