import { CONTINUED, type EdgeList, PROCESS, REALTIME } from "./graph.ts";
import { OK, type TransactionTable } from "./table.ts";
import type { Writers } from "./writers.ts";

/** Rows in order of call; rows with the same time in the order of the table. */
export function byCall(table: TransactionTable): Int32Array {
  const order = new Int32Array(table.length);
  let isSorted = true;
  for (let t = 0; t < table.length; t += 1) {
    order[t] = t;
    if (t > 0 && table.call.array[t - 1]! > table.call.array[t]!) isSorted = false;
  }
  const call = table.call.array;
  return isSorted ? order : order.sort((a, b) => call[a]! - call[b]! || a - b);
}

/** A client's transactions one after the other, where the one had returned before the next was called. */
export function addProcessEdges(table: TransactionTable, writers: Writers, order: Int32Array, edges: EdgeList): void {
  const last = new Map<number, number>();
  for (const t of order) {
    if (writers.committed[t] === 0) continue;
    const process = table.processes.array[t]!;
    const before = last.get(process);
    if (before !== undefined && table.return.array[before]! <= table.call.array[t]!) edges.add(before, t, PROCESS, -1);
    // One that was never answered is before nothing: it may take effect at any time.
    if (table.outcome.array[t] === OK) last.set(process, t);
  }
}

/**
 * Who had returned before who was called, with three edges a transaction instead of one for each pair: a chain of barriers
 * in order of time. What returned leads to the next barrier; from the last barrier before its call each is reached.
 * A return and a call at the same time overlap.
 */
export function addRealtimeEdges(table: TransactionTable, writers: Writers, order: Int32Array, edges: EdgeList): void {
  const answered = order.filter((t) => table.outcome.array[t] === OK);
  const returned = table.return.array;
  const byReturn = answered.sort((a, b) => returned[a]! - returned[b]! || a - b);
  let barrier = -1;
  let next = 0;
  for (const t of order) {
    if (writers.committed[t] === 0) continue;
    const call = table.call.array[t]!;
    if (next < byReturn.length && returned[byReturn[next]!]! < call) {
      const later = edges.auxiliary();
      if (barrier >= 0) edges.add(barrier, later, CONTINUED, -1);
      for (; next < byReturn.length && returned[byReturn[next]!]! < call; next += 1) {
        edges.add(byReturn[next]!, later, REALTIME, -1);
      }
      barrier = later;
    }
    if (barrier >= 0) edges.add(barrier, t, CONTINUED, -1);
  }
}
