import { Random } from "@synod/protocols/random";
import type { FaultKind, SimulationConfig } from "./config.ts";
import { exponential } from "./exponential.ts";

/**
 * One fault, as data: it can be printed, edited, left out and played again. `node` 0 is whoever leads when it begins.
 * The meaning of `amount` is the kind's: a rate in parts per million, microseconds, a bit set of nodes.
 */
export interface Fault {
  /** Names the fault's own random stream, so that leaving out another does not change this one. */
  readonly id: number;
  readonly kind: FaultKind;
  readonly at: number;
  readonly until: number;
  readonly node: number;
  readonly peer: number;
  readonly amount: number;
}

export type FaultPlan = readonly Fault[];

/** The faults of a seed, earliest first. */
export function drawPlan(seed: number, config: SimulationConfig): FaultPlan {
  if (config.faults.length === 0) return [];
  const random = new Random(seed).split("plan");
  const plan: Fault[] = [];
  let at = exponential(random, config.meanFaultGap);
  while (at < config.duration) {
    const id = plan.length + 1;
    plan.push(drawFault(random.split(id), id, at, config));
    at += 1 + exponential(random, config.meanFaultGap);
  }
  return plan;
}

function drawFault(random: Random, id: number, at: number, config: SimulationConfig): Fault {
  const kind = random.pick(config.faults);
  const lasts = random.pick([20_000, 200_000, 1_000_000, 3_000_000]);
  const until = Math.min(config.duration, at + 1 + exponential(random, lasts));
  const everybody = config.nodes + config.spares;
  const node = random.chance(350_000) ? 0 : random.between(1, config.nodes);
  const peer = random.between(1, everybody);
  return { id, kind, at, until, node, peer, amount: drawAmount(random, kind, config.nodes) };
}

function drawAmount(random: Random, kind: FaultKind, nodes: number): number {
  switch (kind) {
    case "partition":
    case "oneWay":
      return random.between(1, Math.max(1, 2 ** nodes - 2));
    case "loss":
    case "duplicate":
    case "reorder":
      return random.pick([10_000, 100_000, 500_000, 900_000]);
    case "delay":
      return random.pick([1_000, 20_000, 200_000, 1_500_000]);
    case "skew":
      return random.pick([-300_000, -50_000, 50_000, 300_000, 1_000_000]);
    case "leap":
      return random.pick([10_000, 500_000, 3_000_000]);
    case "slowDisk":
      return random.pick([5_000, 100_000, 2_000_000]);
    case "membership":
      return random.below(3);
    default:
      return random.below(1_000_000);
  }
}

const NODE = (id: number): string => (id === 0 ? "the leader" : `n${id}`);

/** One line for a person: `1.204 s … 1.930 s  partition n1 n3 from the others`. */
export function describeFault(fault: Fault): string {
  const { kind, node, peer, amount } = fault;
  const side = Array.from({ length: 31 }, (_, i) => i + 1).filter((id) => (amount >> (id - 1)) & 1);
  const what: { [K in FaultKind]: string } = {
    crash: `crash ${NODE(node)}, restart at the end`,
    pause: `pause ${NODE(node)}`,
    partition: `partition ${side.map(NODE).join(" ")} from the others`,
    oneWay: `nothing gets from ${side.map(NODE).join(" ")} to the others`,
    bridge: `two halves that meet only in ${NODE(node)}`,
    ring: "each node reaches its neighbours only",
    isolate: `isolate ${NODE(node)}`,
    swizzle: "cut the nodes off one after the other, let them back in another order",
    clog: `clog ${NODE(node)} → n${peer}`,
    loss: `lose ${amount / 10_000} % between ${NODE(node)} and all others`,
    delay: `delay everything from and to ${NODE(node)} by ${amount} µs`,
    duplicate: `duplicate ${amount / 10_000} % from and to ${NODE(node)}`,
    reorder: `let ${amount / 10_000} % from and to ${NODE(node)} overtake`,
    skew: `${NODE(node)}'s clock runs ${amount / 10_000} % ${amount < 0 ? "slow" : "fast"}`,
    leap: `${NODE(node)}'s clock leaps ${amount} µs ahead`,
    slowDisk: `each sync of ${NODE(node)} takes ${amount} µs longer`,
    failingSync: `the next sync of ${NODE(node)} fails`,
    bitFlip: `a bit flips in the log of ${NODE(node)}, which restarts`,
    misdirect: `a write of ${NODE(node)} lands in the wrong place, and it restarts`,
    amnesia: `${NODE(node)} loses its whole disk and is replaced`,
    transfer: `hand leadership to n${peer}`,
    membership: amount === 0 ? `add n${peer}` : amount === 1 ? `remove n${peer}` : `replace ${NODE(node)} by n${peer}`,
  };
  return `${seconds(fault.at)} … ${seconds(fault.until)}  ${what[kind]}`;
}

function seconds(time: number): string {
  return `${Math.floor(time / 1_000_000)}.${String(Math.floor((time % 1_000_000) / 1_000)).padStart(3, "0")} s`;
}
