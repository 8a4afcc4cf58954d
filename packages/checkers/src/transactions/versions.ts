import type { Ints } from "./columns.ts";
import type { Graph } from "./graph.ts";

/** What the order of two versions rests on: kinds of edge in the graph of versions. */
export const BY_VALUE = 0;
export const BY_PROCESS = 1;
export const BY_REALTIME = 2;

/** "u is older than v" for versions of registers: an element, or `initial(key)`. */
export interface VersionOrder {
  /** Versions are the nodes; an edge's witness is a place in `because`. */
  readonly graph: Graph;
  readonly initial: (key: number) => number;
  /** For each witness the two transactions that show it; the same one twice where one shows it alone; -1 for nobody. */
  readonly because: { readonly earlier: Ints; readonly later: Ints };
}
