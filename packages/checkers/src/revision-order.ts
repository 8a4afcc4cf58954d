import type { History, Operation } from "./history.ts";
import { interval, type Verdict } from "./verdict.ts";

/** @returns the revision that the operation made (`write`), or that it was served at (`read`); undefined if it tells none. */
export type RevisionOf = (operation: Operation) => { kind: "write" | "read"; revision: number } | undefined;

interface Told {
  readonly operation: Operation;
  readonly kind: "write" | "read";
  readonly revision: number;
}

/**
 * A store with one revision counter for all keys promises one order over all of them. For a whole history at once, in
 * O(n log n): no two writes share a revision, and whatever returned before an operation was called has a lower revision
 * than a write, and at most the revision that a read was served at.
 */
export function checkRevisionOrder(history: History, revisionOf: RevisionOf): Verdict {
  const told: Told[] = [];
  for (const operation of history) {
    const revision = operation.outcome === "ok" ? revisionOf(operation) : undefined;
    if (revision !== undefined) told.push({ operation, ...revision });
  }
  const writers = new Map<number, Operation>();
  for (const { operation, kind, revision } of told) {
    if (kind !== "write") continue;
    const other = writers.get(revision);
    if (other !== undefined) return illegal([other, operation], `both made revision ${revision}`);
    writers.set(revision, operation);
  }
  return checkRealTime(told);
}

/** Walks over calls and returns in order of time, with the highest revision returned so far. */
function checkRealTime(told: readonly Told[]): Verdict {
  const byCall = [...told].sort((a, b) => a.operation.call - b.operation.call);
  const byReturn = [...told].sort((a, b) => a.operation.return - b.operation.return);
  let highest: Told | undefined;
  let returned = 0;
  for (const current of byCall) {
    for (; returned < byReturn.length; returned += 1) {
      const earlier = byReturn[returned] as Told;
      if (earlier.operation.return >= current.operation.call) break;
      if (highest === undefined || earlier.revision > highest.revision) highest = earlier;
    }
    if (highest === undefined) continue;
    const behind =
      current.kind === "write" ? current.revision <= highest.revision : current.revision < highest.revision;
    if (!behind) continue;
    const what = `revision ${highest.revision} was told before revision ${current.revision} was asked for`;
    return illegal([highest.operation, current.operation], what);
  }
  return { type: "ok" };
}

function illegal(operations: readonly [Operation, Operation], what: string): Verdict {
  const tell = ({ process, f, key, ...operation }: Operation): string =>
    `process ${process}'s ${f} of ${JSON.stringify(key)} (${interval({ process, f, key, ...operation })})`;
  const [first, second] = operations;
  const reason = `${tell(first)} and ${tell(second)} contradict each other: ${what}.`;
  const violation = {
    anomaly: "revision order",
    reason,
    operations: [first, second],
    key: second.key,
    culprit: second,
  };
  return { type: "illegal", violations: [violation] };
}
