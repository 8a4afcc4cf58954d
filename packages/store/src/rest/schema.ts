import { LEVELS } from "../server/kv/read-levels.ts";
/** Pieces of JSON Schema (draft 2020-12) that the routes name. */
export type Schema = Readonly<Record<string, unknown>>;

const text = { type: "string" } as const;
const count = { type: "integer", minimum: 0 } as const;
const flag = { type: "boolean" } as const;
const revision = { ...count, description: "A revision of the whole store" } as const;
const id = { ...text, pattern: "^[1-9][0-9]*$", description: "The id of a lease: 63 bits, so not a number" } as const;

export interface Parameter {
  readonly in: "query" | "header";
  readonly description: string;
  readonly schema: Schema;
  /** A flag: it may stand there without a value. */
  readonly allowEmptyValue?: true;
}

function flagParameter(description: string): Parameter {
  return { in: "query", description, schema: flag, allowEmptyValue: true };
}

export type ParameterName =
  | "prefix"
  | "from"
  | "to"
  | "limit"
  | "keys"
  | "rev"
  | "consistency"
  | "session-revision"
  | "max-staleness"
  | "cursor"
  | "watch"
  | "events"
  | "prev"
  | "value"
  | "lease"
  | "ttl"
  | "accept"
  | "if-match"
  | "if-none-match"
  | "last-event-id";

export const PARAMETERS: Readonly<Record<ParameterName, Parameter>> = {
  prefix: flagParameter("All keys that begin with the key of the address; of none, every key"),
  from: { in: "query", description: "The first key of a range", schema: text },
  to: { in: "query", description: "The end of a range, itself not in it", schema: text },
  limit: {
    in: "query",
    description: "Keys on one page",
    schema: { ...count, minimum: 1, maximum: 10_000, default: 100 },
  },
  keys: flagParameter("Keys without their values; of a lease: the keys that hang on it"),
  rev: { in: "query", description: "As of this revision; of a watch: from it on", schema: { ...count, minimum: 1 } },
  consistency: {
    in: "query",
    description: "How fresh: see the manual; the answer's synod-consistency and synod-staleness-ms tell what it got",
    schema: { ...text, enum: [...LEVELS], default: "linearizable" },
  },
  "session-revision": {
    in: "query",
    description: "For consistency=session: at least this revision",
    schema: { ...count, minimum: 0 },
  },
  "max-staleness": {
    in: "query",
    description: "For consistency=bounded: milliseconds",
    schema: { ...count, minimum: 0 },
  },
  cursor: { in: "query", description: "The next page, as the page before told; its revision is kept", schema: text },
  watch: flagParameter("A stream of changes (text/event-stream) in place of what is there now"),
  events: {
    in: "query",
    description: "Only these changes",
    schema: { ...text, enum: ["put", "delete", "put,delete"] },
  },
  prev: flagParameter("With each change, what was there before"),
  value: { in: "query", description: "The value, in place of the body", schema: text },
  lease: { in: "query", description: "The lease that the key hangs on", schema: id },
  ttl: { in: "query", description: "Seconds that a lease lives without renewal", schema: { ...count, minimum: 1 } },
  accept: {
    in: "header",
    description: "application/json: the value with what is known of it; else its bytes",
    schema: text,
  },
  "if-match": {
    in: "header",
    description: 'Only if the key is still as of this ETag ("7"), or, with *, is there',
    schema: text,
  },
  "if-none-match": {
    in: "header",
    description: "A write: with *, only if there is no such key. A read: not if its ETag is this",
    schema: text,
  },
  "last-event-id": { in: "header", description: "Go on behind the event of this id", schema: count },
};

