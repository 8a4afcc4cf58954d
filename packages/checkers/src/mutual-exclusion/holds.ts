import { type History, NEVER_RETURNED, type Operation } from "../history.ts";

/** A time in which a process certainly held a lock: from the answer that gave it until it began to give it back. */
export interface Hold {
  readonly acquire: Operation;
  readonly release: Operation | undefined;
  readonly from: number;
  readonly until: number;
  readonly token: number | undefined;
}

const ACQUIRES: ReadonlySet<string> = new Set(["acquire", "lock"]);
const RELEASES: ReadonlySet<string> = new Set(["release", "unlock"]);

/** A number, or `{token}`. */
export function tokenIn(value: unknown): number | undefined {
  const token = typeof value === "object" && value !== null ? (value as { token?: unknown }).token : value;
  return typeof token === "number" ? token : undefined;
}

/** @param lease how long a lock is given for, unless its answer says so (`{lease}`). */
export function holdsOf(history: History, lease: number | undefined): Hold[] {
  const inOrder = [...history].sort((a, b) => a.call - b.call);
  return inOrder.filter(isGranted).map((acquire) => {
    const release = inOrder.find(
      (other) =>
        RELEASES.has(other.f) &&
        other.process === acquire.process &&
        other.key === acquire.key &&
        other.call >= acquire.return,
    );
    const until = Math.min(release?.call ?? NEVER_RETURNED, leaseEnd(acquire, lease));
    return { acquire, release, from: acquire.return, until, token: tokenIn(acquire.output) };
  });
}

function isGranted({ f, outcome, output }: Operation): boolean {
  return ACQUIRES.has(f) && outcome === "ok" && output !== false;
}

/** The lease began between call and return; so it is certain only until its length after the call. */
function leaseEnd({ output, call }: Operation, lease: number | undefined): number {
  const told = typeof output === "object" && output !== null ? (output as { lease?: unknown }).lease : undefined;
  const length = typeof told === "number" ? told : lease;
  return length === undefined ? NEVER_RETURNED : call + length;
}
