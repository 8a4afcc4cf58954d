import type { Registers } from "./registers.ts";

export interface Edge {
  readonly from: number;
  readonly to: number;
  /** po: program order. rf: the one reads what the other wrote. cf, hb: see `causal.ts`. */
  readonly kind: "po" | "rf" | "cf" | "hb";
  /** cf, hb: the read that proves it, which knows of `from` and reads `to`. */
  readonly read?: number;
  /** Proofs of an edge use edges of lower rounds only. */
  readonly round: number;
}

/** What must come before what, among the events of a history. */
export class Graph {
  readonly size: number;
  readonly outgoing: Edge[][];
  /** Only these count; undefined for all. */
  readonly among: Uint8Array | undefined;

  constructor(size: number, edges: Iterable<Edge>, among?: Uint8Array) {
    this.size = size;
    this.among = among;
    this.outgoing = Array.from({ length: size }, () => []);
    for (const edge of edges) this.add(edge);
  }

  add(edge: Edge): void {
    if (this.has(edge.from) && this.has(edge.to)) this.outgoing[edge.from]!.push(edge);
  }

  has(event: number): boolean {
    return this.among === undefined || this.among[event] === 1;
  }

  /** @returns every event behind all that must come before it; fewer than there are if that is impossible. */
  sorted(): number[] {
    const waiting = new Int32Array(this.size);
    for (const edges of this.outgoing) for (const { to } of edges) waiting[to]! += 1;
    const order: number[] = [];
    for (let event = 0; event < this.size; event += 1) if (waiting[event] === 0 && this.has(event)) order.push(event);
    for (let next = 0; next < order.length; next += 1) {
      for (const { to } of this.outgoing[order[next]!]!) {
        waiting[to]! -= 1;
        if (waiting[to] === 0) order.push(to);
      }
    }
    return order;
  }

  /** @returns a shortest way that uses edges of rounds below `round`; undefined if there is none. */
  path(from: number, to: number, round: number = Number.MAX_SAFE_INTEGER): Edge[] | undefined {
    const arrivedBy = new Map<number, Edge>();
    const queue = [from];
    for (let next = 0; next < queue.length; next += 1) {
      for (const edge of this.outgoing[queue[next]!]!) {
        if (edge.round >= round || arrivedBy.has(edge.to)) continue;
        arrivedBy.set(edge.to, edge);
        if (edge.to === to) return withoutDetours(walkBack(arrivedBy, from, to));
        queue.push(edge.to);
      }
    }
    return undefined;
  }

  /** @returns a short cycle. @param sorted fewer events than there are: what `sorted` returned. */
  cycle(sorted: readonly number[]): Edge[] {
    const core = this.#core(sorted);
    let shortest: Edge[] | undefined;
    for (const event of core.slice(0, CYCLES_TRIED)) {
      const cycle = this.path(event, event);
      if (cycle !== undefined && (shortest === undefined || cycle.length < shortest.length)) shortest = cycle;
    }
    for (const event of shortest === undefined ? core : []) shortest ??= this.path(event, event);
    return shortest as Edge[];
  }

  /** What could not be sorted, without what only comes behind a cycle. */
  #core(sorted: readonly number[]): number[] {
    const inside = new Uint8Array(this.size);
    for (let event = 0; event < this.size; event += 1) inside[event] = this.has(event) ? 1 : 0;
    for (const event of sorted) inside[event] = 0;
    for (let changed = true; changed; ) {
      changed = false;
      for (let event = 0; event < this.size; event += 1) {
        if (inside[event] === 0 || this.outgoing[event]!.some(({ to }) => inside[to] === 1)) continue;
        inside[event] = 0;
        changed = true;
      }
    }
    return [...inside.keys()].filter((event) => inside[event] === 1);
  }
}

const CYCLES_TRIED = 200;

function walkBack(arrivedBy: ReadonlyMap<number, Edge>, from: number, to: number): Edge[] {
  const path: Edge[] = [];
  let at = to;
  do {
    const edge = arrivedBy.get(at) as Edge;
    path.unshift(edge);
    at = edge.from;
  } while (at !== from);
  return path;
}

/** Program order is transitive: several steps of one process are one. */
function withoutDetours(path: readonly Edge[]): Edge[] {
  const short: Edge[] = [];
  for (const edge of path) {
    const last = short.at(-1);
    if (last?.kind === "po" && edge.kind === "po") short[short.length - 1] = { ...last, to: edge.to };
    else short.push(edge);
  }
  return short;
}

/** Program order and reads-from, whose transitive closure is the causal order. */
export function causalEdges({ events, sessions, forks }: Registers): Edge[] {
  const edges: Edge[] = [];
  for (const session of sessions) {
    for (let at = 1; at < session.length; at += 1) {
      edges.push({ from: session[at - 1]!, to: session[at]!, kind: "po", round: 0 });
    }
  }
  for (const { from, to } of forks) edges.push({ from, to, kind: "po", round: 0 });
  for (const [to, { writer }] of events.entries())
    if (writer >= 0) edges.push({ from: writer, to, kind: "rf", round: 0 });
  return edges;
}

/** A vector clock for each event: how many events of each session are before it, itself included. */
export class Clocks {
  readonly #clocks: Int32Array;
  readonly #width: number;
  readonly #registers: Registers;

  constructor(registers: Registers, graph: Graph, sorted: readonly number[]) {
    this.#registers = registers;
    this.#width = registers.sessions.length;
    this.#clocks = new Int32Array(graph.size * this.#width);
    for (const event of sorted) {
      const own = event * this.#width;
      const { session, position } = registers.events[event]!;
      this.#clocks[own + session] = Math.max(this.#clocks[own + session]!, position + 1);
      for (const { to } of graph.outgoing[event]!) {
        const other = to * this.#width;
        for (let at = 0; at < this.#width; at += 1) {
          if (this.#clocks[own + at]! > this.#clocks[other + at]!) this.#clocks[other + at] = this.#clocks[own + at]!;
        }
      }
    }
  }

  /** How many events of a session are known to `event`. */
  known(event: number, session: number): number {
    return this.#clocks[event * this.#width + session]!;
  }

  before(a: number, b: number): boolean {
    if (a === b) return false;
    const { session, position } = this.#registers.events[a]!;
    return this.known(b, session) > position;
  }
}
