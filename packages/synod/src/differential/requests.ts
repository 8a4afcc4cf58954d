import { type Field, message } from "../cluster-test/protobuf.ts";
import type { Bytes, Compare, KvOperation, Range, Revision, Txn, UnaryOperation, Watcher } from "./operation.ts";

export interface Request {
  /** Service and method, without the package. */
  readonly method: string;
  readonly body: Uint8Array;
}

/** @param newest the revision that the operation's ones are counted from. */
export function requestOf(operation: UnaryOperation, newest: number): Request {
  switch (operation.type) {
    case "range":
      return { method: "KV/Range", body: bodyOf(operation, newest) };
    case "put":
      return { method: "KV/Put", body: bodyOf(operation, newest) };
    case "delete":
      return { method: "KV/DeleteRange", body: bodyOf(operation, newest) };
    case "txn":
      return { method: "KV/Txn", body: bodyOf(operation, newest) };
    case "compact": {
      const revision = absolute(operation.revision, newest);
      return { method: "KV/Compact", body: message([1, revision], [2, operation.physical]) };
    }
    case "hash":
      return { method: "Maintenance/HashKV", body: message([1, absolute(operation.revision, newest)]) };
    case "grant":
      return { method: "Lease/LeaseGrant", body: message([1, operation.ttl], [2, operation.id]) };
    case "revoke":
      return { method: "Lease/LeaseRevoke", body: message([1, operation.id]) };
    case "keepAlive":
      return { method: "Lease/LeaseKeepAlive", body: message([1, operation.id]) };
    case "timeToLive":
      return { method: "Lease/LeaseTimeToLive", body: message([1, operation.id], [2, operation.keys]) };
    case "leases":
      return { method: "Lease/LeaseLeases", body: message() };
  }
}

export function watchCreate(watcher: Watcher, newest: number): Uint8Array {
  const filters = (watcher.filters ?? []).map((filter): Field => [5, filter]);
  const create = message(
    [1, bytes(watcher.key)],
    [2, bytes(watcher.end)],
    [3, absolute(watcher.start, newest)],
    [4, watcher.progressNotify],
    ...filters,
    [6, watcher.prevKv],
    [7, watcher.id],
    [8, watcher.fragment],
  );
  return message([1, create]);
}

export function absolute(revision: Revision, newest: number): number;
export function absolute(revision: Revision | undefined, newest: number): number | undefined;
export function absolute(revision: Revision | undefined, newest: number): number | undefined {
  if (revision === undefined) return undefined;
  return "exactly" in revision ? revision.exactly : Math.max(1, newest + revision.fromNewest);
}

function bodyOf(operation: KvOperation, newest: number): Uint8Array {
  switch (operation.type) {
    case "range":
      return rangeBody(operation, newest);
    case "put":
      return message(
        [1, bytes(operation.key)],
        [2, bytes(operation.value)],
        [3, operation.lease],
        [4, operation.prevKv],
        [5, operation.ignoreValue],
        [6, operation.ignoreLease],
      );
    case "delete":
      return message([1, bytes(operation.key)], [2, bytes(operation.end)], [3, operation.prevKv]);
    case "txn":
      return txnBody(operation, newest);
  }
}

function rangeBody(range: Range, newest: number): Uint8Array {
  return message(
    [1, bytes(range.key)],
    [2, bytes(range.end)],
    [3, range.limit],
    [4, absolute(range.revision, newest)],
    [5, range.order],
    [6, range.target],
    [7, range.serializable],
    [8, range.keysOnly],
    [9, range.countOnly],
    [10, absolute(range.minMod, newest)],
    [11, absolute(range.maxMod, newest)],
    [12, absolute(range.minCreate, newest)],
    [13, absolute(range.maxCreate, newest)],
  );
}

const OPERATION_FIELD = { range: 1, put: 2, delete: 3, txn: 4 } as const;

function txnBody(txn: Txn, newest: number): Uint8Array {
  const operations = (field: number, list: readonly KvOperation[]): Field[] =>
    list.map((operation) => [field, message([OPERATION_FIELD[operation.type], bodyOf(operation, newest)])]);
  const compares = txn.compare.map((compare): Field => [1, compareBody(compare, newest)]);
  return message(...compares, ...operations(2, txn.success), ...operations(3, txn.failure));
}

function compareBody(compare: Compare, newest: number): Uint8Array {
  return message(
    [1, compare.result],
    [2, compare.target],
    [3, bytes(compare.key)],
    [4, compare.version],
    [5, absolute(compare.create, newest)],
    [6, absolute(compare.mod, newest)],
    [7, bytes(compare.value)],
    [8, compare.lease],
    [64, bytes(compare.end)],
  );
}

function bytes(text: Bytes): Uint8Array;
function bytes(text: Bytes | undefined): Uint8Array | undefined;
function bytes(text: Bytes | undefined): Uint8Array | undefined {
  return text === undefined ? undefined : Buffer.from(text, "latin1");
}
