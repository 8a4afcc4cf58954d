import type { NodeId } from "@synod/protocols/protocol";
import type { Random } from "@synod/protocols/random";

/** What a client asks for. */
export interface KitRequest {
  /** The verb, the key and what comes with it, as the checker's model knows them. */
  readonly f: string;
  readonly key: string;
  readonly input: unknown;
  /** The node that is asked. */
  readonly to: NodeId;
}

export interface KitOperation extends KitRequest {
  readonly client: number;
  /** Not before this time, in virtual microseconds; and not before the client's last one is answered or given up. */
  readonly at: number;
}

/**
 * - `crash`: the process ends at `from` and starts anew at `until`; only its disk is left.
 * - `pause`: it does nothing meanwhile, and then everything that has come in.
 * - `partition`: no message passes between these nodes and the others.
 * - `loss`: half of the messages from and to them are lost. `delay`: theirs take 50 ms more.
 */
export type KitFaultKind = "crash" | "pause" | "partition" | "loss" | "delay";

export interface KitFault {
  readonly kind: KitFaultKind;
  readonly nodes: readonly NodeId[];
  /** Virtual microseconds. */
  readonly from: number;
  readonly until: number;
}

/** All that is not left to chance in a run: what clients ask, and what goes wrong. Fewer of either is a smaller run. */
export interface KitPlan {
  readonly operations: readonly KitOperation[];
  readonly faults: readonly KitFault[];
}

export interface KitSizes {
  readonly nodes: number;
  readonly clients: number;
  readonly operations: number;
  /** Mean time between two operations of one client, in microseconds. */
  readonly rest: number;
  readonly faults: readonly KitFaultKind[];
  /** How long a fault lasts and how long nothing goes wrong after it, at most, in microseconds. */
  readonly faultLength: number;
  readonly calm: number;
}

/** Faults come one after the other, so that one node at a time, or one side of a cut, is in trouble. */
export function drawKitPlan(
  random: Random,
  sizes: KitSizes,
  ask: (random: Random, number: number) => KitRequest,
): KitPlan {
  const asking = random.split("operations");
  const times = new Array<number>(sizes.clients).fill(0);
  const operations = Array.from({ length: sizes.operations }, (_, number): KitOperation => {
    const client = asking.below(sizes.clients);
    times[client]! += asking.between(0, 2 * sizes.rest);
    return { ...ask(asking, number), client, at: times[client]! };
  });
  const end = Math.max(0, ...times);
  return { operations, faults: drawFaults(random.split("faults"), sizes, end) };
}

function drawFaults(random: Random, { faults, nodes, faultLength, calm }: KitSizes, end: number): KitFault[] {
  const drawn: KitFault[] = [];
  if (faults.length === 0) return drawn;
  for (let from = random.between(0, calm); from < end; ) {
    const until = from + random.between(1_000, faultLength);
    const first = random.between(1, nodes);
    const kind = random.pick(faults);
    drawn.push({ kind, nodes: [first], from, until });
    from = until + random.between(calm >> 1, calm);
  }
  return drawn;
}
