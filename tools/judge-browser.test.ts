/** Histories are judged and drawn in a page as they are in Node, by the same files. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { judge } from "../packages/checkers/src/judge.ts";
import { drawHistory } from "../packages/checkers/src/picture/drawing.ts";
import { drawPage } from "../packages/checkers/src/picture/page.ts";
import { readHistory } from "../packages/checkers/src/readers/read-history.ts";
import { chromium, runInBrowser } from "./browser.ts";
import { root, sources } from "./sources.ts";

const options = {
  timeout: 120_000,
  skip: existsSync(chromium) ? false : `needs ${chromium} (Debian's package chromium)`,
};
const samples = sources("docs/pictures", [".jsonl", ".edn"]);
const levels: readonly (readonly [model: string, level: string])[] = [
  ["cas-register", "linearizable"],
  ["cas-register", "sequential"],
  ["cas-register", "causal"],
  ["list-append", "strict-serializable"],
];

/** Also run in the page, from its text: it may name nothing from outside. */
function judgeAll(
  tools: {
    judge: typeof judge;
    readHistory: typeof readHistory;
    drawHistory: typeof drawHistory;
    drawPage: typeof drawPage;
  },
  texts: readonly string[],
  questions: typeof levels,
): unknown[] {
  return texts.flatMap((text) => {
    const { history, unit, faults } = tools.readHistory(text);
    return questions.map(([model, level]) => {
      const verdict = tools.judge(history, { model, level });
      const picture = { history, verdict, unit, faults, checker: level, model };
      return { verdict, drawing: tools.drawHistory(picture), page: tools.drawPage(picture) };
    });
  });
}

test("a page reads, judges and draws each sample as Node does, to the last character", options, async () => {
  assert.ok(samples.length >= 3);
  const texts = samples.map(({ text }) => text);
  const code = `
    const load = (file) => import("/packages/checkers/src/" + file + ".ts");
    const parts = await Promise.all(["judge", "readers/read-history", "picture/drawing", "picture/page"].map(load));
    return (${judgeAll})(Object.assign({}, ...parts), ${JSON.stringify(texts)}, ${JSON.stringify(levels)});`;
  const allowed = (path: string): boolean => path.startsWith("packages/checkers/src/") && existsSync(`${root}${path}`);
  const there = await runInBrowser(code, allowed, 60_000);
  const here = judgeAll({ judge, readHistory, drawHistory, drawPage }, texts, levels);
  assert.deepEqual(there, JSON.parse(JSON.stringify(here)));
});
