import type { Graph } from "./graph.ts";

/** Strongly connected components: whatever lies on a cycle shares one with all of that cycle. */
export interface Components {
  /** By node: its component's number; -1 if it is on no cycle. */
  readonly of: Int32Array;
  /** How many components have more than one node. */
  readonly count: number;
}

/**
 * Tarjan, "Depth-first search and linear graph algorithms" (1972), with a stack of its own: a history of a million
 * transactions in a row is a path of that length. Only edges whose kind is in the mask count. Graphs have no self-edges.
 */
export function stronglyConnected(graph: Graph, mask: number): Components {
  const { nodes, start, target, kind } = graph;
  const of = new Int32Array(nodes).fill(-1);
  const index = new Int32Array(nodes); // 0: not visited
  const low = new Int32Array(nodes);
  const onStack = new Uint8Array(nodes);
  const stack = new Int32Array(nodes);
  const path = new Int32Array(nodes);
  const edgeOf = new Int32Array(nodes);
  let [clock, stacked, count] = [0, 0, 0];
  const open = (node: number): void => {
    clock += 1;
    index[node] = clock;
    low[node] = clock;
    stack[stacked] = node;
    stacked += 1;
    onStack[node] = 1;
    edgeOf[node] = start[node]!;
  };
  const close = (node: number): void => {
    if (low[node] !== index[node]) return;
    const isCycle = stack[stacked - 1] !== node;
    for (let member = -1; member !== node; ) {
      stacked -= 1;
      member = stack[stacked]!;
      onStack[member] = 0;
      if (isCycle) of[member] = count;
    }
    if (isCycle) count += 1;
  };
  for (let root = 0; root < nodes; root += 1) {
    if (index[root] !== 0) continue;
    let depth = 0;
    path[0] = root;
    open(root);
    while (depth >= 0) {
      const node = path[depth]!;
      const edge = edgeOf[node]!;
      if (edge === start[node + 1]) {
        close(node);
        depth -= 1;
        if (depth >= 0) low[path[depth]!] = Math.min(low[path[depth]!]!, low[node]!);
        continue;
      }
      edgeOf[node] = edge + 1;
      if (((1 << kind[edge]!) & mask) === 0) continue;
      const next = target[edge]!;
      if (index[next] === 0) {
        depth += 1;
        path[depth] = next;
        open(next);
      } else if (onStack[next] === 1 && index[next]! < low[node]!) low[node] = index[next]!;
    }
  }
  return { of, count };
}
