import { type Compare, CompareResult, CompareTarget, type RequestOp, type TxnRequest } from "../model/types.ts";
import { Fields } from "./body.ts";
import { refuse } from "./problem.ts";
import { leaseId } from "./query.ts";
import { prefixEnd } from "./text.ts";

const SPAN = ["key", "keyBase64", "prefix", "to", "toBase64"];
const SUBJECTS = ["value", "version", "modRevision", "createRevision", "lease", "exists"] as const;
const RESULTS: Readonly<Record<string, number>> = {
  "=": CompareResult.EQUAL,
  "!=": CompareResult.NOT_EQUAL,
  "<": CompareResult.LESS,
  ">": CompareResult.GREATER,
};
const MOST_LEVELS = 16;

/**
 * A transaction as a person writes it: `{"if": [{"key": "a", "modRevision": 7}], "then": [{"put": {"key": "a", "value": "1"}}],
 * "else": [{"get": {"key": "a"}}]}`. @throws RestError
 */
export function readTxn(value: unknown, place = "the body", level = 0): TxnRequest {
  if (level > MOST_LEVELS) refuse("badBody", `${place} lies more than ${MOST_LEVELS} transactions deep`, "flatten it");
  const fields = new Fields(value, place, ["if", "then", "else"]);
  return {
    compare: fields.list("if").map((each, i) => readCompare(each, `if[${i}]`)),
    success: fields.list("then").map((each, i) => readOp(each, `then[${i}]`, level)),
    failure: fields.list("else").map((each, i) => readOp(each, `else[${i}]`, level)),
  };
}

function readCompare(value: unknown, place: string): Compare {
  const fields = new Fields(value, place, [...SPAN, ...SUBJECTS, "valueBase64", "is"]);
  const named = SUBJECTS.filter((subject) => fields.has(subject) || fields.has(`${subject}Base64`));
  const [subject] = named;
  if (subject === undefined || named.length > 1) {
    refuse("badBody", `${place} compares ${named.length} things`, `name one of ${SUBJECTS.join(", ")}`);
  }
  const span = readSpan(fields);
  if (subject === "exists") {
    if (fields.has("is")) refuse("badBody", `${place} has both exists and is`, "leave is out");
    const result = fields.flag("exists") ? CompareResult.GREATER : CompareResult.EQUAL;
    return { ...span, result, target: CompareTarget.CREATE, createRevision: 0 };
  }
  const is = fields.text("is") ?? "=";
  const result = RESULTS[is];
  if (result === undefined) return refuse("badBody", `${place}.is "${is}" is not known`, "use =, !=, < or >");
  return { ...span, result, ...readSubject(fields, subject) };
}

function readSubject(
  fields: Fields,
  subject: Exclude<(typeof SUBJECTS)[number], "exists">,
): Pick<Compare, "target" | "value" | "version" | "modRevision" | "createRevision" | "lease"> {
  if (subject === "value") return { target: CompareTarget.VALUE, value: fields.bytes("value") };
  if (subject === "version") return { target: CompareTarget.VERSION, version: fields.number("version") };
  if (subject === "modRevision") return { target: CompareTarget.MOD, modRevision: fields.number("modRevision") };
  if (subject === "createRevision") {
    return { target: CompareTarget.CREATE, createRevision: fields.number("createRevision") };
  }
  return { target: CompareTarget.LEASE, lease: readLease(fields) ?? 0n };
}

function readOp(value: unknown, place: string, level: number): RequestOp {
  const op = new Fields(value, place, ["put", "get", "delete", "txn"]);
  const [name, more] = op.names;
  if (name === undefined || more !== undefined) {
    refuse("badBody", `${place} is ${op.names.length} things`, "name one of put, get, delete, txn");
  }
  const inner = `${place}.${name}`;
  if (name === "txn") return { type: "txn", request: readTxn(op.get(name), inner, level + 1) };
  if (name === "put") return { type: "put", request: readPut(op.get(name), inner) };
  if (name === "get") {
    const fields = new Fields(op.get(name), inner, [...SPAN, "limit", "keys", "rev"]);
    const limit = fields.number("limit", 1);
    const request = { ...readSpan(fields), limit, revision: fields.number("rev", 1), keysOnly: fields.flag("keys") };
    return { type: "range", request };
  }
  return { type: "deleteRange", request: readSpan(new Fields(op.get(name), inner, SPAN)) };
}

function readPut(value: unknown, place: string): Extract<RequestOp, { type: "put" }>["request"] {
  const fields = new Fields(value, place, ["key", "keyBase64", "value", "valueBase64", "lease"]);
  return { key: readSpan(fields).key, value: fields.bytes("value"), lease: readLease(fields) };
}

function readLease(fields: Fields): bigint | undefined {
  const text = fields.text("lease");
  return text === undefined ? undefined : leaseId(text);
}

function readSpan(fields: Fields): { key: Uint8Array; rangeEnd?: Uint8Array } {
  const key = fields.bytes("key");
  if (key === undefined) return refuse("badBody", `${fields.place} names no key`, 'write "key": "…"');
  const to = fields.bytes("to");
  const prefix = fields.flag("prefix");
  if (prefix && to !== undefined) refuse("badBody", `${fields.place} has both prefix and to`, "leave one out");
  if (prefix) return { key: key.length === 0 ? Uint8Array.of(0) : key, rangeEnd: prefixEnd(key) };
  return to === undefined ? { key } : { key, rangeEnd: to };
}
