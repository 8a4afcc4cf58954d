import { once } from "node:events";
import { createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { synodLines } from "@synod/checkers/readers/synod-format";
import { CliError } from "../../cli/errors.ts";
import type { TargetRun } from "./run.ts";

/** Of the history, as `synod check FILE` reads it. */
export const HISTORY_NAME = "history.jsonl";

/** Before the run: who asked for a report shall not learn an hour later that there is none. @throws CliError */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw notWritten(folder, error);
  }
}

/** Keeps the history, and what each node said. @throws CliError */
export async function keepRun(run: TargetRun, folder: string): Promise<void> {
  makeFolder(folder);
  try {
    for (const [node, text] of run.logs) writeFileSync(join(folder, `${node}.log`), text);
    const file = createWriteStream(join(folder, HISTORY_NAME));
    const ended = once(file, "finish");
    for (const line of synodLines({ unit: "us", ...run })) if (!file.write(`${line}\n`)) await once(file, "drain");
    file.end();
    await ended;
  } catch (error) {
    throw notWritten(folder, error);
  }
}

function notWritten(folder: string, error: unknown): CliError {
  const { code = "" } = error as NodeJS.ErrnoException;
  return new CliError("data", `the folder ${folder} cannot be written (${code}): give another --output`);
}
