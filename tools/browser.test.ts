/**
 * One program, two engines' worth of surroundings: what the pure packages compute must not depend on where they run. The
 * browser gets the very files that Node runs, without their types and without a build.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { chromium, runInBrowser } from "./browser.ts";
import { type Outcomes, work } from "./browser-work.ts";
import { isPure, sources } from "./sources.ts";

const workPath = "tools/browser-work.ts";
const allowed = (path: string): boolean => path === workPath || isPure(path);
const patience = 60_000;
const options = {
  timeout: 2 * patience,
  skip: existsSync(chromium) ? false : `needs ${chromium} (Debian's package chromium)`,
};

test("a seed comes to the same in Node twice, whether or not somebody watches", () => {
  assert.deepEqual(work(true), work(false));
});

test("a seed comes to the same in a browser as in Node, to the last bit", options, async () => {
  const code = `const { work } = await import("/${workPath}"); return [work(false), work(true)];`;
  const [plain, watched] = (await runInBrowser(code, allowed, patience)) as [Outcomes, Outcomes];
  const here = work(false);
  assert.ok(Object.keys(here).length > 10);
  assert.deepEqual(plain, here);
  assert.deepEqual(watched, here);
});

test("every pure module can be loaded in a browser", options, async () => {
  const paths = sources("packages", [".ts"]).flatMap(({ path }) =>
    isPure(path) && !path.endsWith(".d.ts") ? [path] : [],
  );
  assert.ok(paths.length > 100);
  const code = `const failed = [];
    for (const path of ${JSON.stringify(paths)}) await import("/" + path).catch((error) => failed.push(path + ": " + error));
    return failed;`;
  assert.deepEqual(await runInBrowser(code, allowed, patience), []);
});
