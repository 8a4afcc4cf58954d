import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Raft } from "@synod/protocols/raft/raft";
import { recover } from "@synod/protocols/raft/recovery";
import { Sessions } from "@synod/protocols/sessions";
import { MUTANTS } from "@synod/simulator/scenario/mutants";
import { perform } from "@synod/simulator/scenario/perform";
import { parseScript } from "@synod/simulator/scenario/script";
import { loadMutant } from "./mutants.ts";

/** The golden scenarios, and the proof that each of them sees the bug it is about. */
const folder = join(import.meta.dirname, "..", "scenarios", "raft");
const scenarios = readdirSync(folder)
  .sort()
  .map((name) => ({ name: name.replace(/\.txt$/, ""), script: parseScript(readFileSync(join(folder, name), "utf8")) }));

for (const { name, script } of scenarios) {
  test(`${name}: ${script.title}`, () => {
    const { said, failure } = perform(script, { Raft, recover, Sessions });
    assert.equal(failure, undefined);
    const golden = script.steps.map((step) => ({ line: step.line, said: step.expected }));
    const now = script.steps.map((step, i) => ({ line: step.line, said: said[i] }));
    assert.deepEqual(now, golden, "the members said something else than the golden text (npm run golden records it)");
  });
}

for (const mutant of MUTANTS) {
  test(`${mutant.scenario} kills a member that ${mutant.name}`, async () => {
    const script = scenarios.find(({ name }) => name === mutant.scenario)?.script;
    assert.ok(script !== undefined, "its scenario exists");
    const rules = await loadMutant(mutant);
    try {
      assert.notEqual(perform(script, rules).failure, undefined, "the planted bug went unnoticed");
    } finally {
      rules.dispose();
    }
  });
}

test("every scenario has a planted bug", () => {
  const killed = new Set(MUTANTS.map(({ scenario }) => scenario));
  assert.deepEqual(
    scenarios.map(({ name }) => name).filter((name) => !killed.has(name)),
    [],
  );
});