function object(properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema {
  return { type: "object", properties, ...(required.length === 0 ? {} : { required }) };
}

function list(items: Schema): Schema {
  return { type: "array", items };
}

const orBase64 = (name: string): Record<string, Schema> => ({
  [name]: text,
  [`${name}Base64`]: { ...text, contentEncoding: "base64", description: `In place of ${name}, if it is not UTF-8` },
});

const figures = { keys: count, bytes: count, writes: count, writesPerSecond: { type: "number", minimum: 0 } } as const;

const span = {
  ...orBase64("key"),
  ...orBase64("to"),
  prefix: flag,
};

/** What requests and answers hold. `value`: bytes as they are; `nothing`: no body. */
export type BodyName =
  | "nothing"
  | "value"
  | "keyValue"
  | "page"
  | "written"
  | "deleted"
  | "comparison"
  | "operation"
  | "txn"
  | "txnResult"
  | "newLease"
  | "lease"
  | "leaseState"
  | "leases"
  | "prefixes"
  | "newQuota"
  | "quotas"
  | "status"
  | "problem";

export const BODIES: Readonly<Record<BodyName, Schema>> = {
  nothing: {},
  value: {},
  keyValue: object(
    {
      ...orBase64("key"),
      ...orBase64("value"),
      modRevision: revision,
      createRevision: revision,
      version: { ...count, description: "Times that the key was written since it was created" },
      lease: id,
      revision,
    },
    ["modRevision", "createRevision", "version"],
  ),
  page: object({ items: list({ $ref: "#/components/schemas/keyValue" }), count, more: flag, cursor: text, revision }, [
    "items",
    "count",
    "more",
    "revision",
  ]),
  written: object({ revision }, ["revision"]),
  deleted: object({ deleted: count, revision }, ["deleted", "revision"]),
  comparison: object({
    ...span,
    ...orBase64("value"),
    version: count,
    modRevision: revision,
    createRevision: revision,
    lease: id,
    exists: flag,
    is: { ...text, enum: ["=", "!=", "<", ">"], default: "=" },
  }),
  operation: object({
    put: object({ ...orBase64("key"), ...orBase64("value"), lease: id }),
    get: object({ ...span, limit: count, keys: flag, rev: revision }),
    delete: object(span),
    txn: { $ref: "#/components/schemas/txn" },
  }),
  txn: object({
    if: list({ $ref: "#/components/schemas/comparison" }),
    // biome-ignore lint/suspicious/noThenProperty: a schema, which nobody awaits
    then: list({ $ref: "#/components/schemas/operation" }),
    else: list({ $ref: "#/components/schemas/operation" }),
  }),
  txnResult: object({ succeeded: flag, results: list({ type: "object" }), revision }, ["succeeded", "results"]),
  newLease: object({ ttl: { ...count, minimum: 1 }, ttlMs: { ...count, minimum: 100 }, id }),
  lease: object({ id, ttl: count, ttlMs: count, revision }, ["id", "ttl"]),
  leaseState: object(
    { id, ttl: count, grantedTtl: count, ttlMs: count, grantedTtlMs: count, keys: list(object(orBase64("key"))) },
    ["id", "ttl"],
  ),
  leases: object({ leases: list(object({ id }, ["id"])) }, ["leases"]),
  prefixes: object(
    { prefixes: list(object({ ...orBase64("prefix"), ...figures })), others: object(figures), revision },
    ["prefixes", "revision"],
  ),
  newQuota: object({ maxBytes: { ...count, minimum: 1 }, maxKeys: { ...count, minimum: 1 } }),
  quotas: object(
    {
      quotas: list(object({ ...orBase64("prefix"), maxBytes: count, maxKeys: count, bytes: count, keys: count })),
      revision,
    },
    ["quotas", "revision"],
  ),
  status: object(
    { clusterId: text, memberId: text, revision, version: text, leader: text, dbSize: count, raftTerm: count },
    ["clusterId", "memberId", "revision", "version"],
  ),
  problem: object({ type: text, title: text, status: count, code: text, message: text, help: text }, [
    "status",
    "code",
    "message",
    "help",
  ]),
};
