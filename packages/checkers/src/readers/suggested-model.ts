import type { History } from "../history.ts";

/** The names of `models/named.ts` by the verbs that a history has, the strictest test first. */
const BY_VERBS: readonly (readonly [model: string, verbs: readonly string[]])[] = [
  ["txn", ["txn"]],
  ["register", ["read", "write"]],
  ["cas-register", ["read", "write", "cas", "delete"]],
  ["kv", ["get", "put", "append", "delete", "cas"]],
  ["map", ["get", "put", "append", "delete", "cas", "range", "txn"]],
  ["queue", ["enqueue", "dequeue"]],
  ["lock", ["acquire", "release"]],
  ["bank", ["transfer", "read"]],
];

/** What a history seems to be one of; undefined if nobody could know. */
export function suggestedModel(history: History): string | undefined {
  const verbs = new Set(history.map(({ f }) => f));
  if (verbs.size === 0) return undefined;
  for (const [model, known] of BY_VERBS) {
    if ([...verbs].every((verb) => known.includes(verb)) && isTold(model, verbs)) return model;
  }
  return byReads(history, verbs);
}

/** Reads alone are of everything. */
function isTold(model: string, verbs: ReadonlySet<string>): boolean {
  return model !== "bank" || verbs.has("transfer");
}

/** Adding and reading: a set answers with a list, a counter with a number. Appending and reading: a ledger. */
function byReads(history: History, verbs: ReadonlySet<string>): string | undefined {
  const others = [...verbs].filter((verb) => verb !== "read");
  const answers = history.filter(({ f, outcome }) => f === "read" && outcome === "ok").map(({ output }) => output);
  const lists = answers.length > 0 && answers.every((answer) => answer === null || Array.isArray(answer));
  const only = (...known: string[]): boolean => others.every((verb) => known.includes(verb));
  if (only("append")) return lists ? "ledger" : undefined;
  if (only("add", "remove", "contains") && lists) return "set";
  return only("add", "increment", "decrement") && !lists ? "counter" : undefined;
}
