import assert from "node:assert/strict";
import { test } from "node:test";
import { type History, NEVER_RETURNED, type Operation } from "../history.ts";
import { reasonOf } from "../verdict.ts";
import { checkConvergence } from "./convergence.ts";
import { elementsByDefinition, randomReads } from "./trials.ts";

const add = (element: number, call: number, end = call + 5): Operation => {
  return { process: 1, key: "s", f: "add", input: element, output: null, call, return: end, outcome: "ok" };
};
const read = (process: number, elements: readonly number[], call: number, end = call + 5): Operation => {
  return { process, key: "s", f: "read", input: null, output: elements, call, return: end, outcome: "ok" };
};
const lost = (operation: Operation): Operation => {
  return { ...operation, output: undefined, outcome: "unknown", return: NEVER_RETURNED };
};

function anomalies(history: History, options: Parameters<typeof checkConvergence>[1] = {}): string[] {
  const { verdict } = checkConvergence(history, options);
  return verdict.type === "illegal" ? verdict.violations.map(({ anomaly }) => anomaly) : [verdict.type];
}

test("an element that was acknowledged and is gone is lost; it is stale if it comes back", () => {
  const gone = [add(1, 0), read(2, [1], 10), read(2, [], 20), read(3, [], 30)];
  const { verdict, summary } = checkConvergence(gone);
  assert.match(
    reasonOf(verdict),
    /^process 3's read \(30\.\.35\) misses 1 although process 1's add .* \(0\.\.5\) had been answered; the last to show it was process 2's read \(10\.\.15\)\.$/,
  );
  assert.equal(summary.lost, 1);
  assert.deepEqual(anomalies(gone), ["lost element"]);
  const back = [...gone, read(2, [1], 40)];
  assert.deepEqual(anomalies(back), ["ok"]);
  assert.deepEqual(anomalies(back, { linearizable: true }), ["stale read"]);
});

test("how long elements stayed unseen: latencies, the worst first", () => {
  const { summary } = checkConvergence([
    add(1, 0),
    add(2, 10),
    add(3, 20),
    read(2, [1], 30),
    read(2, [1, 2], 60),
    read(2, [1, 2, 3], 90),
    read(2, [1, 2, 3], 120),
  ]);
  assert.deepEqual(summary.worstStale, [
    { element: 3, latency: 36 },
    { element: 2, latency: 16 },
  ]);
  assert.deepEqual(summary.stableLatencies, [0, 16, 36, 36, 36]);
  assert.deepEqual([summary.attempted, summary.acknowledged, summary.stable, summary.stale], [3, 3, 3, 2]);
});

test("a read under way with the add may miss it, and then nobody knows", () => {
  const { verdict, summary } = checkConvergence([add(1, 0, 50), read(2, [], 10, 60)]);
  assert.equal(verdict.type, "unknown");
  assert.deepEqual([summary.neverRead, summary.lost], [1, 0]);
});

test("a lost add may be there or not; a refused one may not", () => {
  assert.deepEqual(anomalies([add(1, 0), lost(add(2, 5)), read(2, [1], 20)]), ["ok"]);
  assert.deepEqual(anomalies([lost(add(2, 5)), read(2, [2], 20)]), ["ok"]);
  assert.deepEqual(anomalies([lost(add(2, 5)), read(2, [2], 20), read(2, [], 30)]), ["lost element"]);
  assert.deepEqual(anomalies([{ ...add(2, 5), outcome: "fail" }, read(2, [2], 20)]), ["unexpected element"]);
});

test("twice in one read is a duplicate; never added, or added later, is unexpected", () => {
  assert.deepEqual(anomalies([add(1, 0), read(2, [1, 1], 10)]), ["duplicate element"]);
  assert.deepEqual(anomalies([add(1, 0), read(2, [1], 10)]), ["ok"]);
  assert.deepEqual(anomalies([add(1, 0), read(2, [1, 7], 10)]), ["unexpected element"]);
  assert.deepEqual(anomalies([read(2, [1], 10), add(1, 20), read(2, [1], 30)]), ["unexpected element"]);
});

test("after all is quiet the replicas are equal, as sets", () => {
  const adds = [add(1, 0), lost(add(2, 10))];
  const quiet = [read(2, [1, 2], 100), { ...read(3, [1], 101), node: "n3" }];
  assert.deepEqual(anomalies([...adds, ...quiet], { quietSince: 100 }), ["lost element", "diverged replicas"].slice(1));
  const { verdict } = checkConvergence([...adds, ...quiet], { quietSince: 100 });
  assert.match(reasonOf(verdict), /process 2's read \(100\.\.105\) shows 2 and process 3's read at n3 .* does not/);
  assert.deepEqual(anomalies([...adds, ...quiet], { quietSince: 102 }), ["ok"]);
  const equal = [read(2, [1, 2], 100), read(3, [2, 1], 101)];
  assert.deepEqual(anomalies([...adds, ...equal], { quietSince: 100 }), ["ok"]);
});

test("lost, duplicated and unexpected agree with the definitions on 5,000 random histories", () => {
  let lostOnes = 0;
  for (let seed = 1; seed <= 5_000; seed += 1) {
    const history = randomReads(seed);
    const { lost: gone, duplicated, unexpected } = checkConvergence(history).summary;
    assert.deepEqual({ lost: gone, duplicated, unexpected }, elementsByDefinition(history), `seed ${seed}`);
    lostOnes += gone;
  }
  assert.ok(lostOnes > 500);
});
