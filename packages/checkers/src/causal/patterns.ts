import type { Budget } from "../sequential/budget.ts";
import { Clocks, type Edge, Graph } from "./graph.ts";
import { INITIAL, NOBODY, type Registers } from "./registers.ts";
import { Writes } from "./writes.ts";

export type BadPattern =
  | "CyclicCO"
  | "WriteCOInitRead"
  | "ThinAirRead"
  | "WriteCORead"
  | "CyclicCF"
  | "WriteHBInitRead"
  | "CyclicHB";

/** A bad pattern where it was found. `chain` leads from event to event; `graph` has what proves its edges. */
export interface Finding {
  readonly pattern: BadPattern;
  readonly chain: readonly Edge[];
  readonly graph: Graph;
  /** The read that is wrong, unless the pattern is a cycle. */
  readonly read?: number;
  /** WriteCORead: the write that came between. */
  readonly overwriter?: number;
  /** The process whose view has no order (HB). */
  readonly viewer?: number;
}

/** Bad patterns of one kind that are looked for before the shortest is chosen. */
const MOST = 20;

/** What contradicts plain causal consistency (CC): the four patterns over the causal order. */
export function findCausal(registers: Registers, graph: Graph, sorted: readonly number[]): Finding[] {
  const found: Finding[] = [];
  for (const [read, { kind, writer }] of registers.events.entries()) {
    if (kind === "read" && writer === NOBODY) found.push({ pattern: "ThinAirRead", chain: [], graph, read });
  }
  if (sorted.length < graph.size) return [...found, { pattern: "CyclicCO", chain: graph.cycle(sorted), graph }];
  const clocks = new Clocks(registers, graph, sorted);
  const writes = new Writes(registers);
  for (const [read, { kind, writer }] of registers.events.entries()) {
    if (kind !== "read" || writer === NOBODY) continue;
    if (found.length >= MOST) break;
    for (const known of writes.knownTo(read, clocks)) {
      if (writer !== INITIAL && !clocks.before(writer, known)) continue;
      const after = graph.path(known, read) as Edge[];
      if (writer === INITIAL) found.push({ pattern: "WriteCOInitRead", chain: after, graph, read });
      else {
        const chain = [...(graph.path(writer, known) as Edge[]), ...after];
        found.push({ pattern: "WriteCORead", chain, graph, read, overwriter: known });
      }
    }
  }
  return found;
}

/**
 * Causal convergence (CCv) in addition: no cycle of causal order and conflict order (cf), in which a write comes before
 * another one of its key if a read that knows of it returns that other one.
 */
export function findConvergence(registers: Registers, causal: Graph, sorted: readonly number[]): Finding[] {
  const clocks = new Clocks(registers, causal, sorted);
  const graph = new Graph(causal.size, causal.outgoing.flat());
  for (const edge of conflicts(registers, new Writes(registers), clocks, allOf(registers), "cf", 1)) graph.add(edge);
  const order = graph.sorted();
  return order.length === graph.size ? [] : [{ pattern: "CyclicCF", chain: graph.cycle(order), graph }];
}

/**
 * Causal memory (CM) in addition: each process can put all that it knows in one order that explains all its own reads.
 * Happened-before (hb) of a process is causal order on what its last operation knows, closed under: a write before one of
 * its reads comes before the write of the same key that is read.
 *
 * @returns undefined if the budget was spent first.
 */
export function findMemory(
  registers: Registers,
  causal: Graph,
  sorted: readonly number[],
  budget: Budget,
): Finding[] | undefined {
  const writes = new Writes(registers);
  const clocks = new Clocks(registers, causal, sorted);
  const found: Finding[] = [];
  for (const [session, own] of registers.sessions.entries()) {
    const last = own.at(-1) as number;
    const reads = own.filter((event) => registers.events[event]!.kind === "read");
    if (reads.length === 0) continue;
    const view = viewOf(registers, causal, clocks, last);
    for (let round = 1; ; round += 1) {
      budget.spend(causal.size * registers.sessions.length);
      if (budget.isSpent) return found.length > 0 ? found : undefined;
      const order = view.sorted();
      if (order.length < countOf(view)) {
        found.push({ pattern: "CyclicHB", chain: view.cycle(order), graph: view, viewer: session });
        break;
      }
      const known = new Clocks(registers, view, order);
      const initial = initialReads(registers, writes, known, reads, view, session);
      found.push(...initial);
      if (initial.length > 0) break;
      const fresh = [...conflicts(registers, writes, known, reads, "hb", round)];
      if (fresh.length === 0) break;
      for (const edge of fresh) view.add(edge);
    }
  }
  return found;
}

function viewOf(registers: Registers, causal: Graph, clocks: Clocks, last: number): Graph {
  const among = new Uint8Array(causal.size);
  for (const [session, events] of registers.sessions.entries()) {
    for (let at = 0; at < clocks.known(last, session); at += 1) among[events[at]!] = 1;
  }
  return new Graph(causal.size, causal.outgoing.flat(), among);
}

function countOf({ among }: Graph): number {
  let count = 0;
  for (const flag of among as Uint8Array) count += flag;
  return count;
}

function allOf(registers: Registers): number[] {
  return [...registers.events.keys()].filter((event) => registers.events[event]!.kind === "read");
}

function* conflicts(
  registers: Registers,
  writes: Writes,
  clocks: Clocks,
  reads: readonly number[],
  kind: "cf" | "hb",
  round: number,
): Generator<Edge> {
  for (const read of reads) {
    const { writer } = registers.events[read]!;
    if (writer < 0) continue;
    for (const known of writes.knownTo(read, clocks)) {
      if (!clocks.before(known, writer)) yield { from: known, to: writer, kind, read, round };
    }
  }
}

function initialReads(
  registers: Registers,
  writes: Writes,
  clocks: Clocks,
  reads: readonly number[],
  graph: Graph,
  viewer: number,
): Finding[] {
  for (const read of reads) {
    if (registers.events[read]!.writer !== INITIAL) continue;
    const [known] = writes.knownTo(read, clocks);
    if (known === undefined) continue;
    return [{ pattern: "WriteHBInitRead", chain: graph.path(known, read) as Edge[], graph, read, viewer }];
  }
  return [];
}
