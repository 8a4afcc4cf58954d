import { compare as compareBytes } from "@synod/wire/bytes";
import type { ResponseFields } from "@synod/wire/http1/response";
import { decodeDeleteRangeResponse, encodeDeleteRangeRequest } from "../api/delete-range.ts";
import type { DecodedKeyValue } from "../api/key-value.ts";
import { decodePutResponse, encodePutRequest } from "../api/put.ts";
import { decodeRangeResponse, encodeRangeRequest } from "../api/range.ts";
import { type DecodedResponseOp, type DecodedTxnResponse, decodeTxnResponse, encodeTxnRequest } from "../api/txn.ts";
import type { Compare, RequestOp } from "../model/types.ts";
import { LEVELS } from "../server/kv/read-levels.ts";
import { etag, writeConditions } from "./conditions.ts";
import { watchKeys } from "./events.ts";
import type { RestExchange } from "./exchange.ts";
import { PageInParts, pageJson } from "./page.ts";
import { refuse } from "./problem.ts";
import { leaseId } from "./query.ts";
import { type Cursor, decodeCursor, type Span, spanOf } from "./ranges.ts";
import { keyValueJson } from "./text.ts";

const DEFAULT_PAGE = 100;
export const LARGEST_PAGE = 10_000;
const RANGE = "/etcdserverpb.KV/Range";

/** GET: one key, a page of a range, or a stream of its changes. */
export function getKeys(exchange: RestExchange): void {
  const span = spanOf(exchange);
  if (exchange.query.flag("watch")) watchKeys(exchange, span);
  else if (span.rangeEnd.length === 0) getKey(exchange, span.key);
  else getPage(exchange, span);
}

function getKey(exchange: RestExchange, key: Uint8Array): void {
  const { query, request } = exchange;
  const revision = query.number("rev", 1, Number.MAX_SAFE_INTEGER) ?? 0;
  const serializable = isSerializable(exchange);
  exchange.call(
    RANGE,
    (writer) => encodeRangeRequest(writer, { key, revision, serializable }),
    (reader) => {
      const { header, kvs } = decodeRangeResponse(reader);
      const [kv] = kvs;
      if (kv === undefined) return exchange.fail(notFound(header.revision));
      const fields: ResponseFields = [["etag", etag(kv.modRevision)]];
      if (request.headers.get("if-none-match") === etag(kv.modRevision)) {
        return exchange.responder.respond(304, fields, new Uint8Array(0));
      }
      if (wantsJson(exchange)) exchange.json(200, { ...keyValueJson(kv), revision: header.revision }, fields);
      else sendRaw(exchange, kv, header.revision, fields);
    },
  );
}

/** The value as it is, what else is known of it in the header section. */
function sendRaw(exchange: RestExchange, kv: DecodedKeyValue, revision: number, fields: ResponseFields): void {
  const more: ResponseFields = [
    ["content-type", "application/octet-stream"],
    // Whatever a value holds, a browser must not run it.
    ["x-content-type-options", "nosniff"],
    ["x-store-revision", String(revision)],
    ["x-store-version", String(kv.version)],
  ];
  const lease: ResponseFields = kv.lease === 0n ? [] : [["x-store-lease", String(kv.lease)]];
  exchange.responder.respond(200, [...fields, ...more, ...lease], kv.value);
}

function getPage(exchange: RestExchange, span: Span): void {
  const { query } = exchange;
  const text = query.text("cursor");
  const cursor = text === undefined ? undefined : decodeCursor(text);
  const limit = query.number("limit", 1, LARGEST_PAGE) ?? DEFAULT_PAGE;
  const keysOnly = query.flag("keys");
  const revision = cursor?.revision ?? query.number("rev", 1, Number.MAX_SAFE_INTEGER) ?? 0;
  const key = cursor === undefined ? span.key : within(span, cursor);
  const serializable = isSerializable(exchange);
  exchange.call(
    RANGE,
    (writer) => encodeRangeRequest(writer, { key, rangeEnd: span.rangeEnd, limit, keysOnly, revision, serializable }),
    (reader) => {
      const response = decodeRangeResponse(reader);
      exchange.json(200, pageJson(response, keysOnly, revision));
    },
    () => new PageInParts(exchange, keysOnly, revision),
  );
}

