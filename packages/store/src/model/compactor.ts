import type { KeyHistory } from "./key-history.ts";
import type { KeyValue } from "./key-value.ts";
import type { Keyspace } from "./keyspace.ts";

/**
 * Removes what compaction has made unreachable, in slices. Of the records before the compacted revision C only those stay
 * that a read at C sees; everything of revision C itself and later stays, tombstones too, so that a watch may begin at C.
 *
 * How far it has come shows in memory use alone: reads below C are refused from the moment of `compact`, and hashes do
 * not look at the past.
 */
export class Compactor {
  readonly #keyspace: Keyspace;
  /** The compacted revision that the running pass removes for; all chunks before `#chunk` are done. */
  #target = -1; // also for a keyspace restored from a snapshot: its writer may not have removed everything
  #chunk = 0;
  #running = false;

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace;
  }

  /** There is something left to look at. */
  get pending(): boolean {
    return this.#running || this.#target < this.#keyspace.compactedRevision;
  }

  /**
   * Looks at about `limit` records (whole chunks of at most 1,024).
   * @returns whether there is more to do.
   */
  step(limit: number): boolean {
    const { log } = this.#keyspace;
    for (let seen = 0; seen < limit && this.pending; ) {
      if (!this.#running) {
        this.#target = this.#keyspace.compactedRevision;
        this.#chunk = 0;
        this.#running = true;
      }
      const chunk = this.#chunk < log.chunkCount ? log.chunk(this.#chunk) : [];
      if (chunk.length === 0 || chunk[0]!.modRevision > this.#target) {
        this.#running = false;
      } else {
        seen += chunk.length;
        const survivors = chunk.filter((record) => this.#keep(record));
        this.#chunk = log.replaceChunk(this.#chunk, survivors);
      }
    }
    return this.pending;
  }

  #keep(record: KeyValue): boolean {
    const target = this.#target;
    if (record.modRevision > target) return true;
    const history = this.#keyspace.find(record.key)!;
    const atTarget = history.at(target) === record;
    if (record.modRevision === target || (atTarget && !record.isTombstone)) {
      if (record.previous !== undefined && record.previous.modRevision < target) history.cutBefore(record);
      this.#gather(record);
      return true;
    }
    if (atTarget) this.#forgetBefore(history, record);
    this.#keyspace.slabs.release(record.slab, record.keyLength + record.valueLength);
    return false;
  }

  /** The tombstone and everything before it is unreachable, perhaps the key itself. */
  #forgetBefore(history: KeyHistory, tombstone: KeyValue): void {
    if (history.latest !== tombstone) {
      history.cutBefore(history.successorOf(tombstone));
      return;
    }
    this.#keyspace.index.delete(tombstone.key);
    this.#keyspace.table.delete(history);
  }

  /** What survives in a mostly empty slab moves to a full one. */
  #gather(record: KeyValue): void {
    const { slabs } = this.#keyspace;
    if (!slabs.isSparse(record.slab)) return;
    const from = record.slab;
    const size = record.keyLength + record.valueLength;
    const slab = slabs.slabFor(size);
    const offset = slabs.place(slab, size);
    slab.bytes.set(record.key, offset);
    slab.bytes.set(record.value, offset + record.keyLength);
    record.slab = slab;
    record.offset = offset;
    record.gap = 0;
    slabs.release(from, size);
  }
}
