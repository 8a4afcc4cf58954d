import type { Components } from "./components.ts";
import { CONTINUED, type Graph } from "./graph.ts";

/** The part of a graph that lies on cycles, and by node which it was. Real nodes stay before auxiliary ones. */
export function onCycles(graph: Graph, { of }: Components): { graph: Graph; original: Int32Array } {
  const place = new Int32Array(graph.nodes).fill(-1);
  let [nodes, real, edges] = [0, 0, 0];
  for (let node = 0; node < graph.nodes; node += 1) {
    if (of[node]! < 0) continue;
    place[node] = nodes;
    nodes += 1;
    if (node < graph.real) real += 1;
    for (let edge = graph.start[node]!; edge < graph.start[node + 1]!; edge += 1) {
      if (of[graph.target[edge]!] === of[node]) edges += 1;
    }
  }
  const part = emptyGraph(nodes, real, edges);
  const original = new Int32Array(nodes);
  let kept = 0;
  for (let node = 0; node < graph.nodes; node += 1) {
    if (of[node]! < 0) continue;
    original[place[node]!] = node;
    for (let edge = graph.start[node]!; edge < graph.start[node + 1]!; edge += 1) {
      const target = graph.target[edge]!;
      if (of[target] !== of[node]) continue;
      part.target[kept] = place[target]!;
      part.kind[kept] = graph.kind[edge]!;
      part.witness[kept] = graph.witness[edge]!;
      kept += 1;
    }
    part.start[place[node]! + 1] = kept;
  }
  return { graph: part, original };
}

/**
 * Each node twice: as reached by an rw edge, and as reached by another. An rw edge leaves only from the latter, so that every
 * cycle of this graph is one without two adjacent rw edges, and Tarjan finds in linear time whether there are any.
 *
 * @returns that graph, and by edge the edge that it stands for.
 */
export function withoutAdjacent(graph: Graph, mask: number, rw: number): { graph: Graph; edgeOf: Int32Array } {
  const most = graph.target.length * 2;
  // Node n is 2n as reached by another edge and 2n + 1 as reached by rw, so that the real ones still come first.
  const doubled = emptyGraph(graph.nodes * 2, graph.real * 2, most);
  const edgeOf = new Int32Array(most);
  let made = 0;
  for (let twin = 0; twin < graph.nodes * 2; twin += 1) {
    const isByRw = twin & 1;
    for (let edge = graph.start[twin >> 1]!; edge < graph.start[(twin >> 1) + 1]!; edge += 1) {
      const bit = 1 << graph.kind[edge]!;
      const isRw = (bit & rw) !== 0;
      if ((bit & mask) === 0 || (isRw && isByRw === 1)) continue;
      const toByRw = isRw || (graph.kind[edge] === CONTINUED && isByRw === 1) ? 1 : 0;
      doubled.target[made] = graph.target[edge]! * 2 + toByRw;
      doubled.kind[made] = graph.kind[edge]!;
      edgeOf[made] = edge;
      made += 1;
    }
    doubled.start[twin + 1] = made;
  }
  return { graph: doubled, edgeOf };
}

function emptyGraph(nodes: number, real: number, edges: number): Graph {
  return {
    nodes,
    real,
    start: new Int32Array(nodes + 1),
    target: new Int32Array(edges),
    kind: new Uint8Array(edges),
    witness: new Int32Array(edges),
  };
}
