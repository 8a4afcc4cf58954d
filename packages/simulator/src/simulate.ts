import { checkLinearizability } from "@synod/checkers/linearizability";
import { casRegister } from "@synod/checkers/models/register";
import { reasonOf } from "@synod/checkers/verdict";
import type { RaftMessage, RaftRecord } from "@synod/protocols/raft/types";
import { type ConfigOverrides, drawConfig, type SimulationConfig } from "./config.ts";
import type { NetworkCounters } from "./network.ts";
import { drawPlan, type FaultPlan } from "./plan.ts";
import { RaftEngine } from "./raft-engine.ts";
import { type Shrunk, shrink, type Trial } from "./shrink.ts";
import { type Failure, type ObservedEvent, Simulation } from "./simulation.ts";

export interface SimulationOptions {
  readonly seed: number;
  /** What is not to be drawn from the seed. */
  readonly config?: ConfigOverrides;
  /** Instead of the seed's own faults. */
  readonly plan?: FaultPlan;
  readonly observer?: (event: ObservedEvent) => void;
  /** Stop here, however far the run has come. */
  readonly maxEvents?: number;
}

export interface SimulationResult {
  readonly seed: number;
  readonly config: SimulationConfig;
  readonly plan: FaultPlan;
  readonly failure: Failure | undefined;
  /** Equal for equal seeds, configurations and plans, wherever the run takes place and whoever watches. */
  readonly traceHash: string;
  readonly events: number;
  readonly virtualTime: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly goals: Readonly<Record<string, number>>;
  readonly network: NetworkCounters;
  readonly operations: { readonly completed: number; readonly unknown: number };
  readonly committed: number;
}

/** Runs one world from its seed to its end and judges it. A pure function. */
export function simulate(options: SimulationOptions): SimulationResult {
  const config = drawConfig(options.seed, options.config);
  const plan = options.plan ?? drawPlan(options.seed, config);
  const simulation = createSimulation(options.seed, config, plan);
  simulation.observer = options.observer;
  simulation.run(options.maxEvents);
  return summarize(options.seed, config, plan, simulation);
}

/** The world of a seed before its first event; for timelines. */
export function createSimulation(
  seed: number,
  config: SimulationConfig,
  plan: FaultPlan,
): Simulation<RaftMessage, RaftRecord> {
  return new Simulation(seed, config, plan, new RaftEngine(config.raft));
}

/** Makes a failing result smaller. @param maxRuns bounds the search. */
export function shrinkResult(result: SimulationResult, maxRuns: number): Shrunk | undefined {
  if (result.failure === undefined) return undefined;
  const play = ({ config, plan }: Trial): Failure | undefined => simulate({ seed: result.seed, config, plan }).failure;
  return shrink({ config: result.config, plan: result.plan }, result.failure, play, maxRuns);
}

function summarize<Message, WalRecord>(
  seed: number,
  config: SimulationConfig,
  plan: FaultPlan,
  simulation: Simulation<Message, WalRecord>,
): SimulationResult {
  const { world } = simulation;
  return {
    seed,
    config,
    plan,
    failure: simulation.failure ?? judge(simulation),
    traceHash: simulation.traceHash,
    events: simulation.events,
    virtualTime: world.now,
    faults: sortedRecord(simulation.fired),
    goals: sortedRecord(world.goals),
    network: world.network.counters,
    operations: { completed: world.clients.completed, unknown: world.clients.unknown },
    committed: world.agreement.length,
  };
}

/** Steps of the search for one key after which the history counts as not judged. The order check at each answer remains. */
const MAX_SEARCH_STEPS = 1_000_000;

/** What clients saw, by a checker that knows nothing of the system. */
function judge<Message, WalRecord>(simulation: Simulation<Message, WalRecord>): Failure | undefined {
  const history = simulation.world.clients.history();
  const verdict = checkLinearizability(history, casRegister(0), { maxSteps: MAX_SEARCH_STEPS });
  if (verdict.type === "unknown") simulation.world.goal("history too hard to judge");
  if (verdict.type !== "illegal") return undefined;
  return {
    property: "linearizability",
    message: reasonOf(verdict),
    at: simulation.world.now,
    event: simulation.events,
  };
}

function sortedRecord(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
