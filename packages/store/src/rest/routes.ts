import type { RestExchange } from "./exchange.ts";
import { deleteKeys, getKeys, putKey } from "./keys.ts";
import { createLease, getLease, listLeases, renewLease, revokeLease } from "./leases.ts";
import { deleteQuota, listPrefixes, listQuotas, putQuota } from "./limits.ts";
import type { BodyName, ParameterName } from "./schema.ts";
import { getStatus } from "./status.ts";
import { runTxn } from "./txn.ts";

/** One method on one kind of address: what the server does there, and what the OpenAPI document says of it. */
export interface RestRoute {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** Behind `/api/store`; `{key}` takes the rest of the address, `{id}` up to the next slash. */
  readonly template: string;
  /** One word for programs. */
  readonly operation: string;
  readonly summary: string;
  readonly query: readonly ParameterName[];
  readonly headers?: readonly ParameterName[];
  readonly body?: BodyName;
  /** What is answered, by status. */
  readonly answers: Readonly<Record<number, BodyName>>;
  handle(exchange: RestExchange): void;
}

export const REST_PREFIX = "/api/store";

const RANGE: readonly ParameterName[] = ["prefix", "from", "to"];
const READ: readonly ParameterName[] = [
  ...(["limit", "keys", "rev", "consistency", "session-revision", "max-staleness"] as const),
  ...(["cursor", "watch", "events", "prev"] as const),
];

export const REST_ROUTES: readonly RestRoute[] = [
  {
    method: "GET",
    template: "/keys",
    operation: "listKeys",
    summary: "List keys in order, page by page, or stream their changes",
    query: [...RANGE, ...READ],
    headers: ["last-event-id"],
    answers: { 200: "page", 410: "problem" },
    handle: getKeys,
  },
  {
    method: "DELETE",
    template: "/keys",
    operation: "deleteKeys",
    summary: "Delete a range of keys",
    query: RANGE,
    answers: { 200: "deleted" },
    handle: deleteKeys,
  },
  {
    method: "GET",
    template: "/keys/{key}",
    operation: "getKey",
    summary: "Read one key, or all that begin with it, or stream their changes",
    query: ["prefix", ...READ],
    headers: ["accept", "if-none-match", "last-event-id"],
    answers: { 200: "keyValue", 304: "nothing", 404: "problem", 410: "problem" },
    handle: getKeys,
  },
  {
    method: "PUT",
    template: "/keys/{key}",
    operation: "putKey",
    summary: "Write one key, on a condition if one is given",
    query: ["value", "lease"],
    headers: ["if-match", "if-none-match"],
    body: "value",
    answers: { 200: "written", 201: "written", 404: "problem", 412: "problem" },
    handle: putKey,
  },
  {
    method: "DELETE",
    template: "/keys/{key}",
    operation: "deleteKey",
    summary: "Delete one key, on a condition if one is given, or all that begin with it",
    query: ["prefix"],
    headers: ["if-match", "if-none-match"],
    answers: { 200: "deleted", 412: "problem" },
    handle: deleteKeys,
  },
  {
    method: "POST",
    template: "/txn",
    operation: "runTxn",
    summary: "Do one of two lists of operations, as one change",
    query: [],
    body: "txn",
    answers: { 200: "txnResult" },
    handle: runTxn,
  },
  {
    method: "POST",
    template: "/leases",
    operation: "createLease",
    summary: "Create a lease; keys put with it are deleted when it ends",
    query: ["ttl"],
    body: "newLease",
    answers: { 201: "lease", 400: "problem" },
    handle: createLease,
  },
  {
    method: "GET",
    template: "/leases",
    operation: "listLeases",
    summary: "List the leases",
    query: [],
    answers: { 200: "leases" },
    handle: listLeases,
  },
  {
    method: "GET",
    template: "/leases/{id}",
    operation: "getLease",
    summary: "See how long a lease will live, and which keys hang on it",
    query: ["keys"],
    answers: { 200: "leaseState", 404: "problem" },
    handle: getLease,
  },
  {
    method: "PUT",
    template: "/leases/{id}/renew",
    operation: "renewLease",
    summary: "Let a lease live for its whole time again",
    query: [],
    answers: { 200: "lease", 404: "problem" },
    handle: renewLease,
  },
  {
    method: "DELETE",
    template: "/leases/{id}",
    operation: "revokeLease",
    summary: "End a lease, and delete its keys",
    query: [],
    answers: { 200: "written", 404: "problem" },
    handle: revokeLease,
  },
  {
    method: "GET",
    template: "/prefixes",
    operation: "listPrefixes",
    summary: "See how much lies under which prefix, and how often it is written",
    query: ["limit"],
    answers: { 200: "prefixes" },
    handle: listPrefixes,
  },
  {
    method: "GET",
    template: "/quotas",
    operation: "listQuotas",
    summary: "See how much may lie under which prefix",
    query: [],
    answers: { 200: "quotas" },
    handle: listQuotas,
  },
  {
    method: "PUT",
    template: "/quotas/{key}",
    operation: "putQuota",
    summary: "Limit how much may lie under a prefix",
    query: [],
    body: "newQuota",
    answers: { 200: "written", 400: "problem" },
    handle: putQuota,
  },
  {
    method: "DELETE",
    template: "/quotas/{key}",
    operation: "deleteQuota",
    summary: "Let a prefix have no limit any more",
    query: [],
    answers: { 200: "written", 400: "problem" },
    handle: deleteQuota,
  },
  {
    method: "GET",
    template: "/status",
    operation: "getStatus",
    summary: "See how the node that answers is",
    query: [],
    answers: { 200: "status" },
    handle: getStatus,
  },
];
