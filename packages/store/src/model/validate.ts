import { StoreError } from "./errors.ts";
import { type KeySpan, SpanSet, spanOf } from "./key-spans.ts";
import {
  type DeleteRangeRequest,
  NO_LEASE,
  type PutRequest,
  type RangeRequest,
  type RequestOp,
  type TxnRequest,
} from "./types.ts";

/** etcd's default for `--max-txn-ops`. */
export const MAX_TXN_OPS = 128;

/**
 * What a request must fulfil whatever the state is (etcd's `api/v3rpc/key.go`). Servers call it before they propose, the
 * model again before it executes.
 *
 * @throws StoreError `emptyKey`, `invalidSortOption`
 */
export function validateRange(request: RangeRequest): void {
  if (request.key.length === 0) throw new StoreError("emptyKey");
  if (!isEnum(request.sortOrder, 2) || !isEnum(request.sortTarget, 4)) throw new StoreError("invalidSortOption");
}

/** @throws StoreError `emptyKey`, `valueProvided`, `leaseProvided` */
export function validatePut(request: PutRequest): void {
  if (request.key.length === 0) throw new StoreError("emptyKey");
  if (request.ignoreValue === true && (request.value?.length ?? 0) !== 0) throw new StoreError("valueProvided");
  if (request.ignoreLease === true && (request.lease ?? NO_LEASE) !== NO_LEASE) throw new StoreError("leaseProvided");
}

/** @throws StoreError `emptyKey` */
export function validateDeleteRange(request: DeleteRangeRequest): void {
  if (request.key.length === 0) throw new StoreError("emptyKey");
}

/**
 * Both branches are checked. A nested transaction may have as many operations as its parents have left over.
 * @throws StoreError all of the above, `tooManyOps`, `duplicateKey`, `keyNotFound` (an empty operation)
 */
export function validateTxn(request: TxnRequest, maxOps: number = MAX_TXN_OPS): void {
  validateOps(request, maxOps);
  checkBranch(request.success ?? []);
  checkBranch(request.failure ?? []);
}

/** One operation cannot contradict itself, unless it is a transaction. */
function checkBranch(ops: readonly RequestOp[]): void {
  if (ops.length > 1 || ops[0]?.type === "txn") checkDuplicates(ops);
}

function isEnum(value: number | undefined, largest: number): boolean {
  return value === undefined || (Number.isInteger(value) && value >= 0 && value <= largest);
}

function validateOps(request: TxnRequest, maxOps: number): void {
  const { compare = [], success = [], failure = [] } = request;
  const ops = Math.max(compare.length, success.length, failure.length);
  if (ops > maxOps) throw new StoreError("tooManyOps");
  for (const { key } of compare) if (key.length === 0) throw new StoreError("emptyKey");
  for (const op of success) validateOp(op, maxOps - ops);
  for (const op of failure) validateOp(op, maxOps - ops);
}

function validateOp(op: RequestOp, maxOps: number): void {
  switch (op.type) {
    case "range":
      return validateRange(op.request);
    case "put":
      return validatePut(op.request);
    case "deleteRange":
      return validateDeleteRange(op.request);
    case "txn":
      return validateOps(op.request, maxOps);
    default:
      throw new StoreError("keyNotFound");
  }
}

interface Touched {
  readonly puts: Set<string>;
  readonly deletes: SpanSet;
}

/**
 * No key may be put twice, nor put and deleted. The two branches of a nested transaction exclude each other and may
 * overlap. As in etcd, a nested put before a later sibling's nested delete passes; unlike in etcd, a delete up to "\0"
 * (every key from here on) counts as what it deletes.
 */
function checkDuplicates(ops: readonly RequestOp[]): Touched {
  const puts = new Set<string>();
  const deletes = new SpanSet();
  for (const op of ops) if (op.type === "deleteRange") deletes.add(spanOf(op.request));
  for (const op of ops) {
    if (op.type !== "txn") continue;
    const success = checkDuplicates(op.request.success ?? []);
    const failure = checkDuplicates(op.request.failure ?? []);
    for (const key of success.puts) addPut(puts, deletes, key);
    for (const key of failure.puts) {
      if (success.puts.has(key)) continue; // either branch, never both
      addPut(puts, deletes, key);
    }
    deletes.addAll(success.deletes);
    deletes.addAll(failure.deletes);
  }
  for (const op of ops) if (op.type === "put") addPut(puts, deletes, spanOf(op.request).start);
  return { puts, deletes };
}

function addPut(puts: Set<string>, deletes: SpanSet, key: KeySpan["start"]): void {
  if (puts.has(key) || deletes.covers(key)) throw new StoreError("duplicateKey");
  puts.add(key);
}
