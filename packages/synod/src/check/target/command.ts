import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { judge, levelsOf } from "@synod/checkers/judge";
import { type Check, exitCodeOf, type Report } from "../report/report.ts";
import { planOf, type TargetPlan } from "./plan.ts";
import { ProgressLine } from "./progress.ts";
import { rowsOf } from "./rows.ts";
import { runTarget, type TargetRun } from "./run.ts";
import type { TargetSettings } from "./settings.ts";

/** Longer than this nobody waits for a verdict: it is then "unknown". */
const JUDGE_MS = 120_000;
const ANY_SEED = 1_000_000_000;

/** A run, judged. */
export interface TargetReport {
  readonly report: Report;
  /** 0: all holds. 1: something is proven wrong, or a node did what none may. 2: not decided. */
  readonly exitCode: 0 | 1 | 2;
}

/**
 * `synod check --target`: clients and faults at a cluster, and the judgement of what they saw. The first Ctrl-C ends the
 * work, heals what is hurt and judges what there is; the second one ends the command, and the cluster with it.
 *
 * @throws CliError for what cannot be done.
 */
export async function checkTarget(settings: TargetSettings): Promise<TargetReport> {
  const plan = planOf(settings, () => Math.floor(Math.random() * ANY_SEED));
  const line = new ProgressLine(plan, process.stderr);
  const stop = new AbortController();
  const interrupt = (): void => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, interrupt);
  try {
    const run = await runTarget(plan, line.show, stop.signal);
    line.end();
    keepLogs(run, settings.output);
    return judged(run, plan);
  } finally {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, interrupt);
  }
}

function judged(run: TargetRun, plan: TargetPlan): TargetReport {
  const { history, model, faults, name, problems } = run;
  const level = levelsOf(model)[0] ?? "";
  const began = performance.now();
  const isOver = (): boolean => performance.now() - began > JUDGE_MS;
  const verdict = judge(history, { model, level, limits: { isOver } });
  const check: Check = { model, level, verdict, milliseconds: performance.now() - began };
  const report: Report = { subject: name, history, unit: "us", faults, checks: [check], rows: rowsOf(run, plan.seed) };
  return { report, exitCode: problems.length > 0 ? 1 : exitCodeOf(report.checks) };
}

/** What each node said, beside the report. */
function keepLogs({ logs }: TargetRun, folder: string | undefined): void {
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  for (const [node, text] of logs) writeFileSync(join(folder, `${node}.log`), text);
}
