import { type History, malformed, NEVER_RETURNED, type Operation } from "../history.ts";
import { tell } from "../sequential/tell.ts";
import type { Verdict, Violation } from "../verdict.ts";
import { type Hold, holdsOf, tokenIn } from "./holds.ts";

export interface MutualExclusionOptions {
  /** How long a lock is given for, in the history's unit; for ever unless given or in the answer. */
  readonly lease?: number;
}

const MOST_OF_ONE_KIND = 3;

/**
 * Does a lock exclude? From a history with f "acquire" or "lock" (output true, a fencing token, or `{token, lease}`; false
 * if it was not given), f "release" or "unlock", and f "write" with input `{token}` (ok, unless output is false) to what the
 * lock protects. The key names the lock.
 *
 * - "two holders": two processes certainly held it at once, by their answers;
 * - "token not monotone": a later holder has no higher token than an earlier one;
 * - "stale token accepted": a write with a token was accepted after one with a higher token had been. This is what a lock
 *   with leases really needs (Kleppmann, "How to do distributed locking", 2016), since holders may not notice their end.
 */
export function checkMutualExclusion(history: History, options: MutualExclusionOptions = {}): Verdict {
  const problem = malformed(history);
  if (problem !== undefined) return { type: "unknown", reason: `The history cannot be judged: ${problem}.` };
  const kinds: Violation[][] = [[], [], []];
  for (const key of new Set(history.map((operation) => operation.key))) {
    const own = history.filter((operation) => operation.key === key);
    const holds = holdsOf(own, options.lease);
    kinds[0]!.push(...twoHolders(holds));
    kinds[1]!.push(...unorderedTokens(holds));
    kinds[2]!.push(...staleWrites(own));
  }
  const [first, ...others] = kinds.flatMap((violations) => violations.slice(0, MOST_OF_ONE_KIND));
  return first === undefined ? { type: "ok" } : { type: "illegal", violations: [first, ...others] };
}

function violation(anomaly: string, reason: string, culprit: Operation, others: (Operation | undefined)[]): Violation {
  const all = new Set([culprit, ...others.filter((operation) => operation !== undefined)]);
  const operations = [...all].sort((a, b) => a.call - b.call);
  return { anomaly, reason, operations, key: culprit.key, culprit };
}

/** Walks over the holds by their beginnings, with those that have not ended: nearly always one. */
function twoHolders(holds: readonly Hold[]): Violation[] {
  const found: Violation[] = [];
  let open: Hold[] = [];
  for (const hold of [...holds].sort((a, b) => a.from - b.from)) {
    if (hold.until <= hold.from) continue;
    open = open.filter(({ until }) => until > hold.from);
    const other = open.find(({ acquire }) => acquire.process !== hold.acquire.process);
    if (other !== undefined) {
      const end = other.until === NEVER_RETURNED ? "ever" : `${other.until}`;
      const reason = `${tell(hold.acquire)} was given the lock at ${hold.from} although process ${other.acquire.process} held it from ${other.from} until ${end}: ${tell(other.acquire)}.`;
      const ends = [other, hold].flatMap(({ release }) => release ?? []);
      found.push(violation("two holders", reason, hold.acquire, [other.acquire, ...ends]));
    }
    open.push(hold);
  }
  return found;
}

interface Numbered {
  readonly operation: Operation;
  readonly token: number;
}

/** Pairs of which the first returned before the second was called, and yet has a higher token: of each, with the highest. */
function overtaken(
  numbered: readonly Numbered[],
  isWrong: (before: number, after: number) => boolean,
): [Numbered, Numbered][] {
  const found: [Numbered, Numbered][] = [];
  const byReturn = [...numbered].sort((a, b) => a.operation.return - b.operation.return);
  let returned = 0;
  let highest: Numbered | undefined;
  for (const current of [...numbered].sort((a, b) => a.operation.call - b.operation.call)) {
    for (; returned < byReturn.length; returned += 1) {
      const earlier = byReturn[returned] as Numbered;
      if (earlier.operation.return >= current.operation.call) break;
      if (highest === undefined || earlier.token > highest.token) highest = earlier;
    }
    if (highest !== undefined && isWrong(highest.token, current.token)) found.push([highest, current]);
  }
  return found;
}

function unorderedTokens(holds: readonly Hold[]): Violation[] {
  const numbered = holds.flatMap(({ acquire, token }) => (token === undefined ? [] : [{ operation: acquire, token }]));
  const late = overtaken(numbered, (before, after) => before >= after);
  const found = late.map(([{ operation: before }, { operation: after, token }]) => {
    const reason = `${tell(after)} got token ${token}, which is not above that of ${tell(before)}.`;
    return violation("token not monotone", reason, after, [before]);
  });
  if (found.length > 0) return found;
  const first = new Map<number, Operation>();
  for (const { operation, token } of numbered) {
    const other = first.get(token);
    if (other === undefined) first.set(token, operation);
    else
      found.push(
        violation("token not monotone", `${tell(operation)} got the same token as ${tell(other)}.`, operation, [other]),
      );
  }
  return found;
}

function staleWrites(history: History): Violation[] {
  const accepted = history
    .filter(({ f, outcome, output }) => f === "write" && outcome === "ok" && output !== false)
    .flatMap((operation) => {
      const token = tokenIn(operation.input);
      return token === undefined ? [] : [{ operation, token }];
    });
  return overtaken(accepted, (before, after) => before > after).map(([{ operation: before }, { operation: after }]) => {
    const reason = `${tell(after)} was accepted after ${tell(before)}, whose token is newer.`;
    return violation("stale token accepted", reason, after, [before]);
  });
}
