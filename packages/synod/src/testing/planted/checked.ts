import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ReportJson } from "../../check/report/json.ts";
import { Run } from "../run.ts";
import type { PlantedBug } from "./bugs.ts";

const PLANT = new URL("plant.ts", import.meta.url).href;

/** What `synod check --target synod` made of a cluster. */
export interface Checked {
  readonly exitCode: number | null;
  /** What a person reads. */
  readonly text: string;
  readonly json: ReportJson;
  /** Nodes that ended although nobody ended them, and the like. */
  readonly wrong: readonly string[];
  readonly page: string;
  readonly drawing: string;
}

/** Runs the command over a cluster whose nodes have that bug, or none. */
export async function checked(bug: PlantedBug | undefined, flags: readonly string[]): Promise<Checked> {
  const folder = mkdtempSync(join(tmpdir(), "synod-planted-"));
  const planted = { NODE_ENV: "test", NODE_OPTIONS: `--import ${PLANT}`, SYNOD_PLANTED_BUG: bug ?? "" };
  const run = new Run(["check", "--target", "synod", "--output", folder, ...flags], {
    environment: bug === undefined ? {} : planted,
  });
  try {
    const exitCode = await run.ended();
    const file = (ending: string): string => {
      const name = readdirSync(folder).find((entry) => entry.endsWith(ending));
      if (name === undefined) throw new Error(`no ${ending} was written:\n${run.stdout}\n${run.stderr}`);
      return readFileSync(join(folder, name), "utf8");
    };
    return {
      ...{ exitCode, text: run.stdout, page: file(".html"), drawing: file(".svg") },
      json: JSON.parse(file("verdict.json")),
      wrong: run.stdout.split("\n").filter((line) => line.startsWith("went wrong")),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** How an answer that cannot be is told: with what it contradicts, or with what would have been possible. */
export const IMPOSSIBLE: RegExp = /although client .* had finished at|could only be/;

/** Red, and both what a person reads and what a person sees point at what the bug did. */
export function assertPointsAt({ exitCode, text, json, page, drawing }: Checked, sentence: RegExp): void {
  assert.equal(exitCode, 1, text);
  assert.equal(json.verdict, "illegal", text);
  assert.match(text, sentence);
  assert.match(json.checks[0]?.explanation.join("\n") ?? "", sentence);
  for (const picture of [page, drawing]) assert.match(picture, /<svg/);
}

export function assertGreen({ exitCode, text, json, wrong }: Checked): void {
  assert.deepEqual([exitCode, json.verdict, wrong], [0, "ok", []], text);
  assert.ok(json.operations > 50, `only ${json.operations} operations were judged`);
}
