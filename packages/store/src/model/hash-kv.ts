import { StoreError } from "./errors.ts";
import type { KeyValue } from "./key-value.ts";
import type { Keyspace } from "./keyspace.ts";
import { visibleAt } from "./scan.ts";

/** Keys that are looked at between two rests. */
const KEYS_AT_ONCE = 512;

export interface HashedRecords {
  readonly revision: number;
  readonly compactedRevision: number;
  /**
   * In the order of their writing; `undefined` is a rest. Until the end nothing may remove compacted records
   * (`StoreModel.removeCompacted`); everything else may go on.
   */
  records(): Generator<KeyValue | undefined, void, undefined>;
}

/**
 * What etcd's HashKV covers (`storage/mvcc/hash.go`): every record up to `revision` that is newer than the last
 * compaction, and of the older ones those that a read at `revision` sees. Where such a read sees nothing at all, etcd
 * covers whatever it still holds: what a read at the compacted revision sees.
 *
 * @param revision 0: the newest.
 * @throws StoreError `compacted`, `futureRev`
 */
export function recordsToHash(keyspace: Keyspace, revision: number): HashedRecords {
  const { compactedRevision } = keyspace;
  if (revision > 0 && revision <= compactedRevision) throw new StoreError("compacted");
  if (revision > keyspace.revision) throw new StoreError("futureRev");
  const upTo = revision > 0 ? revision : keyspace.revision;
  const log = keyspace.log.freeze();
  const keys = keyspace.index.freeze();
  return {
    revision: upTo,
    compactedRevision,
    *records() {
      let empty = true;
      let seen = 0;
      const cursor = keys.cursor();
      for (cursor.seekFirst(); empty && cursor.entry !== undefined; cursor.next()) {
        empty = visibleAt(cursor.entry, upTo) === undefined;
        seen += 1;
        if (seen % KEYS_AT_ONCE === 0) yield undefined;
      }
      const seenAt = empty ? compactedRevision : upTo;
      for (const record of log.records()) {
        if (record.modRevision > upTo) return;
        if (record.modRevision > compactedRevision || isSeenAt(keyspace, record, seenAt)) yield record;
        else yield undefined;
      }
    },
  };
}

function isSeenAt(keyspace: Keyspace, record: KeyValue, revision: number): boolean {
  if (record.isTombstone) return false;
  const history = keyspace.find(record.key);
  return history !== undefined && history.at(revision) === record;
}
