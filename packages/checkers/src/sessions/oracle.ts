import type { History, Operation } from "../history.ts";
import type { SessionGuarantee } from "./rules.ts";

/**
 * The guarantees on one key themselves: some order of its writes in which the steps of each session go forward as promised.
 * Tries every order; for reads and writes of unique values, all answered.
 */
export function isKeptByDefinition(history: History, promised: ReadonlySet<SessionGuarantee>): boolean {
  const writes = history.filter(({ f }) => f === "write").map(({ input }) => input);
  return permutations(writes).some((order) => {
    const rank = ({ f, input, output }: Operation): number => order.indexOf(f === "write" ? input : output);
    return history.every((later, index) =>
      history.slice(0, index).every((earlier) => {
        if (earlier.process !== later.process || !promised.has(between(earlier, later))) return true;
        return rank(earlier) <= rank(later);
      }),
    );
  });
}

function between({ f: before }: Operation, { f: after }: Operation): SessionGuarantee {
  if (before === "write") return after === "read" ? "read your writes" : "monotonic writes";
  return after === "read" ? "monotonic reads" : "writes follow reads";
}

function permutations(items: readonly unknown[]): unknown[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}
