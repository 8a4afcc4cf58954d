/** `etcdserverpb.KV` in JSON. */
import type { KeyRange } from "../bytes.ts";
import {
  type DeleteOptions,
  type DeleteResult,
  orders,
  type PutOptions,
  type PutResult,
  type RangeOptions,
  type RangeResult,
  rangeTargets,
} from "../messages/kv.ts";
import {
  type Compare,
  compareResults,
  compareTargets,
  type Operation,
  type OperationResult,
  type Txn,
  type TxnResult,
} from "../messages/txn.ts";
import { asHeader, asKeyValue, asList, asNumber, asObject, type Json, toBase64 } from "./json.ts";

export function rangeJson(range: KeyRange, options: RangeOptions): Json {
  return {
    ...keysJson(range),
    limit: options.limit,
    revision: options.revision,
    sort_order: options.order && orders[options.order],
    sort_target: options.orderBy && rangeTargets[options.orderBy],
    serializable: options.serializable,
    keys_only: options.keysOnly,
    count_only: options.countOnly,
    max_create_revision: options.maxCreateRevision,
  };
}

export function putJson(key: Uint8Array, value: Uint8Array, { lease, previous }: PutOptions): Json {
  return { key: toBase64(key), value: toBase64(value), lease: lease?.toString(), prev_kv: previous };
}

export function deleteJson(range: KeyRange, { previous }: DeleteOptions): Json {
  return { ...keysJson(range), prev_kv: previous };
}

export function txnJson(txn: Txn): Json {
  return {
    compare: txn.compare.map(compareJson),
    success: txn.success.map(operationJson),
    failure: txn.failure.map(operationJson),
  };
}

export function keysJson({ key, rangeEnd }: KeyRange): Json {
  return { key: toBase64(key), ...(rangeEnd.length > 0 && { range_end: toBase64(rangeEnd) }) };
}

function compareJson(compare: Compare): Json {
  return { ...keysJson(compare.range), result: compareResults[compare.result], ...targetJson(compare) };
}

function targetJson(compare: Compare): Json {
  const target = compareTargets[compare.target];
  switch (compare.target) {
    case "version":
      return { target, version: compare.to };
    case "createRevision":
      return { target, create_revision: compare.to };
    case "modRevision":
      return { target, mod_revision: compare.to };
    case "value":
      return { target, value: toBase64(compare.to) };
    case "lease":
      return { target, lease: compare.to.toString() };
  }
}

function operationJson(operation: Operation): Json {
  switch (operation.type) {
    case "range":
      return { request_range: rangeJson(operation.range, operation.options) };
    case "put":
      return { request_put: putJson(operation.key, operation.value, operation.options) };
    case "delete":
      return { request_delete_range: deleteJson(operation.range, operation.options) };
    case "txn":
      return { request_txn: txnJson(operation.txn) };
  }
}

export function rangeResult(json: Json): RangeResult {
  return {
    header: asHeader(json.header),
    kvs: asList(json.kvs).map(asKeyValue),
    more: json.more === true,
    count: asNumber(json.count),
  };
}

export function putResult(json: Json): PutResult {
  return {
    header: asHeader(json.header),
    previous: json.prev_kv === undefined ? undefined : asKeyValue(json.prev_kv),
  };
}

export function deleteResult(json: Json): DeleteResult {
  return {
    header: asHeader(json.header),
    deleted: asNumber(json.deleted),
    previous: asList(json.prev_kvs).map(asKeyValue),
  };
}

export function txnResult(json: Json): TxnResult {
  return {
    header: asHeader(json.header),
    succeeded: json.succeeded === true,
    responses: asList(json.responses).map(operationResult),
  };
}

function operationResult(json: Json): OperationResult {
  if (json.response_range !== undefined) return { type: "range", ...rangeResult(asObject(json.response_range)) };
  if (json.response_put !== undefined) return { type: "put", ...putResult(asObject(json.response_put)) };
  if (json.response_delete_range !== undefined)
    return { type: "delete", ...deleteResult(asObject(json.response_delete_range)) };
  return { type: "txn", ...txnResult(asObject(json.response_txn)) };
}
