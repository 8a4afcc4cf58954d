import { compareRuns } from "./bytes.ts";
import { StoreError } from "./errors.ts";
import type { KeyValue } from "./key-value.ts";
import type { Keyspace } from "./keyspace.ts";
import type { PrefixQuotas } from "./prefix-quotas.ts";
import { range } from "./range.ts";
import { scan } from "./scan.ts";
import { checkPutInTxn, deleteRange, put, type StoreState } from "./state.ts";
import {
  type Compare,
  CompareResult,
  CompareTarget,
  NO_LEASE,
  type PutRequest,
  type RangeRequest,
  type RequestOp,
  type ResponseOp,
  type TxnRequest,
  type TxnResponse,
} from "./types.ts";

/** The branch that a transaction takes, and for each of its operations that is a transaction, that one's. */
interface Plan {
  readonly succeeded: boolean;
  readonly ops: readonly RequestOp[];
  /** In the order of the nested transactions among `ops`. */
  readonly nested: readonly Plan[];
}

/**
 * Evaluates all compares, nested ones too, on the state before the transaction; checks what will run; and only then runs
 * it, so that a refused transaction leaves no trace.
 *
 * @param request has passed `validateTxn`.
 * @param quotas what may lie under prefixes; absent for transactions that only read.
 * @throws StoreError `keyNotFound`, `leaseNotFound`, `compacted`, `futureRev`, `noSpace`
 */
export function txn(state: StoreState, request: TxnRequest, quotas?: PrefixQuotas): TxnResponse {
  const plan = decide(state.keyspace, request);
  checkPuts(state, plan);
  checkRanges(state.keyspace, plan);
  if (quotas?.active) quotas.admit(putsOf(plan));
  const responses = execute(state, plan);
  return { revision: state.keyspace.visibleRevision, succeeded: plan.succeeded, responses };
}

/** Nothing in it writes, whichever branches are taken. */
export function isReadOnly(request: TxnRequest): boolean {
  return (request.success ?? []).every(reads) && (request.failure ?? []).every(reads);
}

function reads(op: RequestOp): boolean {
  return op.type === "range" || (op.type === "txn" && isReadOnly(op.request));
}

function decide(keyspace: Keyspace, request: TxnRequest): Plan {
  const succeeded = (request.compare ?? []).every((compare) => holds(keyspace, compare));
  const ops = (succeeded ? request.success : request.failure) ?? [];
  const nested: Plan[] = [];
  for (const op of ops) if (op.type === "txn") nested.push(decide(keyspace, op.request));
  return { succeeded, ops, nested };
}

/** All puts before all ranges, nested ones too, as etcd does: what is refused is refused in the same words. */
function checkPuts(state: StoreState, plan: Plan): void {
  let child = 0;
  for (const op of plan.ops) {
    if (op.type === "put") checkPutInTxn(state, op.request);
    else if (op.type === "txn") checkPuts(state, plan.nested[child++]!);
  }
}

function checkRanges(keyspace: Keyspace, plan: Plan): void {
  let child = 0;
  for (const op of plan.ops) {
    if (op.type === "range") checkRevision(keyspace, op.request);
    else if (op.type === "txn") checkRanges(keyspace, plan.nested[child++]!);
  }
}

/** What would be put, nested transactions included. */
function putsOf(plan: Plan, puts: PutRequest[] = []): PutRequest[] {
  for (const op of plan.ops) if (op.type === "put") puts.push(op.request);
  for (const nested of plan.nested) putsOf(nested, puts);
  return puts;
}

/** Against the revision before the transaction: its own revision cannot be asked for by number. */
function checkRevision(keyspace: Keyspace, request: RangeRequest): void {
  const revision = request.revision ?? 0;
  if (revision === 0) return;
  if (revision > keyspace.revision) throw new StoreError("futureRev");
  if (revision < keyspace.compactedRevision) throw new StoreError("compacted");
}

function execute(state: StoreState, plan: Plan): ResponseOp[] {
  const responses: ResponseOp[] = [];
  let child = 0;
  for (const op of plan.ops) {
    switch (op.type) {
      case "range":
        responses.push({ type: "range", response: range(state.keyspace, op.request) });
        break;
      case "put": {
        const previous = put(state, op.request);
        const prevKv = op.request.prevKv === true ? previous : undefined;
        responses.push({ type: "put", response: { revision: state.keyspace.visibleRevision, prevKv } });
        break;
      }
      case "deleteRange":
        responses.push({ type: "deleteRange", response: deleteRange(state, op.request) });
        break;
      case "txn": {
        const nested = plan.nested[child++]!;
        const response = { revision: 0, succeeded: nested.succeeded, responses: execute(state, nested) };
        responses.push({ type: "txn", response });
        break;
      }
    }
  }
  return responses;
}

/** A compare over a range holds if it holds for every key in it. */
function holds(keyspace: Keyspace, compare: Compare): boolean {
  let found = false;
  let all = true;
  scan(keyspace, compare, keyspace.visibleRevision, false, (record) => {
    found = true;
    all = judge(compare.result, difference(compare, record));
    return all;
  });
  if (found) return all;
  // A key that does not exist has no value at all, not even the empty one; its numbers are zero.
  if (compare.target === CompareTarget.VALUE) return false;
  return judge(compare.result, difference(compare, undefined));
}

/** Negative, 0 or positive, as the record's field is less, equal or greater. */
function difference(compare: Compare, record: KeyValue | undefined): number {
  switch (compare.target) {
    case CompareTarget.VERSION:
      return (record?.version ?? 0) - (compare.version ?? 0);
    case CompareTarget.CREATE:
      return (record?.createRevision ?? 0) - (compare.createRevision ?? 0);
    case CompareTarget.MOD:
      return (record?.modRevision ?? 0) - (compare.modRevision ?? 0);
    case CompareTarget.VALUE:
      return record === undefined ? 0 : compareValue(record, compare.value);
    case CompareTarget.LEASE: {
      const left = record?.lease ?? NO_LEASE;
      const right = compare.lease ?? NO_LEASE;
      return left < right ? -1 : left > right ? 1 : 0;
    }
    default:
      return 0; // etcd: an unknown target is equal
  }
}

function compareValue(record: KeyValue, value: Uint8Array | undefined): number {
  if (value === undefined) return record.valueLength;
  return compareRuns(record.slab.bytes, record.valueOffset, record.valueLength, value, 0, value.length);
}

function judge(result: number, difference: number): boolean {
  switch (result) {
    case CompareResult.EQUAL:
      return difference === 0;
    case CompareResult.GREATER:
      return difference > 0;
    case CompareResult.LESS:
      return difference < 0;
    case CompareResult.NOT_EQUAL:
      return difference !== 0;
    default:
      return true; // etcd: an unknown result holds
  }
}
