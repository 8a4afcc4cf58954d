import assert from "node:assert/strict";
import { registerHooks } from "node:module";
import { test } from "node:test";
import type { History } from "../history.ts";
import * as checker from "./check.ts";
import { tableOf } from "./micro-operations.ts";
import { impliedBy, weakestOf } from "./models.ts";
import { ISOLATION_LEVELS } from "./oracle/isolation-levels.ts";
import { simulate } from "./oracle/simulated-database.ts";
import type { Workload } from "./table.ts";
import { CHECKER_MUTANTS, type CheckerMutant } from "./testing/mutants.ts";
import { STORIES } from "./testing/stories.ts";
import { story } from "./testing/story.ts";

type Checker = Pick<typeof checker, "analyze">;

/** How this folder's modules are loaded a second time: with the place of the mutant in their address. */
const MARK = "?mutant=";
let planted: CheckerMutant | undefined;

registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    const [, mark] = context.parentURL?.split(MARK) ?? [];
    const isOurs = mark !== undefined && resolved.url.includes("/src/transactions/") && !resolved.url.includes(MARK);
    return isOurs ? { ...resolved, url: `${resolved.url}${MARK}${mark}` } : resolved;
  },
  load(url, context, next) {
    const loaded = next(url, context);
    if (planted === undefined || !url.includes(MARK) || !url.includes(`/transactions/${planted.file}?`)) return loaded;
    const parts = String(loaded.source).split(planted.find);
    if (parts.length !== 2)
      throw new Error(`${planted.name}: its piece occurs ${parts.length - 1} times in ${planted.file}`);
    return { ...loaded, source: parts.join(planted.replace) };
  },
});

/** The checker with one piece replaced while it is loaded; no file is touched. */
async function plant(mutant: CheckerMutant, place: number): Promise<Checker> {
  planted = mutant;
  try {
    return (await import(new URL(`./check.ts${MARK}${place}`, import.meta.url).href)) as Checker;
  } finally {
    planted = undefined;
  }
}

function analysisOf({ analyze }: Checker, history: History, workload: Workload): checker.Analysis {
  const table = tableOf(history, workload);
  assert.ok(typeof table !== "string", String(table));
  return analyze(table);
}

/** @returns the first story or history that the checker gets wrong; undefined if it gets all right. */
function firstMistake(suspect: Checker): string | undefined {
  for (const { name, workload, history, finds, weakest, repair } of STORIES) {
    const found = analysisOf(suspect, story(history), workload);
    if ([...found.counts.keys()].sort().join() !== finds.join()) return name;
    if (weakestOf(found.not).join() !== weakest.join()) return name;
    if (analysisOf(suspect, story(history.replace(...repair)), workload).counts.size > 0) return `not ${name}`;
  }
  for (let seed = 1; seed <= 400; seed += 1) {
    const level = ISOLATION_LEVELS[seed % ISOLATION_LEVELS.length]!;
    const held = impliedBy(level.model);
    for (const workload of ["list-append", "rw-register"] as const) {
      const history = simulate({
        seed,
        workload,
        level,
        transactions: 16,
        clients: 4,
        keys: 3,
        unknown: 10,
        aborted: 10,
      });
      const found = analysisOf(suspect, history, workload);
      if (found.not.some((model) => held.includes(model))) return `seed ${seed} of a ${level.model} database`;
    }
  }
  return undefined;
}

test("the checker itself gets every story and every history right", () => {
  assert.equal(firstMistake(checker), undefined);
});

for (const [place, mutant] of CHECKER_MUTANTS.entries()) {
  test(`a checker that ${mutant.name} is found out`, async () => {
    const wrong = await plant(mutant, place);
    let mistake: string | undefined;
    try {
      mistake = firstMistake(wrong);
    } catch (error) {
      mistake = `it failed with ${error}`;
    }
    assert.notEqual(mistake, undefined);
  });
}
