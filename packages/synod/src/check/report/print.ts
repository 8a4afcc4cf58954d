import { createClock } from "@synod/checkers/picture/clock";
import { visible } from "@synod/checkers/picture/escape";
import { capital } from "@synod/checkers/picture/explain";
import { sentencesOf } from "@synod/checkers/picture/sentences";
import type { Verdict } from "@synod/checkers/verdict";
import colors from "picocolors";
import { duration, table } from "../../cli/output.ts";
import { pictureOf } from "./picture.ts";
import type { Check, Report } from "./report.ts";
import { verbCells } from "./verbs.ts";

const MOST_SENTENCE = 600;

/** What a person reads at the end: how the operations went, what was judged, and in a sentence what came out. */
export function printReport(report: Report, say: (text: string) => void): void {
  const { history, unit, faults, checks, rows } = report;
  const clock = createClock(history, unit, faults);
  if (history.length > 0) {
    const { head, rows: cells } = verbCells(history, clock);
    say(
      table(
        head,
        cells.map(([verb = "", ...others]) => [visible(verb), ...others]),
      ),
    );
    say("");
  }
  const about = rows.map(([name, value]) => [colors.dim(name), visible(value)]);
  if (about.length > 0) say(`${table(["", ""], about).split("\n").slice(1).join("\n")}\n`);
  say(table(["level", "model", "verdict", "took"], checks.map(verdictCells)));
  for (const check of checks) {
    say("");
    for (const sentence of tell(report, check)) say(sentence);
  }
}

function verdictCells({ level, model, verdict, milliseconds }: Check): string[] {
  return [level, model, verdictWord(verdict), milliseconds === undefined ? "" : duration(milliseconds)];
}

function verdictWord({ type }: Verdict): string {
  if (type === "ok") return colors.green("✓ holds");
  return type === "illegal" ? colors.red("✗ violated") : colors.yellow("? not decided");
}

function tell(report: Report, check: Check): string[] {
  const { verdict } = check;
  if (verdict.type === "unknown") return [colors.yellow(capital(visible(verdict.reason)))];
  const [first = "", ...why] = sentencesOf(pictureOf(report, check)).map((sentence) => cut(sentence));
  if (verdict.type === "ok") return [first, ...(verdict.weakest === undefined ? [] : [`Up to ${verdict.weakest}.`])];
  return [colors.bold(first), ...why, ...edgesOf(verdict)];
}

/** A cycle, edge by edge. */
function edgesOf(verdict: Verdict & { type: "illegal" }): string[] {
  return (verdict.violations[0].edges ?? []).map(({ kind, because }) => `  ${kind.padEnd(9)} ${cut(visible(because))}`);
}

function cut(sentence: string): string {
  return sentence.length <= MOST_SENTENCE ? sentence : `${sentence.slice(0, MOST_SENTENCE)} …`;
}
