import { compareRuns } from "./bytes.ts";
import { StoreError } from "./errors.ts";
import type { KeyValue } from "./key-value.ts";
import type { Keyspace } from "./keyspace.ts";
import { countKeys, scan } from "./scan.ts";
import { type RangeRequest, type RangeResponse, SortOrder, SortTarget } from "./types.ts";

const NOTHING: readonly KeyValue[] = [];

/** What holding one record costs beside its key and value, for `rangeWithin`. */
const COST_OF_RECORD = 64;

/**
 * etcd's Range. The limit applies to what filters leave, except in one case kept from etcd: with order NONE and a target
 * other than KEY, the first `limit` + 1 keys *by key* are taken and then sorted.
 *
 * @throws StoreError `futureRev`, `compacted`
 */
export function range(keyspace: Keyspace, request: RangeRequest): RangeResponse {
  return rangeWithin(keyspace, request, Number.POSITIVE_INFINITY) as RangeResponse;
}

/**
 * The same, unless that means to collect more than `most` octets of keys and values.
 * @throws StoreError as `range`
 */
export function rangeWithin(keyspace: Keyspace, request: RangeRequest, most: number): RangeResponse | undefined {
  const current = keyspace.visibleRevision;
  const asked = request.revision ?? 0;
  if (asked > current) throw new StoreError("futureRev");
  const revision = asked <= 0 ? current : asked;
  if (revision < keyspace.compactedRevision) throw new StoreError("compacted");
  if (request.countOnly === true) {
    return { revision: current, kvs: NOTHING, more: false, count: countKeys(keyspace, request, revision) };
  }

  const limit = request.limit ?? 0;
  const order = request.sortOrder ?? SortOrder.NONE;
  const target = request.sortTarget ?? SortTarget.KEY;
  const descending = target === SortTarget.KEY && order === SortOrder.DESCEND;
  const sorted = target !== SortTarget.KEY;
  const stopEarly = limit > 0 && (!sorted || (order === SortOrder.NONE && !hasFilters(request)));
  const enough = stopEarly ? limit + 1 : Number.POSITIVE_INFINITY;
  let kvs: KeyValue[] = [];
  const seen = collect(keyspace, request, revision, descending, enough, most, kvs);
  if (seen === undefined) return undefined;
  if (sorted) sort(kvs, target, order === SortOrder.DESCEND);

  const more = limit > 0 && kvs.length > limit;
  if (more) kvs.length = limit;
  if (request.keysOnly === true) kvs = kvs.map((kv) => kv.withoutValue());
  return { revision: current, kvs, more, count: seen < 0 ? countKeys(keyspace, request, revision) : seen };
}

/** @returns how many keys the range holds, -1 if the walk ended before its end, undefined if it became too much. */
function collect(
  keyspace: Keyspace,
  request: RangeRequest,
  revision: number,
  descending: boolean,
  enough: number,
  most: number,
  kvs: KeyValue[],
): number | undefined {
  const filtered = hasFilters(request);
  let seen = 0;
  let complete = true;
  let cost = 0;
  scan(keyspace, request, revision, descending, (record) => {
    seen += 1;
    if (filtered && !passes(record, request)) return true;
    cost += COST_OF_RECORD + record.keyLength + record.valueLength;
    if (cost > most) return false;
    kvs.push(record);
    complete = kvs.length < enough;
    return complete;
  });
  if (cost > most) return undefined;
  return complete ? seen : -1;
}

export function hasFilters(request: RangeRequest): boolean {
  return (
    (request.minModRevision ?? 0) !== 0 ||
    (request.maxModRevision ?? 0) !== 0 ||
    (request.minCreateRevision ?? 0) !== 0 ||
    (request.maxCreateRevision ?? 0) !== 0
  );
}

export function passes(record: KeyValue, request: RangeRequest): boolean {
  return (
    within(record.modRevision, request.minModRevision, request.maxModRevision) &&
    within(record.createRevision, request.minCreateRevision, request.maxCreateRevision)
  );
}

/** A bound that is 0 or absent does not bind. */
function within(revision: number, min: number | undefined, max: number | undefined): boolean {
  if (max !== undefined && max !== 0 && revision > max) return false;
  return min === undefined || min === 0 || revision >= min;
}

/** Ties keep the order of the keys. */
function sort(kvs: KeyValue[], target: number, descending: boolean): void {
  const ascend = comparator(target);
  kvs.sort(descending ? (a, b) => ascend(b, a) : ascend);
}

export function comparator(target: number): (a: KeyValue, b: KeyValue) => number {
  switch (target) {
    case SortTarget.VERSION:
      return (a, b) => a.version - b.version;
    case SortTarget.CREATE:
      return (a, b) => a.createRevision - b.createRevision;
    case SortTarget.MOD:
      return (a, b) => a.modRevision - b.modRevision;
    default:
      return compareValues;
  }
}

function compareValues(a: KeyValue, b: KeyValue): number {
  return compareRuns(a.slab.bytes, a.valueOffset, a.valueLength, b.slab.bytes, b.valueOffset, b.valueLength);
}
