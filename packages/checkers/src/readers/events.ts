import type { Form } from "./cursor.ts";
import { errorAt, type HistoryError, quoted } from "./history-error.ts";
import type { HistoryEvent } from "./history-file.ts";

const TYPES: readonly string[] = ["invoke", "ok", "fail", "info"];

/** Jepsen's operation maps, from EDN or JSON alike: `{process, type, f, value, time?, key?, node?}`. */
export function eventOf({ value, at }: Form, text: string): HistoryEvent {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw bad(text, at, "an operation is a map, and this is none");
  }
  const fields = value as Readonly<Record<string, unknown>>;
  const field = (name: string): unknown => (Object.hasOwn(fields, name) ? fields[name] : undefined);
  const [type, process, f, key, node] = ["type", "process", "f", "key", "node"].map(field);
  if (typeof type !== "string" || !TYPES.includes(type)) {
    throw bad(text, at, `the operation's type is ${told(type)}, and not invoke, ok, fail or info`);
  }
  const isClient = typeof process === "number" && Number.isSafeInteger(process) && process >= 0;
  if (!isClient && typeof process !== "string") {
    throw bad(text, at, `the operation's process is ${told(process)}, and neither a number nor a name such as nemesis`);
  }
  if (typeof f !== "string" || f === "") throw bad(text, at, `the operation's f is ${told(f)}, and no verb`);
  return {
    at,
    type: type as HistoryEvent["type"],
    process: process as number | string,
    f,
    value: field("value") ?? null,
    key: key === undefined || key === null ? undefined : keyText(key, text, at),
    time: timeOf(field("time"), text, at),
    node: typeof node === "string" ? node : undefined,
  };
}

/** Keys are compared as text: 5 and "5" are the same key. */
export function keyText(key: unknown, text: string, at: number): string {
  if (typeof key === "string") return key;
  if (typeof key === "number" || typeof key === "bigint" || typeof key === "boolean") return String(key);
  throw bad(text, at, `the operation's key is ${told(key)}, and neither a text nor a number`);
}

export function timeOf(time: unknown, text: string, at: number): number | bigint | undefined {
  if (time === undefined || time === null) return undefined;
  if (typeof time === "bigint" || Number.isInteger(time)) return time as number | bigint;
  const advice = "Times are integers of any unit, from one clock for the whole history.";
  throw errorAt(text, at, "bad-time", `the operation's time is ${told(time)}`, advice);
}

export function bad(text: string, at: number, problem: string): HistoryError {
  const advice = "Every line or element is one operation with type, process, f and value.";
  return errorAt(text, at, "bad-operation", problem, advice);
}

export function told(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value === "string") return quoted(value);
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "a map";
  return String(value).slice(0, 40);
}
