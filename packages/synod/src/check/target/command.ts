import { judge } from "@synod/checkers/judge";
import { verdictJson } from "../report/json.ts";
import { printReport } from "../report/print.ts";
import { type Check, exitCodeOf, type Report } from "../report/report.ts";
import { writeReport } from "../report/write.ts";
import { keepRun, makeFolder } from "./keep.ts";
import { planOf, type TargetPlan } from "./plan.ts";
import { ProgressLine } from "./progress.ts";
import { rowsOf } from "./rows.ts";
import { runTarget, type TargetRun } from "./run.ts";
import type { TargetSettings } from "./settings.ts";

/** Longer than this nobody waits for a verdict: it is then "unknown". */
const JUDGE_MS = 120_000;
const ANY_SEED = 1_000_000_000;

/** How a run is told. */
export interface TargetOutput {
  readonly json: boolean;
  say(text: string): void;
  value(value: unknown): void;
}

/**
 * `synod check --target`: clients and faults at a cluster, and the judgement of what they saw. The first Ctrl-C ends the
 * work, heals what is hurt and judges what there is; the second one ends the command, and the cluster with it.
 *
 * With `--output`, or when something is wrong, the history and the report's pictures are kept in a folder.
 *
 * @returns the exit code. 0: all holds. 1: something is proven wrong, or a node did what none may. 2: not decided.
 * @throws CliError for what cannot be done.
 */
export async function checkTarget(settings: TargetSettings, output: TargetOutput): Promise<0 | 1 | 2> {
  const plan = planOf(settings, () => Math.floor(Math.random() * ANY_SEED));
  if (settings.output !== undefined) makeFolder(settings.output);
  const run = await interruptible((stop) => runTarget(plan, new ProgressLine(plan, process.stderr).show, stop));
  const report = judged(run, plan);
  const exitCode = run.problems.length > 0 ? 1 : exitCodeOf(report.checks);
  if (output.json) output.value({ ...verdictJson(report), problems: run.problems, seed: plan.seed });
  else printReport(report, (text) => output.say(text));
  const folder = settings.output ?? (exitCode === 0 ? undefined : `synod-check-${plan.seed}`);
  if (folder === undefined) return exitCode;
  await keepRun(run, folder);
  const [page] = await writeReport(report, folder);
  output.say(`\n${page}: the picture; beside it the history, and what each node said`);
  return exitCode;
}

async function interruptible<Result>(work: (stop: AbortSignal) => Promise<Result>): Promise<Result> {
  const stop = new AbortController();
  const interrupt = (): void => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, interrupt);
  try {
    return await work(stop.signal);
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
}

function judged(run: TargetRun, plan: TargetPlan): Report {
  const { history, model, level, faults, name } = run;
  const began = performance.now();
  const isOver = (): boolean => performance.now() - began > JUDGE_MS;
  const verdict = judge(history, { model, level, limits: { isOver, maxSteps: Number.MAX_SAFE_INTEGER } });
  const check: Check = { model, level, verdict, milliseconds: performance.now() - began };
  return { subject: name, history, unit: "us", faults, checks: [check], rows: rowsOf(run, plan.seed) };
}
