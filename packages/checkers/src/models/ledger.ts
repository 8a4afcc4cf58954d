import { appendOrder, type ListRead } from "../append-order.ts";
import type { History, Operation } from "../history.ts";
import type { Model } from "../model.ts";
import { hashText, sameValue, shown, textOf } from "../values.ts";

/** The entries; of a ledger that nobody ever sees so, only how many there are. */
export type LedgerState = readonly unknown[] | number;

/**
 * A list that only grows.
 *
 * - `append`: input the entry, output `{index}`, its place from 0; any other output says nothing.
 * - `read`: input null for all entries or `{from, to}` for those from a place up to, without, another; output the entries.
 * - `length`: output how many there are.
 */
export function ledger(): Model<LedgerState> {
  return {
    initial: [],
    step: stepLedger,
    equal: sameValue,
    hash: (state) => hashText(textOf(state)),
    isRead: ({ f }) => f === "read" || f === "length",
    specialize: observed,
    precedence,
    describe: describeLedger,
    describeState: (state) => (typeof state === "number" ? `one of ${state} entries that nobody saw` : shown(state)),
    subject: "the ledger",
  };
}

function stepLedger(state: LedgerState, { f, input, output, outcome }: Operation): LedgerState | undefined {
  const answered = outcome === "ok";
  const length = typeof state === "number" ? state : state.length;
  switch (f) {
    case "append": {
      const index =
        answered && typeof output === "object" && output !== null ? (output as { index?: unknown }).index : undefined;
      if (typeof index === "number" && index !== length) return undefined;
      return typeof state === "number" ? state + 1 : [...state, input];
    }
    case "read":
      if (!answered) return state;
      return typeof state !== "number" && sameValue(output ?? [], part(state, input)) ? state : undefined;
    case "length":
      return !answered || output === length ? state : undefined;
    default:
      return undefined;
  }
}

function part(entries: readonly unknown[], input: unknown): readonly unknown[] {
  const { from, to } = (input ?? {}) as { from?: number; to?: number };
  return from === undefined && to === undefined ? entries : entries.slice(from ?? 0, to);
}

/** What is not the beginning of a list that somebody read is only counted. */
function observed(history: History): Model<LedgerState> {
  const seen = new Set<string>();
  for (const { f, input, output, outcome } of history) {
    if (f !== "read" || outcome !== "ok") continue;
    if (input !== null && input !== undefined) return ledger();
    const entries = Array.isArray(output) ? output.map(textOf) : [];
    for (let length = entries.length; length >= 0; length -= 1) {
      const beginning = `[${entries.slice(0, length).join(",")}]`;
      if (seen.has(beginning)) break;
      seen.add(beginning);
    }
  }
  return {
    ...ledger(),
    step(state, operation) {
      const next = stepLedger(state, operation);
      return next === undefined || typeof next === "number" || seen.has(textOf(next)) ? next : next.length;
    },
  };
}

/** If all entries differ, what was read tells in which order they were appended. */
function precedence(history: History): [number, number][] {
  const appended = new Map<string, number>();
  for (const [place, { f, input }] of history.entries()) {
    if (f !== "append") continue;
    if (appended.has(textOf(input))) return [];
    appended.set(textOf(input), place);
  }
  const reads: ListRead[] = [];
  for (const [read, { f, input, output, outcome }] of history.entries()) {
    if (f !== "read" || outcome !== "ok" || (input !== null && input !== undefined)) continue;
    const elements = (Array.isArray(output) ? output : []).map((entry) => appended.get(textOf(entry)));
    if (elements.every((element) => element !== undefined)) reads.push({ read, elements });
  }
  return appendOrder(reads);
}

function describeLedger({ f, input, output, outcome }: Operation): string {
  const answered = outcome === "ok";
  switch (f) {
    case "append": {
      const index =
        answered && typeof output === "object" && output !== null ? (output as { index?: unknown }).index : undefined;
      return `${answered ? "appended" : "asked to append"} ${shown(input)}${index === undefined ? "" : ` as entry ${index}`}`;
    }
    case "length":
      return answered ? `counted ${shown(output)} entries` : "asked how many entries there are";
    default:
      return answered ? `read ${shown(output)}` : "asked to read";
  }
}