/** @throws RestError: a cursor must not lead out of the range that is asked for. */
function within({ key, rangeEnd }: Span, cursor: Cursor): Uint8Array {
  const open = rangeEnd.length === 1 && rangeEnd[0] === 0;
  if (compareBytes(cursor.key, key) < 0 || (!open && compareBytes(cursor.key, rangeEnd) > 0)) {
    refuse("badCursor", "the cursor is of another range", "repeat the request that gave it, with the cursor added");
  }
  return cursor.key;
}

export function putKey(exchange: RestExchange): void {
  const { argument: key, query, request } = exchange;
  if (key.length === 0) refuse("badKey", "the address names no key", "write /api/store/keys/<key>");
  const lease = query.text("lease");
  const value = query.bytes("value") ?? request.body;
  const put = { key, value, ...(lease === undefined ? {} : { lease: leaseId(lease) }) };
  const done = (status: number, revision: number): void =>
    exchange.json(status, { revision }, [["etag", etag(revision)]]);
  const compare = writeConditions(request, key);
  if (compare.length > 0) {
    const status = request.headers.has("if-none-match") ? 201 : 200;
    return writeIf(exchange, key, compare, { type: "put", request: put }, ({ header }) =>
      done(status, header.revision),
    );
  }
  exchange.call(
    "/etcdserverpb.KV/Put",
    (writer) => encodePutRequest(writer, put),
    (reader) => done(200, decodePutResponse(reader).header.revision),
  );
}

export function deleteKeys(exchange: RestExchange): void {
  const span = spanOf(exchange);
  const done = (deleted: number, revision: number): void => exchange.json(200, { deleted, revision });
  const compare = writeConditions(exchange.request, span.key);
  if (compare.length > 0 && span.rangeEnd.length > 0) {
    refuse("badCondition", "a condition is of one key", "use POST /api/store/txn for conditions on ranges");
  }
  if (compare.length > 0) {
    return writeIf(exchange, span.key, compare, { type: "deleteRange", request: span }, ({ header, responses }) => {
      const [first] = responses;
      done(first?.type === "deleteRange" ? first.response.deleted : 0, header.revision);
    });
  }
  exchange.call(
    "/etcdserverpb.KV/DeleteRange",
    (writer) => encodeDeleteRangeRequest(writer, span),
    (reader) => {
      const { deleted, header } = decodeDeleteRangeResponse(reader);
      done(deleted, header.revision);
    },
  );
}

/** Does one thing to a key if its conditions hold, else tells how the key is. */
function writeIf(
  exchange: RestExchange,
  key: Uint8Array,
  compare: readonly Compare[],
  op: RequestOp,
  done: (response: DecodedTxnResponse) => void,
): void {
  const look: RequestOp = { type: "range", request: { key, keysOnly: true } };
  exchange.call(
    "/etcdserverpb.KV/Txn",
    (writer) => encodeTxnRequest(writer, { compare, success: [op], failure: [look] }),
    (reader) => {
      const response = decodeTxnResponse(reader);
      if (response.succeeded) done(response);
      else failPrecondition(exchange, response.responses[0], response.header.revision);
    },
  );
}

function failPrecondition(exchange: RestExchange, look: DecodedResponseOp | undefined, revision: number): void {
  const modRevision = look?.type === "range" ? (look.response.kvs[0]?.modRevision ?? 0) : 0;
  const there = modRevision !== 0;
  const message = there ? `the key was last changed at revision ${modRevision}` : "there is no such key";
  const help = there ? "read it again, and try with its new ETag" : "create it with If-None-Match: *";
  const fields: ResponseFields = there ? [["etag", etag(modRevision)]] : [];
  const facts = { modRevision, revision };
  exchange.fail({ status: 412, code: "preconditionFailed", message, help, facts }, fields);
}

function notFound(revision: number): Parameters<RestExchange["fail"]>[0] {
  const help = "check its spelling, or list keys with /api/store/keys?prefix";
  return { status: 404, code: "keyNotFound", message: "there is no such key", help, facts: { revision } };
}

/** @throws RestError */
function isSerializable({ query }: RestExchange): boolean {
  const level = query.text("consistency") ?? "linearizable";
  if ((LEVELS as readonly string[]).includes(level)) return level === "serializable";
  return refuse("badParameter", `consistency=${level} is not known here`, `use one of ${LEVELS.join(", ")}`);
}

function wantsJson({ request }: RestExchange): boolean {
  return (request.headers.get("accept") ?? "").includes("json");
}
