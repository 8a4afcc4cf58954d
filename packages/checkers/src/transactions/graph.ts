import { Bytes, Ints } from "./columns.ts";

/** Why one transaction comes before another: the kinds of edge, as small numbers; a set of them is a mask of bits. */
export const WW = 0;
export const WR = 1;
export const RW = 2;
/** The same client ran the one before the other. */
export const PROCESS = 3;
/** The one had returned before the other was called. */
export const REALTIME = 4;
/** Edges that rest on an order of versions which was inferred from the order of one client, or of real time. */
export const WW_PROCESS = 5;
export const RW_PROCESS = 6;
export const WW_REALTIME = 7;
export const RW_REALTIME = 8;
/** The second half of an edge that goes through an auxiliary node. */
export const CONTINUED = 9;

export const KIND_NAMES: readonly string[] = ["ww", "wr", "rw", "process", "realtime", "ww", "rw", "ww", "rw", ""];

export function bits(...kinds: readonly number[]): number {
  return kinds.reduce((mask, kind) => mask | (1 << kind), 0);
}

/** A directed graph in compressed rows. Nodes from `real` on are auxiliary: they only save edges. */
export interface Graph {
  readonly nodes: number;
  readonly real: number;
  /** The first edge of each node, and one more. */
  readonly start: Int32Array;
  readonly target: Int32Array;
  readonly kind: Uint8Array;
  /** What proves the edge; whoever made it knows what the number means. */
  readonly witness: Int32Array;
}

/** Below this many edges, pairs are written out. */
const FEW_PAIRS = 256;
/** Of those that are on both sides, each is joined to so many others. */
const MOST_OF_BOTH = 64;

/** Collects edges, then sorts them by source into a graph. */
export class EdgeList {
  readonly real: number;
  #nodes: number;
  readonly #from: Ints = new Ints();
  readonly #to: Ints = new Ints();
  readonly #kind: Bytes = new Bytes();
  readonly #witness: Ints = new Ints();

  constructor(real: number) {
    this.real = real;
    this.#nodes = real;
  }

  get length(): number {
    return this.#from.length;
  }

  /** A new auxiliary node. */
  auxiliary(): number {
    this.#nodes += 1;
    return this.#nodes - 1;
  }

  add(from: number, to: number, kind: number, witness: number): void {
    if (from === to) return;
    this.#from.push(from);
    this.#to.push(to);
    this.#kind.push(kind);
    this.#witness.push(witness);
  }

  /** An edge from each of these to each of those, by way of an auxiliary node if they are many. */
  addAll(from: readonly number[], to: readonly number[], kind: number, witnesses: readonly number[]): void {
    if (from.length * to.length <= Math.max(FEW_PAIRS, 2 * (from.length + to.length))) {
      for (const one of from) for (const [place, other] of to.entries()) this.add(one, other, kind, witnesses[place]!);
      return;
    }
    const middle = this.auxiliary();
    const targets = new Set(to);
    for (const [place, other] of to.entries()) this.add(middle, other, CONTINUED, witnesses[place]!);
    for (const one of from) {
      if (!targets.has(one)) this.add(one, middle, kind, -1);
      // Through the middle it would come before itself. Inferring too little is safe, so only some pairs are written out.
      else
        for (const [place, other] of to.slice(0, MOST_OF_BOTH).entries()) this.add(one, other, kind, witnesses[place]!);
    }
  }

  graph(): Graph {
    const edges = this.#from.length;
    const start = new Int32Array(this.#nodes + 1);
    for (let edge = 0; edge < edges; edge += 1) start[this.#from.array[edge]! + 1]! += 1;
    for (let node = 0; node < this.#nodes; node += 1) start[node + 1]! += start[node]!;
    const next = start.slice();
    const target = new Int32Array(edges);
    const kind = new Uint8Array(edges);
    const witness = new Int32Array(edges);
    for (let edge = 0; edge < edges; edge += 1) {
      const from = this.#from.array[edge]!;
      const place = next[from]!;
      next[from] = place + 1;
      target[place] = this.#to.array[edge]!;
      kind[place] = this.#kind.array[edge]!;
      witness[place] = this.#witness.array[edge]!;
    }
    return { nodes: this.#nodes, real: this.real, start, target, kind, witness };
  }
}
