import { type History, malformed, type Operation } from "../history.ts";
import { tell } from "../sequential/tell.ts";
import type { Verdict, Violation } from "../verdict.ts";
import { type ElementStory, elementStories, isAdd, nameOf, readsOf } from "./elements.ts";

export interface ConvergenceOptions {
  /** From this time on nothing is added and all faults are over: reads that begin later must all be equal. */
  readonly quietSince?: number;
  /** True if a read that begins after an add was answered must show it; else stale reads are only counted. */
  readonly linearizable?: boolean;
}

export interface StaleElement {
  readonly element: unknown;
  /** How long after it was known the last read that missed it began, in the history's unit. */
  readonly latency: number;
}

/** Of each key's elements together. Times are in the history's unit. */
export interface ConvergenceSummary {
  readonly attempted: number;
  readonly acknowledged: number;
  /** Shown by every read that began after some time. */
  readonly stable: number;
  /** Acknowledged or shown, and missing from every read since. */
  readonly lost: number;
  /** Neither: no read began late enough to tell. */
  readonly neverRead: number;
  readonly stale: number;
  readonly worstStale: readonly StaleElement[];
  readonly duplicated: number;
  readonly unexpected: number;
  /** Time from known to stable at the quantiles 0, 0.5, 0.95, 0.99 and 1; undefined if nothing is stable. */
  readonly stableLatencies: readonly [number, number, number, number, number] | undefined;
}

export interface ConvergenceResult {
  readonly verdict: Verdict;
  readonly summary: ConvergenceSummary;
}

const QUANTILES = [0, 0.5, 0.95, 0.99, 1] as const;
const WORST = 8;
const MOST_VIOLATIONS = 8;

/**
 * Does every element that was added to a set (f "add" or "broadcast", the element as input) end up in all reads (f "read",
 * a list as output), once? The idea is Jepsen's set-full: an element is judged by the last read that shows it and the last
 * one that does not. Reads that begin after `quietSince` must be equal besides. Keys are sets of their own.
 *
 * "unknown" if no read began late enough to say anything of any element.
 */
export function checkConvergence(history: History, options: ConvergenceOptions = {}): ConvergenceResult {
  const violations: Violation[] = [];
  const stories: ElementStory[] = [];
  const problem = malformed(history);
  if (problem !== undefined) return unknown(`The history cannot be judged: ${problem}.`);
  for (const [key, operations] of byKey(history)) {
    const reads = readsOf(operations);
    if (reads === undefined) return unknown(`A read of ${JSON.stringify(key)} did not answer a list of elements.`);
    const own = elementStories(operations, reads);
    stories.push(...own);
    for (const story of own) violations.push(...faultsOf(story, options));
    if (options.quietSince !== undefined) violations.push(...unequal(reads, options.quietSince));
  }
  const summary = summarize(stories);
  const [first, ...others] = violations.slice(0, MOST_VIOLATIONS);
  if (first !== undefined) return { verdict: { type: "illegal", violations: [first, ...others] }, summary };
  if (summary.stable > 0 || summary.attempted === 0) return { verdict: { type: "ok" }, summary };
  return { verdict: { type: "unknown", reason: "No element was read late enough to say what became of it." }, summary };
}

function unknown(reason: string): ConvergenceResult {
  return { verdict: { type: "unknown", reason }, summary: summarize([]) };
}

function byKey(history: History): Map<string, Operation[]> {
  const keys = new Map<string, Operation[]>();
  for (const operation of history) {
    const operations = keys.get(operation.key);
    if (operations === undefined) keys.set(operation.key, [operation]);
    else operations.push(operation);
  }
  return keys;
}

function isStable({ lastPresent, lastAbsent }: ElementStory): boolean {
  return lastPresent !== undefined && (lastAbsent === undefined || lastAbsent.call < lastPresent.call);
}

/** Known before a read began that misses it, and in no read that began since. */
function isLost({ lastPresent, lastAbsent, knownAt }: ElementStory): boolean {
  if (lastAbsent === undefined || knownAt >= lastAbsent.call) return false;
  return lastPresent === undefined || lastPresent.call < lastAbsent.call;
}

function isUnexpected({ add, firstPresent }: ElementStory): boolean {
  return firstPresent !== undefined && (add === undefined || add.outcome === "fail" || add.call > firstPresent.return);
}

/** How long it stayed unseen by some after it was known; 0 if never. */
function latencyOf({ lastAbsent, knownAt }: ElementStory): number {
  return lastAbsent === undefined ? 0 : Math.max(0, lastAbsent.call + 1 - knownAt);
}

