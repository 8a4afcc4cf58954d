/** The worked example of docs/property-kit.md: the bug is found, made small and written down; without the bug nothing is. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { History } from "@synod/checkers/history";
import { checkLinearizability } from "@synod/checkers/linearizability";
import { register } from "@synod/checkers/models/register";
import { readHistory } from "@synod/checkers/readers/read-history";
import type { Verdict } from "@synod/checkers/verdict";
import { findFault, playKit, shrinkFinding } from "@synod/simulator/kit";
import { kitFor } from "../examples/property-kit/kit.ts";
import { type Message, PrimaryBackupStore } from "../examples/property-kit/store.ts";
import { root } from "./sources.ts";

const judge = (history: History): Verdict => checkLinearizability(history, register());

/** What the program said, without the folder. */
let output = "";

test("the program finds the bug, and what it writes down proves it again", () => {
  const folder = mkdtempSync(join(tmpdir(), "synod-property-kit-"));
  try {
    const printed = execFileSync(process.execPath, ["examples/property-kit/main.ts", folder], { cwd: root }).toString();
    output = printed.split("\n").slice(0, 2).join("\n");
    assert.match(
      printed,
      /^seed \d+, after \d+ runs: 2 operations and 1 fault are enough\nKey "x": process \d read null .*\nwritten: /,
    );
    const { history, faults } = readHistory(readFileSync(join(folder, "history.jsonl")));
    assert.deepEqual(
      history.map(({ f, node }) => `${f} at ${node}`),
      ["write at n1", "read at n2"],
    );
    assert.equal(faults.length, 1);
    assert.equal(judge(history).type, "illegal");
    assert.match(readFileSync(join(folder, "history.svg"), "utf8"), /^<svg [\s\S]*<\/svg>\s*$/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("the page shows the code and the output as they are", () => {
  const page = readFileSync(join(root, "docs/property-kit.md"), "utf8");
  const blocks = [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => match[1] as string);
  const code = ["kit.ts", "main.ts"].map((name) => readFileSync(join(root, "examples/property-kit", name), "utf8"));
  assert.deepEqual(
    blocks.filter((block) => !code.some((text) => text.includes(block))),
    [],
  );
  assert.equal(blocks.length, 2);
  const [printed] = /^seed \d+, after.*\n.*$/m.exec(page) as RegExpExecArray;
  assert.equal(printed, output);
});

/** The obvious repair: an answer waits until the backup has the write, or is known to be down. */
class Waiting extends PrimaryBackupStore {
  protected waiting: { readonly key: string; readonly before: unknown; readonly count: number; done(): void }[] = [];

  override set(key: string, value: unknown, done: () => void): void {
    const before = super.get(key);
    super.set(key, value, () => {});
    this.waiting.push({ key, before, count: this.count, done });
  }

  override receive(message: Message): void {
    super.receive(message);
    if (message.type === "copied") this.#answer(message.count);
  }

  protected override tick(): void {
    super.tick();
    if (this.role === "primary" && this.isAlone) this.#answer(this.count);
  }

  #answer(upTo: number): void {
    for (const { count, done } of this.waiting) if (count <= upTo) done();
    this.waiting = this.waiting.filter(({ count }) => count > upTo);
  }
}

/** The whole repair: nobody reads a write that waits. */
class Repaired extends Waiting {
  override get(key: string): unknown {
    const unfinished = this.waiting.find((write) => write.key === key);
    return unfinished === undefined ? super.get(key) : unfinished.before;
  }
}

test("the obvious repair is not enough: a read shows a write that a crash then takes away", () => {
  const found = findFault(kitFor(Waiting), judge, 1_000);
  assert.ok(found !== undefined);
  const { run } = shrinkFinding(kitFor(Waiting), found, judge);
  assert.deepEqual(
    run.history.map(({ f, outcome }) => `${f} ${outcome}`),
    ["write unknown", "read ok", "read ok"],
  );
});

test("the repaired store survives the same worlds, and does answer", () => {
  const kit = kitFor(Repaired);
  assert.equal(findFault(kit, judge, 1_000), undefined);
  const { history } = playKit(kit, 1);
  assert.ok(history.filter(({ f, outcome }) => f === "write" && outcome === "ok").length > 3, JSON.stringify(history));
});
