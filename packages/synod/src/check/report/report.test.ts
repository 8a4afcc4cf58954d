import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import type { History } from "@synod/checkers/history";
import { judge } from "@synod/checkers/judge";
import { readHistory } from "@synod/checkers/readers/read-history";
import { printReport } from "./print.ts";
import { type Check, exitCodeOf, type Report } from "./report.ts";
import { isPage, writeReport } from "./write.ts";

const history: History = [
  { process: 1, key: "x", f: "write", input: 3, output: null, call: 10, return: 20, outcome: "ok", node: "n1" },
  { process: 1, key: "x", f: "write", input: 4, output: null, call: 30, return: 380, outcome: "ok", node: "n1" },
  { process: 2, key: "x", f: "read", input: null, output: 3, call: 404, return: 412, outcome: "ok", node: "n2" },
];

function check(level: string): Check {
  return { model: "register", level, verdict: judge(history, { model: "register", level }), milliseconds: 12 };
}

const report: Report = {
  ...{ subject: "a run", history, unit: "ms", faults: [{ name: "pause", about: "n2", from: 300, to: 500 }] },
  ...{ checks: [check("linearizable"), check("sequential")], rows: [["faults", "pause 1"]] },
};

test("a person reads how operations went, each verdict, and why, with times, server and fault", () => {
  const said: string[] = [];
  printReport(report, (text) => said.push(...stripVTControlCharacters(text).split("\n")));
  const text = said.join("\n");
  assert.match(text, /^operation +ok +failed +unknown +p50 +p99$/m);
  assert.match(text, /^write +2 +0 +0 +350 ms +350 ms$/m);
  assert.match(text, /^faults +pause 1$/m);
  assert.match(text, /^linearizable +register +✗ violated +12 ms$/m);
  assert.match(text, /^sequential +register +✓ holds +12 ms$/m);
  assert.match(
    text,
    /^Not linearizable: n2 answered client 2's read with 3 at 412 ms although client 1's write 4 at n1 had finished at 380 ms\.$/m,
  );
  assert.match(text, /^At that time a pause \(n2\) was on, 300 to 500 ms\.$/m);
});

test("the folder has a page and a drawing for each check, and the verdict for programs", async () => {
  const parent = await mkdtemp(join(tmpdir(), "synod-report-"));
  try {
    const folder = join(parent, "new", "report");
    const paths = await writeReport(report, folder);
    const names = ["linearizable-register.html", "linearizable-register.svg", "sequential-register.html"];
    assert.deepEqual((await readdir(folder)).sort(), [
      "history.jsonl",
      ...names,
      "sequential-register.svg",
      "verdict.json",
    ]);
    const read = readHistory(await readFile(join(folder, "history.jsonl")));
    assert.deepEqual(read, { history, unit: "ms", faults: report.faults, model: "register" });
    assert.equal(paths[0], join(folder, names[0] as string));
    const json = JSON.parse(await readFile(join(folder, "verdict.json"), "utf8"));
    assert.equal(json.verdict, "illegal");
    assert.deepEqual(
      json.checks.map(({ verdict }: { verdict: string }) => verdict),
      ["illegal", "ok"],
    );
    assert.equal(json.checks[0].violations[0].culprit.output, 3);
    assert.match(await readFile(paths[0] as string, "utf8"), /^<!doctype html>/);
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
});

test("what cannot be written is said with its place", async () => {
  await assert.rejects(
    writeReport(report, "/dev/null/report"),
    /^CliError: \/dev\/null\/report cannot be written \(ENOTDIR\)/,
  );
  assert.throws(() => isPage("picture.gif"), /end in \.html .* or \.svg/);
});

test("wrong is worse than undecided, and undecided is not right", () => {
  const unknown: Check = { model: "register", level: "causal", verdict: { type: "unknown", reason: "Gave up." } };
  assert.equal(exitCodeOf([check("sequential")]), 0);
  assert.equal(exitCodeOf([check("sequential"), unknown]), 2);
  assert.equal(exitCodeOf([unknown, check("linearizable")]), 1);
});
