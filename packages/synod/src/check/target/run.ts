import { setTimeout as sleep } from "node:timers/promises";
import type { History } from "@synod/checkers/history";
import { Random } from "@synod/protocols/random";
import { type Band, Nemesis } from "../nemesis/nemesis.ts";
import { Clients } from "../workload/clients.ts";
import { HistoryLog, type Silence } from "../workload/history-log.ts";
import { MAKE_WORKLOAD } from "../workload/workloads.ts";
import { openTarget } from "./open.ts";
import type { TargetPlan } from "./plan.ts";

/** What a run saw. Times are microseconds since its clients began. */
export interface TargetRun {
  readonly name: string;
  /** What the history is to be judged by. */
  readonly model: string;
  readonly level: string;
  readonly history: History;
  readonly faults: readonly Band[];
  /** What should not have happened, apart from what the history shows: a sentence each. */
  readonly problems: readonly string[];
  readonly silence: Silence;
  readonly milliseconds: number;
  /** What each node of our own said, by its name. */
  readonly logs: ReadonlyMap<string, string>;
}

/** How far it is. */
export interface RunProgress {
  readonly phase: "starting" | "working" | "healing" | "reading" | "ended";
  /** Of the time for work, in milliseconds. */
  readonly worked: number;
  readonly operations: number;
  readonly faults: number;
}

const TIMEOUT_MS = 1000;
/** About a minute of judging, and some hundred megabytes. */
const MOST_OPERATIONS = 1_000_000;
const TICK_MS = 200;

/**
 * Starts or finds the target, lets clients and faults at it, heals it and reads what it holds. Whatever happens, no process
 * that it started is left.
 *
 * @param stop ends the work before its time; what there is by then is handed out.
 * @throws CliError if the target cannot be had.
 */
export async function runTarget(
  plan: TargetPlan,
  tell: (progress: RunProgress) => void,
  stop: AbortSignal,
): Promise<TargetRun> {
  tell({ phase: "starting", worked: 0, operations: 0, faults: 0 });
  const target = await openTarget(plan.subject);
  const prefix = `synod-check/${process.pid}-${Date.now()}/`;
  try {
    const random = new Random(plan.seed);
    const log = new HistoryLog();
    const { distribution, clients: count, rate } = plan;
    const clocksLie = plan.nemesis.includes("clock");
    const bench = { log, random: random.split("workload"), distribution, prefix, clocksLie };
    const workload = MAKE_WORKLOAD[plan.workload](bench);
    const options = { count, rate, timeoutMs: TIMEOUT_MS, mostOperations: MOST_OPERATIONS, places: target.places };
    const clients = new Clients(options, workload, log);
    const nemesis =
      target.cluster && new Nemesis(target.cluster, plan.nemesis, random.split("nemesis"), () => log.now());
    const progress = (phase: RunProgress["phase"], worked: number): void =>
      tell({ phase, worked, operations: log.size, faults: nemesis?.bands.length ?? 0 });

    const began = performance.now();
    clients.start(random.split("clients"));
    nemesis?.start(plan.milliseconds);
    for (;;) {
      const worked = performance.now() - began;
      if (worked >= plan.milliseconds || stop.aborted || log.size >= MOST_OPERATIONS) break;
      progress("working", worked);
      await sleep(Math.min(TICK_MS, plan.milliseconds - worked));
    }
    const milliseconds = performance.now() - began;
    progress("healing", milliseconds);
    await nemesis?.stop();
    const silence = log.longestSilence();
    await clients.stop();
    progress("reading", milliseconds);
    await clients.finish();
    return {
      ...{ name: target.name, model: workload.model, level: workload.level, history: log.history(), milliseconds },
      logs: new Map(target.cluster?.nodes.map(({ plan, log }) => [plan.name, log])),
      ...{ faults: nemesis?.bands ?? [], problems: nemesis?.problems ?? [], silence },
    };
  } finally {
    tell({ phase: "ended", worked: plan.milliseconds, operations: 0, faults: 0 });
    await target.close(prefix);
  }
}
