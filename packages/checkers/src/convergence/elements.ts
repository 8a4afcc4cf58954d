import type { History, Operation } from "../history.ts";
import { textOf } from "../values.ts";

/** What became of one element that was added, or turned up. */
export interface ElementStory {
  readonly element: unknown;
  readonly add: Operation | undefined;
  /** The earliest sign that it is in: the end of its add, or of the first read that shows it. */
  readonly knownAt: number;
  /** The read that shows it and began last; the one that does not and began last. */
  readonly lastPresent: Operation | undefined;
  readonly lastAbsent: Operation | undefined;
  /** The first read that shows it, and one that shows it more than once. */
  readonly firstPresent: Operation | undefined;
  readonly duplicated: Operation | undefined;
}

interface Draft {
  element: unknown;
  add: Operation | undefined;
  knownAt: number;
  lastPresent: Operation | undefined;
  lastAbsent: Operation | undefined;
  firstPresent: Operation | undefined;
  duplicated: Operation | undefined;
}

const ADDS: ReadonlySet<string> = new Set(["add", "broadcast"]);

export function isAdd({ f }: Operation): boolean {
  return ADDS.has(f);
}

/** Answered reads in order of call. @returns undefined where an answer is no list. */
export function readsOf(history: History): readonly Operation[] | undefined {
  const reads = history.filter(({ f, outcome }) => f === "read" && outcome === "ok");
  if (reads.some(({ output }) => !Array.isArray(output))) return undefined;
  return reads.sort((a, b) => a.call - b.call);
}

/** An element for comparison: equal values are one element. */
export function nameOf(element: unknown): string {
  return textOf(element);
}

export function elementStories(history: History, reads: readonly Operation[]): ElementStory[] {
  const drafts = new Map<string, Draft>();
  for (const add of history) if (isAdd(add)) draftOf(drafts, add.input).add = laterOutcome(drafts, add);
  for (const read of reads) {
    const counts = countElements(read);
    for (const [name, { element, count }] of counts) {
      const draft = drafts.get(name) ?? draftOf(drafts, element);
      draft.firstPresent = earlier(draft.firstPresent, read);
      draft.lastPresent = read;
      if (count > 1) draft.duplicated ??= read;
    }
    // Reads come in order of call, so the latest one wins.
    for (const [name, draft] of drafts) if (!counts.has(name)) draft.lastAbsent = read;
  }
  for (const draft of drafts.values()) {
    const answered = draft.add?.outcome === "ok" ? draft.add.return : Number.MAX_SAFE_INTEGER;
    draft.knownAt = Math.min(answered, draft.firstPresent?.return ?? Number.MAX_SAFE_INTEGER);
  }
  return [...drafts.values()];
}

function draftOf(drafts: Map<string, Draft>, element: unknown): Draft {
  const known = drafts.get(nameOf(element));
  if (known !== undefined) return known;
  const none = { add: undefined, lastPresent: undefined, lastAbsent: undefined, firstPresent: undefined };
  const draft: Draft = { element, ...none, duplicated: undefined, knownAt: Number.MAX_SAFE_INTEGER };
  drafts.set(nameOf(element), draft);
  return draft;
}

/** An element that was added several times was added if one of them was; the first answer counts. */
function laterOutcome(drafts: Map<string, Draft>, add: Operation): Operation {
  const other = draftOf(drafts, add.input).add;
  if (other === undefined) return add;
  const rank = { ok: 0, unknown: 1, fail: 2 };
  const difference = rank[add.outcome] - rank[other.outcome];
  return difference < 0 || (difference === 0 && add.return < other.return) ? add : other;
}

function countElements({ output }: Operation): Map<string, { readonly element: unknown; count: number }> {
  const counts = new Map<string, { readonly element: unknown; count: number }>();
  for (const element of output as readonly unknown[]) {
    const known = counts.get(nameOf(element));
    if (known === undefined) counts.set(nameOf(element), { element, count: 1 });
    else known.count += 1;
  }
  return counts;
}

function earlier(a: Operation | undefined, b: Operation): Operation {
  return a === undefined || b.return < a.return ? b : a;
}
