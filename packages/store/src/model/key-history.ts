import type { KeyValue } from "./key-value.ts";

/** Every so many records of a key, one is remembered by number, so that an old revision is found without a long walk. */
const MILESTONE = 64;

/** All records of one key, newest first: a chain through `previous` that begins at `latest`. */
export class KeyHistory {
  latest: KeyValue;
  /** Hash of the key's bytes. */
  readonly keyHash: number;
  #length = 1;
  /** Ascending; of interest for keys that change often only. */
  #milestones: KeyValue[] | undefined;

  constructor(keyHash: number, first: KeyValue) {
    this.keyHash = keyHash;
    this.latest = first;
  }

  get isLive(): boolean {
    return !this.latest.isTombstone;
  }

  /** @param record its `previous` is `latest`. */
  append(record: KeyValue): void {
    this.latest = record;
    this.#length += 1;
    if (this.#length % MILESTONE !== 0) return;
    if (this.#milestones === undefined) this.#milestones = [record];
    else this.#milestones.push(record);
  }

  /** The newest record of a main revision ≤ `revision`; a tombstone perhaps. */
  at(revision: number): KeyValue | undefined {
    let record: KeyValue | undefined = this.latest;
    if (record.modRevision <= revision) return record;
    if (this.#milestones !== undefined) record = firstAfter(this.#milestones, revision) ?? record;
    while (record !== undefined && record.modRevision > revision) record = record.previous;
    return record;
  }

  /** Forgets what came before `oldest`. */
  cutBefore(oldest: KeyValue): void {
    oldest.previous = undefined;
    const milestones = this.#milestones;
    if (milestones === undefined || milestones[0]!.modRevision >= oldest.modRevision) return;
    const kept = milestones.filter((milestone) => milestone.modRevision >= oldest.modRevision);
    this.#milestones = kept.length === 0 ? undefined : kept;
  }

  /** The record that came right after `record`, which is not the latest. */
  successorOf(record: KeyValue): KeyValue {
    let later: KeyValue = this.latest;
    if (this.#milestones !== undefined) later = firstAfter(this.#milestones, record.modRevision) ?? later;
    while (later.previous !== record && later.previous !== undefined) later = later.previous;
    return later;
  }
}

/** The oldest milestone that is newer than `revision`. */
function firstAfter(milestones: readonly KeyValue[], revision: number): KeyValue | undefined {
  let low = 0;
  let high = milestones.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (milestones[middle]!.modRevision <= revision) low = middle + 1;
    else high = middle;
  }
  return milestones[low];
}
