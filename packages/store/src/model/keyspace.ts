import { assert } from "./assert.ts";
import { hashBytes, hashValue } from "./bytes.ts";
import { KeyHistory } from "./key-history.ts";
import { keyOrder } from "./key-order.ts";
import { KeyTable } from "./key-table.ts";
import { KeyValue } from "./key-value.ts";
import { OrderedIndex } from "./ordered-index.ts";
import { RevisionLog } from "./revision-log.ts";
import { SlabAllocator } from "./slab.ts";
import { hashRecord, StateHash } from "./state-hash.ts";
import { type LeaseId, NO_LEASE } from "./types.ts";

/** What a record costs beside its bytes: the objects and the places in log, table and index. */
export const RECORD_OVERHEAD = 224;

/** Values shorter than this are copied: their neighbours in memory might outweigh them. */
const WORTH_KEEPING = 1024;
/** Bytes that a client's message may have between a key and its value. */
const MOST_BETWEEN = 32;
const EMPTY = new Uint8Array(0);

/** Keeps counts of what there is. */
export interface KeyObserver {
  /** The newest record of a key, a tombstone perhaps, takes the place of `was`. */
  changed(record: KeyValue, was: KeyValue | undefined): void;
}

/**
 * The multi-version map (etcd's mvcc store): each key's history, found by hash, in key order and in revision order.
 * Several writes form one main revision; `commit` ends it.
 */
export class Keyspace {
  /** Told of each record in the place of another; undefined where nobody counts. */
  observer: KeyObserver | undefined;
  /** What is put lies in memory that somebody keeps for long: not to copy it costs none. */
  memoryStays = false;
  /** Main revision of the last committed write; 1 in an empty store, as in etcd. */
  revision = 1;
  /** Revisions below it are gone; -1 before the first compaction, as in etcd. */
  compactedRevision = -1;
  readonly log: RevisionLog = new RevisionLog();
  readonly slabs: SlabAllocator = new SlabAllocator();
  readonly hash: StateHash = new StateHash();
  readonly table: KeyTable = new KeyTable();
  /** Every key with a history, deleted ones too; a key weighs 1 while it exists. */
  readonly index: OrderedIndex<KeyHistory, Uint8Array> = new OrderedIndex(keyOrder, (history: KeyHistory) =>
    history.isLive ? 1 : 0,
  );
  #uncommitted = 0;

  /** Keys that exist. */
  get keyCount(): number {
    return this.index.weight;
  }

  /** The revision whose state reads see: inside a transaction that has written, the one being made. */
  get visibleRevision(): number {
    return this.#uncommitted === 0 ? this.revision : this.revision + 1;
  }

  /** Ends a main revision. @returns the current revision, unchanged if nothing was written. */
  commit(): number {
    if (this.#uncommitted > 0) this.revision += 1;
    this.#uncommitted = 0;
    return this.revision;
  }

  find(key: Uint8Array): KeyHistory | undefined {
    return this.#lookUp(hashBytes(key, 0, key.length, 0), key, 0, key.length);
  }

  /** The key's newest record, if the key exists. */
  get(key: Uint8Array): KeyValue | undefined {
    const record = this.find(key)?.latest;
    return record === undefined || record.isTombstone ? undefined : record;
  }

  /** Both arrays are copied, or stay as they are with the memory that they lie in. @returns the history whose `latest` is the new record. */
  put(key: Uint8Array, value: Uint8Array, lease: LeaseId): KeyHistory {
    const revision = this.revision + 1;
    const keyHash = hashBytes(key, 0, key.length, 0);
    const history = this.#lookUp(keyHash, key, 0, key.length);
    const previous = history?.latest;
    const createRevision = previous === undefined || previous.isTombstone ? revision : previous.createRevision;
    const version = (previous?.version ?? 0) + 1;
    const contentHash = hashValue(value, 0, value.length, keyHash);
    const hash = hashRecord(contentHash, createRevision, revision, version, lease);
    const record = this.#record(key, value, createRevision, revision, version, lease, hash, previous);
    return this.#append(history, keyHash, record);
  }

  /** Deletes a key that exists. */
  delete(history: KeyHistory): void {
    assert(history.isLive, "a key that does not exist cannot be deleted");
    const revision = this.revision + 1;
    const hash = hashRecord(history.keyHash, 0, revision, 0, NO_LEASE);
    const { latest } = history;
    const record = this.#record(latest.key, EMPTY, 0, revision, 0, NO_LEASE, hash, latest);
    this.#append(history, history.keyHash, record);
  }

  /**
   * Puts a record of a snapshot in its place; they come in the order of their writing.
   * @param bytes holds the key at `offset`, and behind it the value; kept, not copied
   */
  restore(
    bytes: Uint8Array,
    offset: number,
    keyLength: number,
    valueLength: number,
    create: number,
    mod: number,
    version: number,
    lease: LeaseId,
  ): void {
    const keyHash = hashBytes(bytes, offset, keyLength, 0);
    const history = this.#lookUp(keyHash, bytes, offset, keyLength);
    const contentHash = version === 0 ? keyHash : hashValue(bytes, offset + keyLength, valueLength, keyHash);
    const hash = hashRecord(contentHash, create, mod, version, lease);
    const slab = this.slabs.adopt(bytes, keyLength + valueLength);
    const previous = history?.latest;
    this.#append(
      history,
      keyHash,
      new KeyValue(slab, offset, keyLength, valueLength, create, mod, version, lease, hash, previous),
    );
  }

