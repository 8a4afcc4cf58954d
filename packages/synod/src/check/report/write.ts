import { createWriteStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { drawHistory } from "@synod/checkers/picture/drawing";
import { drawPage } from "@synod/checkers/picture/page";
import { synodLines } from "@synod/checkers/readers/synod-format";
import { CliError } from "../../cli/errors.ts";
import { verdictJson } from "./json.ts";
import { pictureOf } from "./picture.ts";
import type { Check, Report } from "./report.ts";

/**
 * Writes into a folder, which it makes: for each check a page and a drawing (`linearizable-cas-register.html`, `.svg`),
 * `verdict.json`, and `history.jsonl`, which `synod check` reads.
 * @returns the paths, the first page first.
 * @throws CliError if the folder cannot be written.
 */
export async function writeReport(report: Report, folder: string): Promise<string[]> {
  const files = new Map<string, string>();
  for (const check of report.checks) {
    const name = `${check.level}-${check.model}`.toLowerCase().replace(/[^a-z0-9]+/g, "-");
    const input = pictureOf(report, check);
    files.set(`${name}.html`, drawPage(input));
    files.set(`${name}.svg`, drawHistory(input));
  }
  files.set("verdict.json", `${JSON.stringify(verdictJson(report), undefined, 2)}\n`);
  const paths: string[] = [];
  try {
    await mkdir(folder, { recursive: true });
    for (const [name, content] of files) {
      const path = join(folder, name);
      await writeFile(path, content);
      paths.push(path);
    }
    const path = join(folder, "history.jsonl");
    await pipeline(Readable.from(chunks(report)), createWriteStream(path));
    paths.push(path);
  } catch (error) {
    throw notWritten(folder, error);
  }
  return paths;
}

/**
 * Writes one picture: a page if the path ends in .html, a drawing if it ends in .svg.
 * @throws CliError if it ends otherwise or cannot be written.
 */
export async function writePicture(report: Report, check: Check, path: string): Promise<void> {
  const input = pictureOf(report, check);
  const content = isPage(path) ? drawPage(input) : drawHistory(input);
  try {
    await writeFile(path, content);
  } catch (error) {
    throw notWritten(path, error);
  }
}

/** @throws CliError if a picture's path says neither .html nor .svg. */
export function isPage(path: string): boolean {
  const ending = extname(path).toLowerCase();
  if (ending === ".html" || ending === ".htm") return true;
  if (ending === ".svg") return false;
  throw new CliError("usage", `--picture ${path}: let its name end in .html (a page to explore) or .svg (one drawing)`);
}

const CHUNK = 65_536;

/** A history may be longer than one string can be. */
function* chunks({ history, unit, faults, checks }: Report): Generator<string> {
  const { model } = checks[0];
  let chunk = "";
  for (const line of synodLines({ history, unit, faults, model })) {
    chunk += `${line}\n`;
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = "";
  }
  yield chunk;
}

function notWritten(path: string, error: unknown): CliError {
  return new CliError(
    "data",
    `${path} cannot be written (${(error as NodeJS.ErrnoException).code}): name another place`,
  );
}
