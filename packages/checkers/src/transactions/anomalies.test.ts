import assert from "node:assert/strict";
import { test } from "node:test";
import type { History } from "../history.ts";
import { type Analysis, analyze, checkTransactions } from "./check.ts";
import { tableOf } from "./micro-operations.ts";
import { weakestOf } from "./models.ts";
import type { Workload } from "./table.ts";
import { STORIES } from "./testing/stories.ts";
import { story } from "./testing/story.ts";

function analysisOf(history: History, workload: Workload): Analysis {
  const table = tableOf(history, workload);
  assert.ok(typeof table !== "string", String(table));
  return analyze(table);
}

for (const { name, workload, history, finds, weakest, repair, unclear } of STORIES) {
  test(`${workload}: ${name}: ${finds.join(", ")}`, () => {
    const found = analysisOf(story(history), workload);
    assert.deepEqual([...found.counts.keys()].sort(), finds);
    assert.deepEqual(weakestOf(found.not), weakest);
    for (const model of weakest) {
      const verdict = checkTransactions(story(history), { workload, models: [model] });
      assert.equal(verdict.type, "illegal", model);
    }
  });

  test(`${workload}: not ${name}`, () => {
    const [find, replace] = repair;
    assert.equal(history.split(find).length, 2, "the repair changes one thing");
    const found = analysisOf(story(history.replace(find, replace)), workload);
    assert.deepEqual([...found.counts.keys()], []);
    const verdict = checkTransactions(story(history.replace(find, replace)), { workload });
    if (unclear) assert.equal(verdict.type, "unknown");
    else assert.deepEqual(verdict, { type: "ok", weakest: "strict-serializable" });
  });
}
