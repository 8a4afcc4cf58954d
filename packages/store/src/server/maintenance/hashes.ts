import { comparableBuckets, type Origin } from "../../backup/buckets.ts";
import { hashBuckets, hashRecords } from "../../backup/hash.ts";
import type { StoreAreas } from "../../machine.ts";
import { StoreError } from "../../model/errors.ts";
import type { StoreModel } from "../../model/store.ts";
import { type Clock, runSliced } from "../kv/sliced.ts";

/** Hashes that may wait for their turn. */
const MOST_WAITING = 16;
/** Microseconds that a hash waits for the removal of compacted records. */
const PATIENCE = 2_000_000;

export interface KvHash {
  readonly hash: number;
  /** The store's, when its turn had come. */
  readonly revision: number;
  readonly compactedRevision: number;
  /** Up to which the hash goes. */
  readonly hashRevision: number;
}

interface Waiting {
  readonly since: number;
  start(): void;
}

/**
 * Hashes over everything, one at a time and in slices. Compacted records must not be removed while one runs (`isRunning`):
 * it still asks which of them a read would see. Between two hashes removal comes first, so that they cannot hold it up.
 */
export class Hashes {
  readonly #model: StoreModel;
  readonly #areas: StoreAreas;
  readonly #clock: Clock;
  readonly #waiting: Waiting[] = [];
  /** Told how long each hash took, from its turn on: one of keys up to a revision, or one of everything. */
  timed: ((of: "revision" | "everything", micros: number) => void) | undefined;
  #running = false;
  #looking = false;

  constructor(model: StoreModel, areas: StoreAreas, clock: Clock) {
    this.#model = model;
    this.#areas = areas;
    this.#clock = clock;
  }

  get isRunning(): boolean {
    return this.#running;
  }

  /**
   * etcd's HashKV, as of the moment when its turn has come.
   * @param revision 0: the newest.
   * @param refused the revision has been compacted meanwhile.
   * @returns false: too many wait already.
   * @throws StoreError `compacted`, `futureRev`
   */
  hashKv(revision: number, done: (hash: KvHash) => void, refused: (error: StoreError) => void): boolean {
    this.#model.recordsToHash(revision);
    return this.#enqueue(() => {
      const { revision: current } = this.#model;
      const records = this.#recordsOf(revision, refused);
      if (records === undefined) return this.#ended();
      const began = this.#clock.now();
      runSliced(hashRecords(records), this.#clock, (hash) => {
        this.#ended();
        this.timed?.("revision", this.#clock.now() - began);
        const { compactedRevision, revision: hashRevision } = records;
        done({ hash, revision: current, compactedRevision, hashRevision });
      });
    });
  }

  /** etcd's Hash: over everything that is replicated. @returns as `hashKv` */
  hashAll(origin: () => Origin, done: (hash: number, revision: number) => void): boolean {
    return this.#enqueue(() => {
      const began = this.#clock.now();
      const state = this.#model.freeze();
      runSliced(hashBuckets(comparableBuckets(state, this.#areas, origin())), this.#clock, (hash) => {
        this.#ended();
        this.timed?.("everything", this.#clock.now() - began);
        done(hash, state.revision);
      });
    });
  }

  #recordsOf(
    revision: number,
    refused: (error: StoreError) => void,
  ): ReturnType<StoreModel["recordsToHash"]> | undefined {
    try {
      return this.#model.recordsToHash(revision);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      refused(error);
      return undefined;
    }
  }

  #enqueue(start: () => void): boolean {
    if (this.#waiting.length >= MOST_WAITING) return false;
    this.#waiting.push({ since: this.#clock.now(), start });
    this.#look();
    return true;
  }

  #ended(): void {
    this.#running = false;
    this.#lookLater();
  }

  /** Starts the next one, unless there is something to remove first. */
  #look(): void {
    const [next] = this.#waiting;
    if (next === undefined || this.#running) return;
    if (this.#model.removalPending && this.#clock.now() - next.since < PATIENCE) return this.#lookLater();
    this.#waiting.shift();
    this.#running = true;
    next.start();
  }

  #lookLater(): void {
    if (this.#looking || this.#waiting.length === 0) return;
    this.#looking = true;
    this.#clock.schedule(() => {
      this.#looking = false;
      this.#look();
    });
  }
}
