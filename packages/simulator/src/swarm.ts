import type { ConfigOverrides } from "./config.ts";
import { type SimulationResult, simulate } from "./simulate.ts";
import type { Failure } from "./simulation.ts";

export interface SwarmOptions {
  readonly firstSeed: number;
  readonly seeds: number;
  readonly config?: ConfigOverrides;
  /** Failing seeds after which the swarm ends. */
  readonly maxFailures: number;
  /** Called after each seed. @returns false to end the swarm here. */
  readonly progress?: (result: SimulationResult, summary: SwarmSummary) => boolean | undefined;
}

export interface SwarmSummary {
  seeds: number;
  events: number;
  virtualTime: number;
  completed: number;
  unknown: number;
  committed: number;
  /** How often, over all seeds, each fault took place and each goal was reached. */
  readonly faults: Map<string, number>;
  readonly goals: Map<string, number>;
  readonly failures: { readonly seed: number; readonly failure: Failure }[];
}

/** Goals without which a swarm has not looked where it should: passing without them proves little. */
export const EXPECTED_GOALS: readonly string[] = [
  "leader elected",
  "log truncated",
  "snapshot installed",
  "joint configuration",
  "voter added",
  "member removed",
  "retry deduplicated",
  "unsynced records lost",
  "linearizable read on a follower",
  "healed with a bare majority",
];

/** Runs many seeds, each with its own sizes, rates and set of faults. */
export function swarm(options: SwarmOptions): SwarmSummary {
  const summary: SwarmSummary = {
    seeds: 0,
    events: 0,
    virtualTime: 0,
    completed: 0,
    unknown: 0,
    committed: 0,
    faults: new Map(),
    goals: new Map(),
    failures: [],
  };
  for (let i = 0; i < options.seeds; i++) {
    const seed = options.firstSeed + i;
    const result = simulate({ seed, ...(options.config === undefined ? {} : { config: options.config }) });
    add(summary, result);
    if (options.progress?.(result, summary) === false) break;
    if (summary.failures.length >= options.maxFailures) break;
  }
  return summary;
}

/** @returns the expected goals that no seed reached. */
export function missedGoals(summary: SwarmSummary): string[] {
  return EXPECTED_GOALS.filter((goal) => !summary.goals.has(goal));
}

function add(summary: SwarmSummary, result: SimulationResult): void {
  summary.seeds++;
  summary.events += result.events;
  summary.virtualTime += result.virtualTime;
  summary.completed += result.operations.completed;
  summary.unknown += result.operations.unknown;
  summary.committed += result.committed;
  addCounts(summary.faults, result.faults);
  addCounts(summary.goals, result.goals);
  if (result.failure !== undefined) summary.failures.push({ seed: result.seed, failure: result.failure });
}

function addCounts(totals: Map<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(counts)) totals.set(name, (totals.get(name) ?? 0) + count);
}
