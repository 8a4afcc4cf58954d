import { appendOrder, type ListRead, textSplitter } from "../append-order.ts";
import type { History, Operation } from "../history.ts";
import type { Model } from "../model.ts";
import { shown } from "../values.ts";
import { casRegister, type Value } from "./register.ts";

/**
 * One key of a key-value store: `get`, `put`, `append` (to a string; absent counts as ""), `delete`, and `cas` as in
 * the register. The history's `key` says which key.
 * @param initial what a key that was never written answers: null, or "" in stores that cannot tell.
 */
export function keyValue(initial: Value = null): Model<Value> {
  const register = casRegister(initial);
  return {
    ...register,
    step(state, operation) {
      switch (operation.f) {
        case "append":
          return `${state ?? ""}${operation.input as string}`;
        case "delete":
          return initial;
        default:
          return register.step(state, asRegister(operation));
      }
    },
    isRead: (operation) => register.isRead(asRegister(operation)),
    asRegister(operation) {
      if (operation.f === "append") return undefined;
      if (operation.f === "delete") return { type: "write", value: initial };
      return register.asRegister?.(asRegister(operation));
    },
    specialize: (history) => observed(keyValue(initial), history),
    precedence: initial === null || initial === "" ? precedence : () => [],
    describe: describeKeyValue(register),
  };
}

const REGISTER_VERBS: Readonly<Record<string, string>> = { get: "read", put: "write", cas: "cas" };

function asRegister(operation: Operation): Operation {
  return { ...operation, f: REGISTER_VERBS[operation.f] ?? "unknown verb" };
}

function describeKeyValue(register: Model<Value>): (operation: Operation) => string {
  return (operation) => {
    const answered = operation.outcome === "ok";
    switch (operation.f) {
      case "append":
        return `${answered ? "appended" : "asked to append"} ${shown(operation.input)}`;
      case "delete":
        return answered ? "deleted it" : "asked to delete it";
      default:
        return register.describe(asRegister(operation));
    }
  };
}

/** Stands for every value that is not the beginning of one that somebody saw. */
const UNSEEN: Value = "\u0000a value that nobody saw";

/** What nobody read, nor could have read after appending, need not be told apart. */
function observed(model: Model<Value>, history: History): Model<Value> {
  const seen = new Set<string>();
  const others = new Set<Value>();
  for (const { f, input, output, outcome } of history) {
    const value = f === "cas" ? (input as { from: Value }).from : (output as Value);
    if (f !== "cas" && (f !== "get" || outcome !== "ok")) continue;
    if (typeof value === "string") seen.add(value);
    else others.add(value);
  }
  const sorted = [...seen].sort();
  const merged = (value: Value): Value => {
    if (value === UNSEEN || value === null || others.has(value)) return value;
    // Appending to a number makes a text of it.
    return beginsOne(sorted, String(value)) ? value : UNSEEN;
  };
  return {
    ...model,
    step(state, operation) {
      if (state === UNSEEN && operation.f === "append") return UNSEEN;
      const next = model.step(state, operation);
      return next === undefined ? undefined : merged(next);
    },
    describeState: (state) => (state === UNSEEN ? "one that nobody saw" : model.describeState(state)),
  };
}

/** Is `text` the beginning of one of the sorted texts? If so, of the first that does not sort below it. */
function beginsOne(sorted: readonly string[], text: string): boolean {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as string) < text) low = middle + 1;
    else high = middle;
  }
  return sorted[low]?.startsWith(text) ?? false;
}

/** If everything that was written differs, what reads find tells which writes made it, and in which order. */
function precedence(history: History): [number, number][] {
  const pieces = new Map<string, number>();
  for (const [place, { f, input }] of history.entries()) {
    if (f === "get" || f === "delete") continue;
    if ((f !== "put" && f !== "append") || typeof input !== "string" || pieces.has(input)) return [];
    pieces.set(input, place);
  }
  const split = textSplitter(pieces);
  if (split === undefined) return [];
  const reads: ListRead[] = [];
  for (const [read, { f, output }] of history.entries()) {
    const elements = f === "get" && typeof output === "string" ? split(output) : undefined;
    if (elements !== undefined) reads.push({ read, elements });
  }
  return appendOrder(reads);
}
