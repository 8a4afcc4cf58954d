import { type History, NEVER_RETURNED, type Operation } from "../history.ts";
import type { Verdict, Violation } from "../verdict.ts";
import { identityOf } from "./points.ts";

/** A part of a history that is drawn, by call time. */
export interface Excerpt {
  readonly operations: History;
  /** How many there are of which these are some. */
  readonly of: number;
}

/** The part that is drawn big: the violation's own operations, and of those at most so many, the nearest to the culprit. */
export function failingPart(violation: Violation, most: number): Excerpt {
  const { operations, culprit, edges = [] } = violation;
  const blamed = culprit === undefined ? undefined : identityOf(culprit);
  const listed = blamed === undefined || operations.some((operation) => identityOf(operation) === blamed);
  const own = listed || culprit === undefined ? operations : [...operations, culprit];
  const needed = new Set<Operation>(edges.flatMap(({ from, to }) => [operations[from]!, operations[to]!]));
  for (const operation of own) if (identityOf(operation) === blamed) needed.add(operation);
  return nearest(own, instantOf(violation), needed, most);
}

/**
 * The part that is drawn small: what is about the same key as the violation (if keys are judged apart), at most so many
 * operations, the nearest to what went wrong; from the beginning if nothing did.
 */
export function surroundings(history: History, verdict: Verdict, most: number): Excerpt {
  const violation = verdict.type === "illegal" ? verdict.violations[0] : undefined;
  if (violation === undefined) return nearest(history, 0, new Set(), most);
  const same = violation.key === undefined ? history : history.filter(({ key }) => key === violation.key);
  const proof = violation.operations.length <= most / 2 ? violation.operations : [];
  const wanted = new Set([...proof, ...(violation.culprit === undefined ? [] : [violation.culprit])].map(identityOf));
  const needed = new Set(same.filter((operation) => wanted.has(identityOf(operation))));
  return nearest(same, instantOf(violation), needed, most);
}

/** When it went wrong: the culprit's answer, or the last of the violation's operations. */
export function instantOf({ culprit, operations }: Violation): number {
  if (culprit !== undefined) return endOf(culprit);
  return operations.reduce((latest, operation) => Math.max(latest, endOf(operation)), 0);
}

function endOf({ call, return: end }: Operation): number {
  return end === NEVER_RETURNED ? call : end;
}

function nearest(history: History, instant: number, needed: ReadonlySet<Operation>, most: number): Excerpt {
  const byCall = (a: Operation, b: Operation): number => a.call - b.call;
  const of = history.length;
  if (of <= most) return { operations: [...history].sort(byCall), of };
  const distance = (operation: Operation): number =>
    Math.max(0, instant - endOf(operation), 2 * (operation.call - instant));
  const others = history.filter((operation) => !needed.has(operation));
  others.sort((a, b) => distance(a) - distance(b) || byCall(a, b));
  const room = Math.max(0, most - needed.size);
  return { operations: [...needed, ...others.slice(0, room)].sort(byCall), of };
}
