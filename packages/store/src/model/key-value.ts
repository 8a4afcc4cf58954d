import type { Slab } from "./slab.ts";
import type { LeaseId } from "./types.ts";

/**
 * One revision of one key: etcd's `mvccpb.KeyValue`, and at the same time the event that made it. A DELETE event is the
 * record whose `version` is 0; it has a key and a `modRevision` and nothing else.
 *
 * Records never change and are shared by range results, events and frozen views. The bytes lie in a slab: encoders may
 * copy them straight from `slab.bytes`: the key at `offset`, the value at `valueOffset`; read them together with `slab`,
 * compaction may move the bytes between two turns.
 */
export class KeyValue {
  slab: Slab;
  offset: number;
  /** Bytes between key and value: what a client's message has there, where its memory was kept. */
  gap = 0;
  readonly keyLength: number;
  readonly valueLength: number;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  readonly lease: LeaseId;
  /** Hash of all of the above; part of the state's hash. */
  readonly hash: number;
  /** The key's record before this one, a tombstone perhaps; cut off by compaction. For prev_kv ask `StoreModel.prevKv`. */
  previous: KeyValue | undefined;
  /** Its place among the records of its main revision, from 0: etcd's sub-revision. */
  sub = 0;

  constructor(
    slab: Slab,
    offset: number,
    keyLength: number,
    valueLength: number,
    createRevision: number,
    modRevision: number,
    version: number,
    lease: LeaseId,
    hash: number,
    previous: KeyValue | undefined,
  ) {
    this.slab = slab;
    this.offset = offset;
    this.keyLength = keyLength;
    this.valueLength = valueLength;
    this.createRevision = createRevision;
    this.modRevision = modRevision;
    this.version = version;
    this.lease = lease;
    this.hash = hash;
    this.previous = previous;
  }

  get isTombstone(): boolean {
    return this.version === 0;
  }

  /** A view, not a copy; its bytes never change. */
  get key(): Uint8Array {
    return this.slab.bytes.subarray(this.offset, this.offset + this.keyLength);
  }

  get valueOffset(): number {
    return this.offset + this.keyLength + this.gap;
  }

  /** A view, not a copy; its bytes never change. */
  get value(): Uint8Array {
    const start = this.valueOffset;
    return this.slab.bytes.subarray(start, start + this.valueLength);
  }

  /** For `keys_only`. */
  withoutValue(): KeyValue {
    return new KeyValue(
      this.slab,
      this.offset,
      this.keyLength,
      0,
      this.createRevision,
      this.modRevision,
      this.version,
      this.lease,
      this.hash,
      undefined,
    );
  }
}
