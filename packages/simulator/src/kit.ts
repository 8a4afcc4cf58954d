import type { History } from "@synod/checkers/history";
import type { Fault } from "@synod/checkers/readers/history-file";
import type { Verdict } from "@synod/checkers/verdict";
import { Random } from "@synod/protocols/random";
import { drawKitPlan, type KitFaultKind, type KitPlan, type KitRequest } from "./kit-plan.ts";
import { type KitEnvironment, type KitNode, KitWorld } from "./kit-world.ts";
import type { NetworkSettings } from "./network.ts";

/**
 * Runs somebody else's code, that knows nothing of this project, in a simulated world with faults: say how a node starts
 * and what clients ask. The code must not look at a clock, draw random numbers or wait on its own; `environment` has all
 * three, so that a seed replays a run exactly.
 */
export interface Kit<Message> {
  readonly nodes: number;
  /** Called at the start of each node, and again after a crash. */
  readonly start: (environment: KitEnvironment<Message>) => KitNode<Message>;
  /** What a client asks next. @param number counts from 0: use it to write a value once. */
  readonly ask: (random: Random, number: number) => KitRequest;
  /** Which faults may happen, one at a time; crash, pause and partition unless given. */
  readonly faults?: readonly KitFaultKind[];
  readonly clients?: number;
  readonly operations?: number;
  /** Virtual microseconds: a client's mean rest, a client's patience, a fault's length and the calm after it, at most. */
  readonly rest?: number;
  readonly giveUpAfter?: number;
  readonly faultLength?: number;
  readonly calm?: number;
  readonly network?: Partial<NetworkSettings>;
}

export interface KitRun {
  readonly seed: number;
  readonly plan: KitPlan;
  readonly history: History;
}

export type KitJudge = (history: History) => Verdict;

export interface KitFinding {
  readonly run: KitRun;
  readonly verdict: Verdict & { readonly type: "illegal" };
  /** Runs that it took. */
  readonly runs: number;
}

const CALM_NETWORK: NetworkSettings = {
  minDelay: 100,
  meanDelay: 1_000,
  uniformDelay: true,
  loss: 0,
  duplicate: 0,
  reorder: 0,
  capacity: 1_000,
};

/** One run. @param plan instead of the one that the seed draws. */
export function playKit<Message>(kit: Kit<Message>, seed: number, plan: KitPlan = planOf(kit, seed)): KitRun {
  const { nodes, clients = 3, giveUpAfter = 300_000, start } = kit;
  const network = { ...CALM_NETWORK, ...kit.network };
  const history = new KitWorld(seed, { nodes, clients, giveUpAfter, network, start }, plan).run();
  return { seed, plan, history };
}

/** Plays seeds 1, 2, 3… until the judge finds a history illegal. @returns undefined if it finds none. */
export function findFault<Message>(kit: Kit<Message>, judge: KitJudge, seeds: number): KitFinding | undefined {
  for (let seed = 1; seed <= seeds; seed++) {
    const run = playKit(kit, seed);
    const verdict = judge(run.history);
    if (verdict.type === "illegal") return { run, verdict, runs: seed };
  }
  return undefined;
}

/**
 * Makes a failing run smaller: leaves out faults and operations as long as the judge finds the same anomaly (delta
 * debugging, Zeller and Hildebrandt 2002).
 */
export function shrinkFinding<Message>(
  kit: Kit<Message>,
  found: KitFinding,
  judge: KitJudge,
  maxRuns = 2_000,
): KitFinding {
  let best = found;
  const attempt = (plan: KitPlan): boolean => {
    if (best.runs - found.runs >= maxRuns) return false;
    const run = playKit(kit, found.run.seed, plan);
    const verdict = judge(run.history);
    const isSame = verdict.type === "illegal" && verdict.violations[0].anomaly === found.verdict.violations[0].anomaly;
    best = isSame ? { run, verdict, runs: best.runs + 1 } : { ...best, runs: best.runs + 1 };
    return isSame;
  };
  for (let before = Number.POSITIVE_INFINITY; sizeOf(best.run) < before; ) {
    before = sizeOf(best.run);
    leaveOut(best.run.plan.faults, (faults) => attempt({ ...best.run.plan, faults }));
    leaveOut(best.run.plan.operations, (operations) => attempt({ ...best.run.plan, operations }));
  }
  return best;
}

/** The faults of a run, for a file or a picture. */
export function faultBands({ plan }: KitRun): Fault[] {
  return plan.faults.map(({ kind, nodes, from, until }) => {
    return { name: kind, from, to: until, about: nodes.map((id) => `n${id}`).join(" ") };
  });
}

function sizeOf({ plan }: KitRun): number {
  return plan.operations.length + plan.faults.length;
}

/** Tries without halves, then quarters, down to single parts. */
function leaveOut<Part>(parts: readonly Part[], suffices: (parts: readonly Part[]) => boolean): void {
  let left = parts;
  for (let chunk = Math.ceil(parts.length / 2); chunk >= 1; chunk = chunk === 1 ? 0 : Math.ceil(chunk / 2)) {
    for (let from = 0; from < left.length; ) {
      const fewer = [...left.slice(0, from), ...left.slice(from + chunk)];
      if (suffices(fewer)) left = fewer;
      else from += chunk;
    }
  }
}

function planOf<Message>(kit: Kit<Message>, seed: number): KitPlan {
  const { nodes, clients = 3, operations = 40, rest = 20_000, faultLength = 250_000, calm = 400_000 } = kit;
  const faults = kit.faults ?? ["crash", "pause", "partition"];
  const sizes = { nodes, clients, operations, rest, faults, faultLength, calm };
  return drawKitPlan(new Random(seed), sizes, kit.ask);
}
