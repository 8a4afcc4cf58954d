import { compareRuns } from "./bytes.ts";
import type { KeyValue } from "./key-value.ts";
import type { Keyspace } from "./keyspace.ts";
import { isSingleKey, upperEnd } from "./scan.ts";
import type { KeyRange } from "./types.ts";

/** What a watcher wants to see. */
export interface WatchSpec extends KeyRange {
  /** The first revision of interest; it may lie in the future. */
  readonly startRevision: number;
  readonly noPut?: boolean | undefined;
  readonly noDelete?: boolean | undefined;
}

/**
 * Events of whole main revisions, in order. `nextRevision` is where to go on: everything before it is in `events`.
 * `compacted`: what was asked for is gone; etcd cancels such a watch with `compactRevision`.
 */
export type CatchUp =
  | { readonly type: "events"; readonly events: readonly KeyValue[]; readonly nextRevision: number }
  | { readonly type: "compacted"; readonly compactRevision: number };

/** @param limit events after which no further revision is begun; a revision is never split. */
export function eventsSince(keyspace: Keyspace, startRevision: number, limit: number): CatchUp {
  if (startRevision < keyspace.compactedRevision) {
    return { type: "compacted", compactRevision: keyspace.compactedRevision };
  }
  const events: KeyValue[] = [];
  let nextRevision = Math.max(startRevision, keyspace.revision + 1);
  keyspace.log.visitSince(startRevision, (record) => {
    if (events.length >= limit && events[events.length - 1]!.modRevision !== record.modRevision) {
      nextRevision = record.modRevision;
      return false;
    }
    events.push(record);
    return true;
  });
  return { type: "events", events, nextRevision };
}

/** Whether a watcher wants an event: key, start revision and filters. */
export function wants(spec: WatchSpec, event: KeyValue): boolean {
  if (event.modRevision < spec.startRevision) return false;
  if (event.isTombstone ? spec.noDelete === true : spec.noPut === true) return false;
  return inRange(spec, event);
}

function inRange(range: KeyRange, event: KeyValue): boolean {
  const from = compareRuns(event.slab.bytes, event.offset, event.keyLength, range.key, 0, range.key.length);
  if (isSingleKey(range)) return from === 0;
  const end = upperEnd(range.rangeEnd!);
  return (
    from >= 0 &&
    (end === undefined || compareRuns(event.slab.bytes, event.offset, event.keyLength, end, 0, end.length) < 0)
  );
}
