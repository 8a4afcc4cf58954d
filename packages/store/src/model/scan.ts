import { compareRuns } from "./bytes.ts";
import type { KeyHistory } from "./key-history.ts";
import type { KeyValue } from "./key-value.ts";
import type { Keyspace } from "./keyspace.ts";
import type { KeyRange } from "./types.ts";

/** No upper end: `range_end` = "\0". */
const UNBOUNDED = undefined;

/** An empty `range_end` names the single key. */
export function isSingleKey(range: KeyRange): boolean {
  return range.rangeEnd === undefined || range.rangeEnd.length === 0;
}

/** The exclusive upper end, `undefined` if there is none ("\0" = every key from `key` on). */
export function upperEnd(rangeEnd: Uint8Array): Uint8Array | undefined {
  return rangeEnd.length === 1 && rangeEnd[0] === 0 ? UNBOUNDED : rangeEnd;
}

/** The record of `history` that a read at `revision` sees, if the key existed then. */
export function visibleAt(history: KeyHistory, revision: number): KeyValue | undefined {
  const record = history.at(revision);
  return record === undefined || record.isTombstone ? undefined : record;
}

/**
 * Visits the keys of a range that existed at `revision`, in key order or against it, until `visit` answers false.
 * `visit` must not write.
 */
export function scan(
  keyspace: Keyspace,
  range: KeyRange,
  revision: number,
  descending: boolean,
  visit: (record: KeyValue) => boolean,
): void {
  if (isSingleKey(range)) {
    const history = keyspace.find(range.key);
    const record = history === undefined ? undefined : visibleAt(history, revision);
    if (record !== undefined) visit(record);
    return;
  }
  const end = upperEnd(range.rangeEnd!);
  const cursor = keyspace.index.cursor();
  // Keys that no longer exist are of interest to reads of the past only.
  if (revision >= keyspace.visibleRevision) cursor.skipWeightless();
  if (!descending) {
    for (cursor.seek(range.key); cursor.entry !== undefined; cursor.next()) {
      if (end !== UNBOUNDED && compareKey(cursor.entry, end) >= 0) return;
      const record = visibleAt(cursor.entry, revision);
      if (record !== undefined && !visit(record)) return;
    }
    return;
  }
  if (end === UNBOUNDED) cursor.seekLast();
  else cursor.seekBefore(end);
  for (; cursor.entry !== undefined; cursor.previous()) {
    if (compareKey(cursor.entry, range.key) < 0) return;
    const record = visibleAt(cursor.entry, revision);
    if (record !== undefined && !visit(record)) return;
  }
}

/** Keys of a range that existed at `revision`; logarithmic for the newest revision. */
export function countKeys(keyspace: Keyspace, range: KeyRange, revision: number): number {
  let count = 0;
  if (isSingleKey(range) || revision < keyspace.visibleRevision) {
    scan(keyspace, range, revision, false, () => {
      count += 1;
      return true;
    });
    return count;
  }
  const end = upperEnd(range.rangeEnd!);
  count =
    (end === UNBOUNDED ? keyspace.index.weight : keyspace.index.weightBefore(end)) -
    keyspace.index.weightBefore(range.key);
  return Math.max(0, count);
}

function compareKey(history: KeyHistory, key: Uint8Array): number {
  const record = history.latest;
  return compareRuns(record.slab.bytes, record.offset, record.keyLength, key, 0, key.length);
}
