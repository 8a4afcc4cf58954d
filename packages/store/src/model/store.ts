import { assert } from "./assert.ts";
import { finishHash, hashInteger, hashWord } from "./bytes.ts";
import { Compactor } from "./compactor.ts";
import { StoreError } from "./errors.ts";
import { type HashedRecords, recordsToHash } from "./hash-kv.ts";
import type { KeyValue } from "./key-value.ts";
import { Keyspace, RECORD_OVERHEAD } from "./keyspace.ts";
import { LeasedStore } from "./leased-store.ts";
import { Leases } from "./leases.ts";
import { PrefixQuotas } from "./prefix-quotas.ts";
import { type PrefixSettings, type PrefixStats, statsOf } from "./prefix-stats.ts";
import { rangeWithin } from "./range.ts";
import { RangeWalk } from "./range-walk.ts";
import { type FrozenState, freeze, readSnapshot, writeSnapshot } from "./snapshot.ts";
import { checkPut, deleteRange, put, type StoreState } from "./state.ts";
import { isReadOnly, txn } from "./txn.ts";
import type {
  ClusterTime,
  DeleteRangeRequest,
  DeleteRangeResponse,
  PutRequest,
  RangeRequest,
  RangeResponse,
  TxnRequest,
  TxnResponse,
} from "./types.ts";
import { Usage } from "./usage.ts";
import { MAX_TXN_OPS, validateDeleteRange, validatePut, validateRange, validateTxn } from "./validate.ts";
import { type CatchUp, eventsSince } from "./watch.ts";

/** Part of the replicated configuration: all replicas must have the same. */
export interface StoreConfig {
  /** Seconds; shorter leases are lengthened to it. Default 2. */
  readonly minLeaseTtl?: number;
  /** Operations in a transaction. Default 128. */
  readonly maxTxnOps?: number;
  /** Measured by prefix on this replica; not replicated. Default: nothing. */
  readonly prefixes?: PrefixSettings;
  /** Where the limits of prefixes are kept; by default in the store alone. */
  readonly quotas?: PrefixQuotas;
}

/**
 * The replicated state of the store: etcd's mvcc keyspace and lessor as a deterministic machine. Equal calls in equal
 * order give equal states, equal answers and equal hashes.
 *
 * Writes take `time`, the replicated cluster time of their log entry (microseconds, never less than before). A refused
 * call throws StoreError and changes nothing. `revision` right after a call is what its response's header carries.
 */
export class StoreModel extends LeasedStore {
  protected state: StoreState;
  #compactor: Compactor;
  /** Limits of what may lie under prefixes. */
  readonly quotas: PrefixQuotas;
  readonly #prefixes: PrefixSettings | undefined;
  #usage: Usage;
  readonly #minLeaseTtl: number;
  readonly #maxTxnOps: number;
  #time: ClusterTime = 0;
  #previous: KeyValue | undefined;

