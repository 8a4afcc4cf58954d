import { basename } from "node:path";
import type { History } from "@synod/checkers/history";
import { judge } from "@synod/checkers/judge";
import { CliError } from "../../cli/errors.ts";
import type { Output } from "../../cli/output.ts";
import { size } from "../../cli/output.ts";
import { verdictJson } from "../report/json.ts";
import { printReport } from "../report/print.ts";
import { type Check, exitCodeOf, type Report } from "../report/report.ts";
import { isPage, writePicture, writeReport } from "../report/write.ts";
import { questionOf } from "./assume.ts";
import { type CheckLimits, Deadline } from "./limits.ts";
import { type ReadFile, readFile } from "./read.ts";
import type { FileSettings } from "./settings.ts";
import { WaitingLine } from "./waiting-line.ts";

/**
 * `synod check FILE`: reads a history, judges it, tells and draws what came out.
 * @param folder for a whole report, if one is wanted.
 * @returns the exit code. 0: it holds. 1: it is proven wrong. 2: not decided.
 * @throws CliError for a file that is no history, or a question that makes no sense.
 */
export async function checkFile(
  path: string,
  settings: FileSettings,
  output: Output,
  folder?: string,
): Promise<0 | 1 | 2> {
  if (settings.picture !== undefined) isPage(settings.picture); // better now than after a minute of judging
  const line = new WaitingLine(process.stderr);
  line.show(`reading ${path === "-" ? "standard input" : path}`);
  const report = (() => {
    try {
      return judged(readFile(path, settings.format === "auto" ? undefined : settings.format), settings, line);
    } finally {
      line.end();
    }
  })();
  if (output.json) output.value(verdictJson(report));
  else printReport(report, (text) => output.say(text));
  await draw(report, settings.picture, folder, output);
  return exitCodeOf(report.checks);
}

function judged(file: ReadFile, settings: FileSettings, line: WaitingLine): Report {
  const { name, unit, faults } = file;
  const history = settings.key === undefined ? file.history : ofKey(file.history, settings.key);
  const { model, levels, assumed } = questionOf(history, file.model, settings);
  const [first, ...others] = levels.map((level) => judgedBy(history, model, level, settings.limit ?? {}, line));
  const rows: [string, string][] = [["file", `${name}, ${size(file.bytes)}`]];
  if (assumed.length > 0) rows.push(["assumed", `${assumed.join(", ")}; say otherwise with --model and --level`]);
  if (settings.key !== undefined) rows.push(["key", JSON.stringify(settings.key)]);
  return { subject: basename(name), history, unit, faults, checks: [first as Check, ...others], rows };
}

function ofKey(history: History, key: string): History {
  const own = history.filter((operation) => operation.key === key);
  if (own.length > 0) return own;
  const keys = [...new Set(history.map((operation) => operation.key))];
  const some = keys
    .slice(0, 8)
    .map((other) => JSON.stringify(other))
    .join(", ");
  const more = keys.length > 8 ? ` and ${keys.length - 8} more` : "";
  throw new CliError("usage", `no operation is on key ${JSON.stringify(key)}; there are ${some}${more}`);
}

function judgedBy(history: History, model: string, level: string, limit: CheckLimits, line: WaitingLine): Check {
  const what = `judging ${history.length.toLocaleString("en")} operations: ${level}?`;
  const deadline: Deadline = new Deadline(limit, (elapsed) =>
    line.show(what, elapsed / deadline.milliseconds, elapsed),
  );
  line.show(what);
  const limits = { isOver: deadline.isOver, maxSteps: Number.MAX_SAFE_INTEGER };
  const verdict = judge(history, { model, level, limits });
  const milliseconds = deadline.elapsed;
  if (verdict.type !== "unknown" || deadline.reached === undefined) return { model, level, verdict, milliseconds };
  const advice = "give it more with --limit, or less to do with --key";
  return {
    model,
    level,
    verdict: { type: "unknown", reason: `${verdict.reason} Stopped ${deadline.reached}: ${advice}.` },
    milliseconds,
  };
}

async function draw(
  report: Report,
  picture: string | undefined,
  folder: string | undefined,
  output: Output,
): Promise<void> {
  if (picture !== undefined) {
    await writePicture(
      report,
      report.checks.find(({ verdict }) => verdict.type === "illegal") ?? report.checks[0],
      picture,
    );
    output.say(`\n${picture}: the picture`);
  }
  if (folder === undefined) return;
  const [page] = await writeReport(report, folder);
  output.say(`\n${page}: the picture; beside it the history and the verdict`);
}
