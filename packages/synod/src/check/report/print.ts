import { type Clock, createClock } from "@synod/checkers/picture/clock";
import { nameOf, placesOf } from "@synod/checkers/picture/cycle";
import { visible } from "@synod/checkers/picture/escape";
import { capital, inUnits } from "@synod/checkers/picture/explain";
import { labelOf } from "@synod/checkers/picture/label";
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
    for (const sentence of tell(report, check, clock)) say(sentence);
  }
}

function verdictCells({ level, model, verdict, milliseconds }: Check): string[] {
  return [level, model, verdictWord(verdict), milliseconds === undefined ? "" : duration(milliseconds)];
}

function verdictWord({ type }: Verdict): string {
  if (type === "ok") return colors.green("✓ holds");
  return type === "illegal" ? colors.red("✗ violated") : colors.yellow("? not decided");
}

function tell(report: Report, check: Check, clock: Clock): string[] {
  const { verdict } = check;
  if (verdict.type === "unknown") return [colors.yellow(capital(visible(verdict.reason)))];
  const input = pictureOf(report, check);
  const [first = "", ...why] = sentencesOf(input, undefined, undefined, true).map(cut);
  return [colors.bold(first), ...edgesOf(verdict, clock), ...why];
}

/** A cycle: who takes part, and edge by edge why each comes before the next. */
function edgesOf(verdict: Verdict, clock: Clock): string[] {
  const violation = verdict.type === "illegal" ? verdict.violations[0] : undefined;
  if (violation?.edges === undefined) return [];
  const { edges, operations } = violation;
  const who = placesOf(edges).flatMap((place) => {
    const operation = operations[place];
    if (operation?.f !== "txn") return []; // others are told whole where edges name them
    const when = clock.during(operation.call, operation.return);
    return [`  ${nameOf(violation, place).padEnd(9)} client ${operation.process}, ${when}: ${cut(labelOf(operation))}`];
  });
  return [...who, ...edges.map(({ kind, because }) => `  ${kind.padEnd(9)} ${cut(inUnits(visible(because), clock))}`)];
}

function cut(sentence: string): string {
  return sentence.length <= MOST_SENTENCE ? sentence : `${sentence.slice(0, MOST_SENTENCE)} …`;
}
