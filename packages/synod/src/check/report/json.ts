import { sentencesOf } from "@synod/checkers/picture/sentences";
import { pictureOf } from "./picture.ts";
import { type Check, exitCodeOf, type Report } from "./report.ts";

/** What `--json` prints and `verdict.json` holds. The form is kept: programs read it. */
export interface ReportJson {
  readonly subject: string;
  readonly verdict: "ok" | "illegal" | "unknown";
  readonly operations: number;
  readonly unit: string;
  readonly checks: readonly CheckJson[];
}

export interface CheckJson {
  readonly level: string;
  readonly model: string;
  readonly verdict: "ok" | "illegal" | "unknown";
  /** What a person would be told. */
  readonly explanation: readonly string[];
  readonly reason?: string;
  readonly weakest?: string;
  readonly not?: readonly string[];
  readonly violations?: readonly unknown[];
  readonly milliseconds?: number;
}

const WORST = ["ok", "illegal", "unknown"] as const;

export function verdictJson(report: Report): ReportJson {
  const { subject, history, unit, checks } = report;
  return {
    ...{ subject, verdict: WORST[exitCodeOf(checks)], operations: history.length, unit },
    checks: checks.map((check) => checkJson(report, check)),
  };
}

function checkJson(report: Report, check: Check): CheckJson {
  const { level, model, verdict, milliseconds } = check;
  const { type, ...details } = verdict;
  const took = milliseconds === undefined ? {} : { milliseconds: Math.round(milliseconds) };
  return { level, model, verdict: type, explanation: sentencesOf(pictureOf(report, check)), ...details, ...took };
}
