import { bad, keyText } from "./events.ts";
import type { HistoryEvent } from "./history-file.ts";

/** Verbs whose value stays as it is: lists of micro-operations on keys of their own. */
const TRANSACTIONS: readonly string[] = ["txn"];

/**
 * Are values pairs of key and value, as Jepsen's `independent` makes them? They are if every value is a pair, and some
 * show that the pair is not just what is asked: reads that ask for nothing else, or compare-and-sets of two values.
 */
export function asksOnTuples(invocations: readonly HistoryEvent[]): boolean {
  const asked = invocations.filter(({ f }) => !TRANSACTIONS.includes(f));
  if (!asked.every(({ value, key }) => key === undefined && isPair(value))) return false;
  return asked.some(({ f, value }) => {
    const [, inner] = value as [unknown, unknown];
    return f === "cas" ? isPair(inner) : inner === null;
  });
}

export function keyOf({ key, value, at }: HistoryEvent, tuples: boolean, text: string): string {
  if (key !== undefined) return key;
  return tuples && isPair(value) ? keyText(value[0], text, at) : "";
}

export function inputOf(
  invoke: HistoryEvent,
  completion: HistoryEvent | undefined,
  tuples: boolean,
  text: string,
): unknown {
  const value = withoutKey(invoke.value, tuples && invoke.key === undefined);
  if (invoke.f !== "cas") return value ?? writtenAfterwards(invoke, completion, tuples);
  if (isPair(value)) return { from: value[0], to: value[1] };
  const named = value as { from?: unknown; to?: unknown } | null;
  const isNamed =
    typeof named === "object" && named !== null && Object.hasOwn(named, "from") && Object.hasOwn(named, "to");
  if (isNamed) return value;
  throw bad(text, invoke.at, "the value of a cas is the pair of the expected and the new value, and this is none");
}

/** What is to be dequeued or was written may be told at the end only. */
function writtenAfterwards(invoke: HistoryEvent, completion: HistoryEvent | undefined, tuples: boolean): unknown {
  if (invoke.f !== "write" && invoke.f !== "put" && invoke.f !== "enqueue" && invoke.f !== "append") return null;
  return completion?.type === "ok" ? withoutKey(completion.value, tuples) : null;
}

/** A completed cas was done: where it was not, Jepsen says `fail`. */
export function outputOf(completion: HistoryEvent, tuples: boolean): unknown {
  const value = withoutKey(completion.value, tuples && completion.key === undefined);
  return completion.f === "cas" ? value !== false : value;
}

function withoutKey(value: unknown, tuples: boolean): unknown {
  return tuples && isPair(value) ? value[1] : value;
}

function isPair(value: unknown): value is [unknown, unknown] {
  return Array.isArray(value) && value.length === 2;
}