  constructor(config: StoreConfig = {}) {
    super();
    this.#minLeaseTtl = config.minLeaseTtl ?? 2;
    this.#maxTxnOps = config.maxTxnOps ?? MAX_TXN_OPS;
    this.state = { keyspace: new Keyspace(), leases: new Leases({ minLeaseTtl: this.#minLeaseTtl }) };
    this.#compactor = new Compactor(this.state.keyspace);
    this.#prefixes = config.prefixes;
    this.quotas = config.quotas ?? new PrefixQuotas();
    this.#usage = new Usage(statsOf(config.prefixes), this.quotas);
    this.#usage.attach(this.state.keyspace);
  }

  /** What there is under which prefix; undefined: it is not measured. */
  get prefixStats(): PrefixStats | undefined {
    return this.#usage.stats;
  }

  /** What is put from now on lies in memory that stays anyway: large values are not copied. */
  set memoryStays(stay: boolean) {
    this.state.keyspace.memoryStays = stay;
  }

  /** Revision of the last write; 1 in an empty store. */
  get revision(): number {
    return this.state.keyspace.revision;
  }

  /** Reads and watches below it are refused; -1 if nothing was ever compacted. */
  get compactedRevision(): number {
    return this.state.keyspace.compactedRevision;
  }

  /** Keys that exist now. */
  get keyCount(): number {
    return this.state.keyspace.keyCount;
  }

  /** Records of all revisions that are still held. */
  get recordCount(): number {
    return this.state.keyspace.log.length;
  }

  get leaseCount(): number {
    return this.state.leases.count;
  }

  /** Cluster time of the last write. */
  get time(): ClusterTime {
    return this.#time;
  }

  /** Memory held for records, in bytes: etcd's dbSize. It differs between replicas with the progress of compaction. */
  get sizeInBytes(): number {
    const { slabs, log } = this.state.keyspace;
    return slabs.totalBytes + log.length * RECORD_OVERHEAD;
  }

  /** The part of it that records still use: etcd's dbSizeInUse. */
  get sizeInUseInBytes(): number {
    const { slabs, log } = this.state.keyspace;
    return slabs.liveBytes + log.length * RECORD_OVERHEAD;
  }

  /** @throws StoreError `emptyKey`, `invalidSortOption`, `futureRev`, `compacted` */
  range(request: RangeRequest): RangeResponse {
    return this.rangeWithin(request, Number.POSITIVE_INFINITY) as RangeResponse;
  }

  /** The same, unless that means to collect more than `most` octets. @throws StoreError as `range` */
  rangeWithin(request: RangeRequest, most: number): RangeResponse | undefined {
    validateRange(request);
    this.counts.range++;
    return rangeWithin(this.state.keyspace, request, most);
  }

  /** A range to be read in parts; neither limit, order nor filters are looked at. @throws StoreError as `range` */
  rangeWalk(request: RangeRequest): RangeWalk {
    validateRange(request);
    return new RangeWalk(this.state.keyspace, request);
  }

  /**
   * @returns the new revision. What the key held before is `replaced` until the next put.
   * @throws StoreError `emptyKey`, `valueProvided`, `leaseProvided`, `leaseNotFound`, `keyNotFound`
   */
  put(request: PutRequest, time: ClusterTime): number {
    this.advance(time);
    validatePut(request);
    checkPut(this.state, request);
    if (this.quotas.active) this.quotas.admit([request]);
    this.counts.put++;
    this.#previous = put(this.state, request);
    return this.state.keyspace.commit();
  }

  /** What the last `put` replaced, whether or not it asked for prev_kv. */
  get replaced(): KeyValue | undefined {
    return this.#previous;
  }

  /** @throws StoreError `emptyKey` */
  deleteRange(request: DeleteRangeRequest, time: ClusterTime): DeleteRangeResponse {
    this.advance(time);
    validateDeleteRange(request);
    this.counts.deleteRange++;
    const response = deleteRange(this.state, request);
    this.state.keyspace.commit();
    return response;
  }

  /** @throws StoreError `tooManyOps`, `duplicateKey` and those of the operations */
  txn(request: TxnRequest, time: ClusterTime): TxnResponse {
    this.advance(time);
    validateTxn(request, this.#maxTxnOps);
    const response = txn(this.state, request, this.quotas);
    this.counts.countTxn(response.responses);
    this.state.keyspace.commit();
    return response;
  }

  /**
   * A transaction that only reads (`isReadOnly`), beside the log: it leaves no trace, not even in the time.
   * @throws StoreError as `txn`
   */
  readTxn(request: TxnRequest): TxnResponse {
    assert(isReadOnly(request), "a transaction beside the log must not write");
    validateTxn(request, this.#maxTxnOps);
    const response = txn(this.state, request);
    this.counts.countTxn(response.responses);
    return response;
  }

  /**
   * From now on revisions below `revision` cannot be read. `removeCompacted` frees what they took.
   * @throws StoreError `compacted`, `futureRev`
   */
  compact(revision: number, time: ClusterTime): void {
    this.advance(time);
    const { keyspace } = this.state;
    if (revision <= keyspace.compactedRevision) throw new StoreError("compacted");
    if (revision > keyspace.revision) throw new StoreError("futureRev");
    keyspace.compactedRevision = revision;
  }

  /**
   * Frees compacted records, about `limit` of them looked at. Call it when there is time, on each replica as it likes:
   * nothing but memory use depends on it.
   * @returns whether there is more to do.
   */
  removeCompacted(limit: number): boolean {
    return this.#compactor.step(limit);
  }

  /** Something compacted is still held: what a `physical` compaction waits for. */
  get removalPending(): boolean {
    return this.#compactor.pending;
  }

  /**
   * Hash of the whole state, 32 bits unsigned, O(1). It does not depend on how far compacted records were removed, and
   * is the same after `snapshot` and `restore`.
   */
  hash(): number {
    const { keyspace, leases } = this.state;
    let hash = hashWord(hashWord(keyspace.hash.live, keyspace.hash.history), leases.hash);
    hash = hashInteger(hashInteger(hash, keyspace.revision), keyspace.compactedRevision);
    return finishHash(hash) >>> 0;
  }

  /** History for a watch that begins at `startRevision`, or has fallen behind; see `CatchUp`. */
  eventsSince(startRevision: number, limit: number): CatchUp {
    return eventsSince(this.state.keyspace, startRevision, limit);
  }

  /** prev_kv of an event: the key as it was before the event's main revision; undefined if it was not, or is compacted. */
  prevKv(event: KeyValue): KeyValue | undefined {
    return this.state.keyspace.previousKv(event);
  }

  /**
   * What etcd's HashKV covers at `revision` (0: the newest).
   * @throws StoreError `compacted`, `futureRev`
   */
  recordsToHash(revision: number): HashedRecords {
    return recordsToHash(this.state.keyspace, revision);
  }

  /** The state as of this call, to be read over many turns; the store may change meanwhile. O(1). */
  freeze(): FrozenState {
    return freeze(this.state, this.#time);
  }

  /** The state as of this call, in chunks of at most 64 KiB. O(1) to begin; the store may change while it is read. */
  snapshot(): Iterator<Uint8Array> {
    return writeSnapshot(freeze(this.state, this.#time));
  }

  /**
   * Replaces the state by a snapshot's, whose chunks may be cut elsewhere by now.
   * @param now cluster time of a new cluster that takes over the data: leases keep what remained to them.
   * @throws SnapshotError and changes nothing
   */
  restore(chunks: Iterable<Uint8Array>, now?: ClusterTime): void {
    const steps = this.restoreInSteps(chunks, now);
    while (steps.next().done !== true);
  }

  /** The same in small steps, the last of which replaces the state; until then the store may be used as it is. */
  *restoreInSteps(chunks: Iterable<Uint8Array>, now?: ClusterTime): Generator<undefined, void, undefined> {
    const stats = statsOf(this.#prefixes);
    const restored = yield* readSnapshot(chunks, { minLeaseTtl: this.#minLeaseTtl }, now, stats);
    this.state = restored;
    this.#time = restored.time;
    this.#previous = undefined;
    this.#compactor = new Compactor(restored.keyspace);
    this.#usage = new Usage(stats, this.quotas);
    this.#usage.attach(restored.keyspace);
  }

  protected advance(time: ClusterTime): ClusterTime {
    if (time > this.#time) this.#time = time;
    return this.#time;
  }
}
