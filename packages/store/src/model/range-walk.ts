import { compareRuns } from "./bytes.ts";
import { StoreError } from "./errors.ts";
import type { KeyHistory } from "./key-history.ts";
import type { KeyValue } from "./key-value.ts";
import type { Keyspace } from "./keyspace.ts";
import { countKeys, isSingleKey, upperEnd, visibleAt } from "./scan.ts";
import type { KeyRange, RangeRequest } from "./types.ts";

/**
 * A range at one revision in the order of its keys, read in parts; the store may change in between. It holds nothing but
 * its place.
 */
export class RangeWalk {
  /** Of the store when the walk began: what the response's header carries. */
  readonly storeRevision: number;
  /** At which the range is read. */
  readonly revision: number;
  readonly #keyspace: Keyspace;
  readonly #range: KeyRange;
  /** The last key that was looked at. */
  #last: Uint8Array | undefined;
  #isOver = false;

  /** @throws StoreError `futureRev`, `compacted` */
  constructor(keyspace: Keyspace, request: RangeRequest) {
    const asked = request.revision ?? 0;
    this.#keyspace = keyspace;
    this.storeRevision = keyspace.visibleRevision;
    if (asked > this.storeRevision) throw new StoreError("futureRev");
    this.revision = asked <= 0 ? this.storeRevision : asked;
    this.#range = { key: request.key.slice(), rangeEnd: request.rangeEnd?.slice() };
    this.#requireHistory();
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Keys of the range, where that is known without a walk: before anything has changed. */
  get countAtOnce(): number | undefined {
    if (this.revision !== this.#keyspace.visibleRevision || isSingleKey(this.#range)) return undefined;
    return countKeys(this.#keyspace, this.#range, this.revision);
  }

  /**
   * Visits the next keys that existed at the revision, until `visit` answers false (that one has been visited) or `most`
   * keys were looked at.
   * @throws StoreError `compacted`: the revision was, meanwhile.
   */
  read(most: number, visit: (record: KeyValue) => boolean): void {
    this.#requireHistory();
    if (isSingleKey(this.#range)) {
      const history = this.#keyspace.find(this.#range.key);
      const record = history === undefined ? undefined : visibleAt(history, this.revision);
      if (record !== undefined) visit(record);
      this.#isOver = true;
      return;
    }
    const end = upperEnd(this.#range.rangeEnd as Uint8Array);
    const cursor = this.#keyspace.index.cursor();
    if (this.revision >= this.#keyspace.visibleRevision) cursor.skipWeightless();
    cursor.seek(this.#last ?? this.#range.key);
    if (cursor.entry !== undefined && this.#last !== undefined && compareKey(cursor.entry, this.#last) === 0)
      cursor.next();
    let last: KeyHistory | undefined;
    for (let looked = 0; looked < most; looked++, cursor.next()) {
      const { entry } = cursor;
      if (entry === undefined || (end !== undefined && compareKey(entry, end) >= 0)) {
        this.#isOver = true;
        return;
      }
      last = entry;
      const record = visibleAt(entry, this.revision);
      if (record !== undefined && !visit(record)) break;
    }
    // A copy: the bytes may be moved, and then freed, before the next part.
    if (last !== undefined) this.#last = last.latest.key.slice();
  }

  #requireHistory(): void {
    if (this.revision < this.#keyspace.compactedRevision) throw new StoreError("compacted");
  }
}

function compareKey({ latest }: KeyHistory, key: Uint8Array): number {
  return compareRuns(latest.slab.bytes, latest.offset, latest.keyLength, key, 0, key.length);
}
