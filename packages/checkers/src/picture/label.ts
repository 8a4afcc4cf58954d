import { NEVER_RETURNED, type Operation } from "../history.ts";
import { brief, visible } from "./escape.ts";

/** A value as a person writes it: JSON, without the quotes of plain words. Absent is "nil". */
export function valueText(value: unknown): string {
  if (value === undefined || value === null) return "nil";
  if (typeof value === "string") return visible(PLAIN.test(value) ? value : JSON.stringify(value));
  if (Array.isArray(value)) return `[${value.map(valueText).join(" ")}]`;
  if (value instanceof Map || value instanceof Set) return valueText([...value]);
  if (typeof value !== "object") return String(value);
  const fields = Object.entries(value).map(([name, field]) => `${visible(name)}: ${valueText(field)}`);
  return `{${fields.join(", ")}}`;
}

const PLAIN = /^[\p{L}\p{N}_.:@/-]+$/u;
const READS: ReadonlySet<string> = new Set(["read", "get", "peek", "range", "contains", "size", "r", "list"]);

/** Whether an operation only looks, as far as its verb tells. */
export function isReading(operation: Operation): boolean {
  if (operation.f === "txn") return microOperations(operation).every(([verb]) => verb === "r");
  return READS.has(operation.f);
}

/** The operation on one line: "read → 3", "write 4", "cas 1→2 done", "txn r x [1 2], append y 3". */
export function labelOf(operation: Operation): string {
  const verb = brief(operation.f, 40);
  if (operation.f === "txn") return microOperations(operation).map(microLabel).join(", ") || "txn";
  const asked = askedText(operation);
  return [verb, asked, answerText(operation)].filter((part) => part !== "").join(" ");
}

/** One micro-operation of a transaction. */
export type MicroOperation = readonly [verb: string, key: unknown, value: unknown];

/** A transaction's micro-operations, as answered if it was; [] if the operation is none. */
export function microOperations(operation: Operation): readonly MicroOperation[] {
  const list = operation.outcome === "ok" && Array.isArray(operation.output) ? operation.output : operation.input;
  if (!Array.isArray(list)) return [];
  return list.filter((micro) => Array.isArray(micro) && micro.length >= 2) as unknown as readonly MicroOperation[];
}

export function microLabel([verb, key, value]: MicroOperation): string {
  const shown = verb === "r" && (value === undefined || value === null) ? "nil" : valueText(value);
  return verb === "r" ? `r ${valueText(key)} → ${shown}` : `${visible(String(verb))} ${valueText(key)} ${shown}`;
}

/** All of it, for who asks: process, node, key, verb, what was asked and answered. Times are told by the caller. */
export function describe(operation: Operation): string {
  const key = operation.key === "" || operation.f === "txn" ? "" : ` of ${JSON.stringify(brief(operation.key, 200))}`;
  const outcome =
    operation.outcome === "ok" ? "" : operation.outcome === "fail" ? " (failed: had no effect)" : " (outcome unknown)";
  const node = operation.node === undefined ? "" : `, answered by ${brief(operation.node)}`;
  return `client ${operation.process}: ${labelOf(operation)}${key}${outcome}${node}`;
}

function askedText(operation: Operation): string {
  const { input } = operation;
  if (isReading(operation) && (input === null || input === undefined)) return "";
  if (input === null || input === undefined) return operation.f === "write" || operation.f === "put" ? "nil" : "";
  const change = operation.f === "cas" && isPair(input) ? input : changeOf(input);
  return change === undefined ? valueText(input) : `${valueText(change[0])}→${valueText(change[1])}`;
}

function isPair(value: unknown): value is readonly [unknown, unknown] {
  return Array.isArray(value) && value.length === 2;
}

/** What a compare-and-set expects and writes, in either of its forms. */
function changeOf(input: unknown): readonly [unknown, unknown] | undefined {
  if (typeof input !== "object" || input === null) return undefined;
  const { from, to, revision } = input as { from?: unknown; to?: unknown; revision?: unknown };
  if ("from" in input && "to" in input && Object.keys(input).length === 2) return [from, to];
  return "revision" in input && "to" in input ? [`revision ${String(revision)}`, to] : undefined;
}

function answerText(operation: Operation): string {
  if (operation.outcome === "fail") return "failed";
  if (operation.outcome === "unknown") return isReading(operation) ? "→ ?" : "?";
  const { output } = operation;
  if (isReading(operation)) return `→ ${valueText(output)}`;
  if (output === null || output === undefined) return "";
  if (operation.f === "cas" || operation.f === "acquire" || operation.f === "try") {
    if (output === true) return "done";
    if (output === false) return "refused";
  }
  if (Object.is(output, operation.input) || output === true) return "";
  return `→ ${valueText(output)}`;
}

/** Whether anybody heard of the operation again. */
export function isAnswered(operation: Operation): boolean {
  return operation.return !== NEVER_RETURNED && operation.outcome !== "unknown";
}