function faultsOf(story: ElementStory, { linearizable }: ConvergenceOptions): Violation[] {
  const { add, element, firstPresent, lastPresent, lastAbsent, duplicated } = story;
  const faults: Violation[] = [];
  const fault = (anomaly: string, reason: string, culprit: Operation, others: (Operation | undefined)[]): void => {
    const all = new Set([culprit, ...others.filter((operation) => operation !== undefined)]);
    const operations = [...all].sort((a, b) => a.call - b.call);
    faults.push({ anomaly, reason, operations, key: culprit.key, culprit });
  };
  const known =
    add?.outcome === "ok" && add.return === story.knownAt
      ? `${tell(add)} had been answered`
      : `${firstPresent === undefined ? "" : shown(firstPresent)} had shown it`;
  const witness = add?.outcome === "ok" && add.return === story.knownAt ? undefined : firstPresent;
  if (isLost(story)) {
    const last = lastPresent === undefined ? "no read ever showed it" : `the last to show it was ${shown(lastPresent)}`;
    const reason = `${shown(lastAbsent!)} misses ${nameOf(element)} although ${known}; ${last}.`;
    fault("lost element", reason, lastAbsent!, [add, witness, lastPresent]);
  }
  if (linearizable && isStable(story) && latencyOf(story) > 0) {
    const reason = `${shown(lastAbsent!)} misses ${nameOf(element)} although ${known} before it began.`;
    fault("stale read", reason, lastAbsent!, [add, witness]);
  }
  if (duplicated !== undefined) {
    fault("duplicate element", `${shown(duplicated)} shows ${nameOf(element)} more than once.`, duplicated, [add]);
  }
  if (isUnexpected(story)) fault("unexpected element", whyUnexpected(story), firstPresent!, [add]);
  return faults;
}

function whyUnexpected({ add, element, firstPresent }: ElementStory): string {
  const why =
    add === undefined
      ? "which nobody added"
      : add.outcome === "fail"
        ? `but ${tell(add)} was refused`
        : `before ${tell(add)}`;
  return `${shown(firstPresent!)} shows ${nameOf(element)}, ${why}.`;
}

/** A read without its long answer. */
function shown(read: Operation): string {
  const { process, node, call } = read;
  return `process ${process}'s read${node === undefined ? "" : ` at ${node}`} (${call}..${read.return})`;
}

/** Reads of a quiet time that differ: the first, and the first of a different answer. */
function unequal(reads: readonly Operation[], quietSince: number): Violation[] {
  const [first, ...others] = reads.filter(({ call }) => call >= quietSince);
  if (first === undefined) return [];
  const setOf = ({ output }: Operation): Set<string> => new Set((output as readonly unknown[]).map(nameOf));
  const expected = setOf(first);
  for (const other of others) {
    const found = setOf(other);
    const missing = [...expected].find((element) => !found.has(element));
    const more = [...found].find((element) => !expected.has(element));
    if (missing === undefined && more === undefined) continue;
    const [which, without] = missing === undefined ? [other, first] : [first, other];
    const reason = `After all was quiet at ${quietSince}, ${shown(which)} shows ${missing ?? more} and ${shown(without)} does not.`;
    return [{ anomaly: "diverged replicas", reason, operations: [first, other], key: first.key, culprit: other }];
  }
  return [];
}

function summarize(stories: readonly ElementStory[]): ConvergenceSummary {
  const stable = stories.filter(isStable);
  const latencies = stable.map(latencyOf).sort((a, b) => a - b);
  const stale = stable
    .map((story) => ({ element: story.element, latency: latencyOf(story) }))
    .filter(({ latency }) => latency > 0);
  const lost = stories.filter(isLost).length;
  const attempts = stories.filter(({ add }) => add !== undefined && isAdd(add));
  return {
    attempted: attempts.length,
    acknowledged: attempts.filter(({ add }) => add?.outcome === "ok").length,
    stable: stable.length,
    lost,
    neverRead: stories.length - stable.length - lost,
    stale: stale.length,
    worstStale: stale.sort((a, b) => b.latency - a.latency).slice(0, WORST),
    duplicated: stories.filter(({ duplicated }) => duplicated !== undefined).length,
    unexpected: stories.filter(isUnexpected).length,
    stableLatencies: quantiles(latencies),
  };
}

function quantiles(sorted: readonly number[]): [number, number, number, number, number] | undefined {
  if (sorted.length === 0) return undefined;
  const at = (quantile: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))]!;
  const [least, half, most, nearlyAll, all] = QUANTILES;
  return [at(least), at(half), at(most), at(nearlyAll), at(all)];
}