  /** Ends a restoration: the counters become what they were. */
  restored(revision: number, compactedRevision: number, history: number): void {
    this.#uncommitted = 0;
    this.revision = revision;
    this.compactedRevision = compactedRevision;
    this.hash.history = history;
  }

  /** prev_kv of an event: the key as it was before the event's main revision, unless that is compacted. */
  previousKv(record: KeyValue): KeyValue | undefined {
    if (record.modRevision - 1 < this.compactedRevision) return undefined;
    let before = record.previous;
    while (before !== undefined && before.modRevision === record.modRevision) before = before.previous;
    return before === undefined || before.isTombstone ? undefined : before;
  }

  #lookUp(keyHash: number, bytes: Uint8Array, offset: number, length: number): KeyHistory | undefined {
    const history = this.table.get(keyHash, bytes, offset, length);
    if (history !== undefined || !this.table.mayHaveOmitted(keyHash)) return history;
    return this.index.get(bytes.subarray(offset, offset + length));
  }

  #record(
    key: Uint8Array,
    value: Uint8Array,
    createRevision: number,
    modRevision: number,
    version: number,
    lease: LeaseId,
    hash: number,
    previous: KeyValue | undefined,
  ): KeyValue {
    const size = key.length + value.length;
    if (value.length >= WORTH_KEEPING && this.#mayKeep(key, value)) {
      const kept = this.slabs.adoptBuffer(value.buffer, size);
      const record = new KeyValue(
        kept,
        key.byteOffset,
        key.length,
        value.length,
        createRevision,
        modRevision,
        version,
        lease,
        hash,
        previous,
      );
      record.gap = value.byteOffset - key.byteOffset - key.length;
      return record;
    }
    const slab = this.slabs.slabFor(size);
    const offset = this.slabs.place(slab, size);
    copyInto(slab.bytes, offset, key);
    copyInto(slab.bytes, offset + key.length, value);
    return new KeyValue(
      slab,
      offset,
      key.length,
      value.length,
      createRevision,
      modRevision,
      version,
      lease,
      hash,
      previous,
    );
  }

  /** Both lie in one piece of memory, and that stays anyway, or is little more than the value. */
  #mayKeep(key: Uint8Array, value: Uint8Array): boolean {
    const gap = value.byteOffset - key.byteOffset - key.length;
    if (key.buffer !== value.buffer || gap < 0 || gap > MOST_BETWEEN) return false;
    return this.memoryStays || value.length * 2 >= value.buffer.byteLength;
  }

  #append(history: KeyHistory | undefined, keyHash: number, record: KeyValue): KeyHistory {
    this.#uncommitted += 1;
    this.log.append(record);
    this.hash.written(record.hash);
    if (!record.isTombstone) this.hash.appeared(record.hash);
    this.observer?.changed(record, history?.latest);
    if (history === undefined) {
      const created = new KeyHistory(keyHash, record);
      this.table.add(created);
      this.index.set(record.key, created);
      return created;
    }
    const was = history.latest;
    if (!was.isTombstone) this.hash.vanished(was.hash);
    history.append(record);
    if (was.isTombstone !== record.isTombstone) this.index.reweigh(record.key, record.isTombstone ? -1 : 1);
    return history;
  }
}

/** For a few bytes a loop is faster than `set`. */
function copyInto(target: Uint8Array, offset: number, source: Uint8Array): void {
  if (source.length > 48) target.set(source, offset);
  else for (let i = 0; i < source.length; i += 1) target[offset + i] = source[i]!;
}
