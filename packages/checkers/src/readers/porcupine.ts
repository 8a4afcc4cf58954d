import { NEVER_RETURNED, type Operation } from "../history.ts";
import type { Form } from "./cursor.ts";
import { earliest } from "./event-times.ts";
import { bad, keyText, told } from "./events.ts";
import { errorAt } from "./history-error.ts";
import type { HistoryFile } from "./history-file.ts";
import { suggestedModel } from "./suggested-model.ts";

/** A JSON object's fields by their names in small letters: Go's programs write them large or small. */
type Fields = ReadonlyMap<string, unknown>;

/** The verbs of Porcupine's examples, by number. */
const KEY_VALUE: readonly string[] = ["get", "put", "append"];
const REGISTER: readonly string[] = ["read", "write", "cas"];
/** Go's largest int64: "it never returned". */
const FOREVER = 2n ** 63n - 1n;

export function isPorcupine(value: unknown): boolean {
  const fields = fieldsOf(value);
  return ["call", "input", "clientid"].every((name) => fields?.has(name));
}

/**
 * Porcupine's `Operation{ClientId, Input, Call, Output, Return}` in JSON, times in nanoseconds. Its input is any; understood
 * are objects with `op` (a verb, or its number in Porcupine's own examples) and `key`, `value`, `from` and `to`, or `arg1`
 * and `arg2`; of the output `value`, `ok` and `unknown`, or the value itself.
 */
export function readPorcupine(forms: Iterable<Form>, text: string, maxOperations: number): HistoryFile {
  const read: { form: Form; call: bigint; end: bigint; operation: Operation }[] = [];
  for (const form of forms) {
    if (read.length >= maxOperations) {
      const problem = `the history has more than ${maxOperations} operations`;
      throw errorAt(text, form.at, "too-many", problem, "Split it by key, or raise the limit.");
    }
    read.push(operationOf(form, text));
  }
  const start = earliest(read.map(({ call }) => call));
  const history = read.map(({ form, call, end, operation }): Operation => {
    const since = (time: bigint): number => Number(time - start);
    if (end < call) throw errorAt(text, form.at, "bad-time", "the operation returns before its call", "Use one clock.");
    if (!Number.isSafeInteger(since(call)) || (operation.outcome === "ok" && !Number.isSafeInteger(since(end)))) {
      throw errorAt(text, form.at, "bad-time", "the times are too far apart to count", "Use one clock for all.");
    }
    return { ...operation, call: since(call), return: operation.outcome === "ok" ? since(end) : NEVER_RETURNED };
  });
  history.sort((a, b) => a.call - b.call);
  const model = suggestedModel(history);
  return { history, unit: "ns", faults: [], ...(model === undefined ? {} : { model }) };
}

function operationOf(form: Form, text: string): { form: Form; call: bigint; end: bigint; operation: Operation } {
  const fields = fieldsOf(form.value);
  if (fields === undefined) throw bad(text, form.at, "an operation is an object, and this is none");
  const process = fields.get("clientid") ?? 0;
  if (!Number.isSafeInteger(process)) throw bad(text, form.at, `ClientId is ${told(process)}, and no integer`);
  const call = instant(fields.get("call"), "Call", form, text);
  const returned = fields.get("return") ?? FOREVER;
  const end = instant(returned, "Return", form, text);
  const output = fields.get("output");
  const unknown = end >= FOREVER || fieldsOf(output)?.get("unknown") === true;
  const asked = askedOf(fields.get("input"), form, text);
  const operation: Operation = {
    process: process as number,
    ...asked,
    output: unknown ? undefined : answerOf(asked.f, output),
    call: 0,
    return: 0,
    outcome: unknown ? "unknown" : "ok",
  };
  return { form, call, end, operation };
}

function instant(time: unknown, name: string, form: Form, text: string): bigint {
  if (typeof time === "bigint" || Number.isSafeInteger(time)) return BigInt(time as number | bigint);
  const problem = `${name} is ${told(time)}, and no integer`;
  throw errorAt(text, form.at, "bad-time", problem, "Times are integers from one clock, nanoseconds by custom.");
}

function askedOf(input: unknown, form: Form, text: string): { key: string; f: string; input: unknown } {
  const fields = fieldsOf(input);
  if (fields === undefined) throw bad(text, form.at, "Input is no object, so its verb cannot be known");
  const key = fields.get("key") ?? "";
  const f = verbOf(fields);
  if (f === undefined) throw bad(text, form.at, `Input's op is ${told(fields.get("op"))}, and no verb`);
  const reads = f === "get" || f === "read";
  const value = reads ? null : (fields.get("value") ?? fields.get("arg1") ?? null);
  const from = fields.get("from") ?? fields.get("arg1") ?? null;
  const to = fields.get("to") ?? fields.get("arg2") ?? null;
  return { key: keyText(key, text, form.at), f, input: f === "cas" ? { from, to } : value };
}

/** In Porcupine's register example op is a boolean: false writes, true reads. */
function verbOf(fields: Fields): string | undefined {
  const op = fields.get("op") ?? fields.get("f") ?? fields.get("type");
  if (typeof op === "string" && op !== "") return op.toLowerCase();
  if (typeof op === "boolean") return op ? "read" : "write";
  if (typeof op !== "number") return undefined;
  return (fields.has("key") ? KEY_VALUE : REGISTER)[op];
}

function answerOf(f: string, output: unknown): unknown {
  const fields = fieldsOf(output);
  if (f === "cas") return fields === undefined ? output !== false : fields.get("ok") !== false;
  if (fields === undefined) return output ?? null;
  if (fields.get("exists") === false) return null;
  return fields.get("value") ?? null;
}

function fieldsOf(value: unknown): Fields | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return new Map(Object.entries(value).map(([name, field]) => [name.toLowerCase(), field]));
}
