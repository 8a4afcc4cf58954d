import type { Components } from "./components.ts";
import { CONTINUED, type Graph } from "./graph.ts";

/** The part of a graph that lies on cycles. Real nodes stay before auxiliary ones. */
export function onCycles(graph: Graph, { of }: Components): { graph: Graph; original: Int32Array } {
  const original: number[] = [];
  const place = new Int32Array(graph.nodes).fill(-1);
  let real = 0;
  for (let node = 0; node < graph.nodes; node += 1) {
    if (of[node]! < 0) continue;
    place[node] = original.length;
    original.push(node);
    if (node < graph.real) real += 1;
  }
  const start = new Int32Array(original.length + 1);
  const kept: number[] = [];
  for (const [index, node] of original.entries()) {
    for (let edge = graph.start[node]!; edge < graph.start[node + 1]!; edge += 1) {
      if (of[graph.target[edge]!] === of[node]) kept.push(edge);
    }
    start[index + 1] = kept.length;
  }
  const part: Graph = {
    nodes: original.length,
    real,
    start,
    target: Int32Array.from(kept, (edge) => place[graph.target[edge]!]!),
    kind: Uint8Array.from(kept, (edge) => graph.kind[edge]!),
    witness: Int32Array.from(kept, (edge) => graph.witness[edge]!),
  };
  return { graph: part, original: Int32Array.from(original) };
}

/**
 * Each node twice: as reached by an rw edge, and as reached by another. An rw edge leaves only from the latter, so that every
 * cycle of this graph is one without two adjacent rw edges, and Tarjan finds in linear time whether there are any.
 *
 * @returns that graph, and by edge the edge that it stands for.
 */
export function withoutAdjacent(graph: Graph, mask: number, rw: number): { graph: Graph; edgeOf: Int32Array } {
  const start = new Int32Array(graph.nodes * 2 + 1);
  const target: number[] = [];
  const kind: number[] = [];
  const edgeOf: number[] = [];
  // Node n is n (by another edge) and n + nodes (by rw) where all are real; the two of a node are neighbours here, and
  // "auxiliary" means odd or even no longer, so the real ones come first: 2 × real of them.
  for (let node = 0; node < graph.nodes; node += 1) {
    for (const isByRw of [0, 1]) {
      for (let edge = graph.start[node]!; edge < graph.start[node + 1]!; edge += 1) {
        const bit = 1 << graph.kind[edge]!;
        const isRw = (bit & rw) !== 0;
        if ((bit & mask) === 0 || (isRw && isByRw === 1)) continue;
        const toByRw = isRw || (graph.kind[edge] === CONTINUED && isByRw === 1) ? 1 : 0;
        target.push(graph.target[edge]! * 2 + toByRw);
        kind.push(graph.kind[edge]!);
        edgeOf.push(edge);
      }
      start[node * 2 + isByRw + 1] = target.length;
    }
  }
  const doubled: Graph = {
    nodes: graph.nodes * 2,
    real: graph.real * 2,
    start,
    target: Int32Array.from(target),
    kind: Uint8Array.from(kind),
    witness: Int32Array.from(edgeOf, (edge) => graph.witness[edge]!),
  };
  return { graph: doubled, edgeOf: Int32Array.from(edgeOf) };
}
