import { comparableBuckets, type Origin } from "../backup/buckets.ts";
import { hashBuckets, hashRecords } from "../backup/hash.ts";
import type { StoreAreas } from "../machine.ts";
import type { StoreModel } from "../model/store.ts";
import { type Clock, runSliced } from "./sliced.ts";

/** Hashes that may wait for their turn. */
const MOST_WAITING = 16;

export interface KvHash {
  readonly hash: number;
  /** The store's, when it was asked. */
  readonly revision: number;
  readonly compactedRevision: number;
  /** Up to which the hash goes. */
  readonly hashRevision: number;
}

/**
 * Hashes over everything, one at a time and in slices. Compacted records must not be removed while one runs (`isRunning`):
 * it still asks which of them a read would see.
 */
export class Hashes {
  readonly #model: StoreModel;
  readonly #areas: StoreAreas;
  readonly #clock: Clock;
  #running = false;
  readonly #waiting: (() => void)[] = [];

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
   * @returns false: too many wait already.
   * @throws StoreError `compacted`, `futureRev`
   */
  hashKv(revision: number, done: (hash: KvHash) => void): boolean {
    const records = this.#model.recordsToHash(revision);
    const current = this.#model.revision;
    return this.#enqueue(() => {
      runSliced(hashRecords(records), this.#clock, (hash) => {
        this.#next();
        const { compactedRevision, revision: hashRevision } = records;
        done({ hash, revision: current, compactedRevision, hashRevision });
      });
    });
  }

  /** etcd's Hash: over everything that is replicated. @returns as `hashKv` */
  hashAll(origin: Origin, done: (hash: number, revision: number) => void): boolean {
    const state = this.#model.freeze();
    const buckets = comparableBuckets(state, this.#areas, origin);
    return this.#enqueue(() => {
      runSliced(hashBuckets(buckets), this.#clock, (hash) => {
        this.#next();
        done(hash, state.revision);
      });
    });
  }

  #enqueue(start: () => void): boolean {
    if (!this.#running) {
      this.#running = true;
      start();
      return true;
    }
    if (this.#waiting.length >= MOST_WAITING) return false;
    this.#waiting.push(start);
    return true;
  }

  #next(): void {
    const start = this.#waiting.shift();
    if (start === undefined) this.#running = false;
    else this.#clock.schedule(start);
  }
}
