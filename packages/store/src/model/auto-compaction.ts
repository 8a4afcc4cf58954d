/** Microseconds. */
const SECOND = 1_000_000;
const HOUR = 3600 * SECOND;
const REVISION_INTERVAL = 300 * SECOND;
/** etcd looks ten times in each period of at most an hour. */
const LOOKS = 10;

/** When to compact, as etcd's `--auto-compaction-mode` and `--auto-compaction-retention` say. */
export interface CompactionRule {
  /**
   * Called about ten times a second on every member, so that whoever comes to lead knows what was when.
   * @param now microseconds on a monotonic clock. @param leads only a leader compacts.
   * @returns the revision to compact at now, if any
   */
  due(now: number, revision: number, leads: boolean): number | undefined;
  /** That has been done, by this member or another. */
  done(now: number, revision: number): void;
}

/**
 * Keeps what was written in the last `period` (etcd `v3compactor/periodic.go`): a sample of the revision every tenth of
 * it, or six minutes; the first compaction after a whole period, the next ones each period or hour, whichever is less.
 */
export class PeriodicRule implements CompactionRule {
  readonly #period: number;
  readonly #interval: number;
  readonly #retry: number;
  readonly #samples: number[];
  readonly #kept: number;
  #lookAt: number;
  #lastDone: number;
  #lastRevision = 0;
  #first = true;

  /** @param period microseconds. @param now when it begins, and the revision then */
  constructor(period: number, now: number, revision: number) {
    this.#period = period;
    this.#interval = Math.min(period, HOUR);
    this.#retry = this.#interval / LOOKS;
    this.#kept = Math.floor(period / this.#retry) + 1;
    this.#samples = [revision];
    this.#lookAt = now + this.#retry;
    this.#lastDone = now;
  }

  due(now: number, revision: number, leads: boolean): number | undefined {
    if (now < this.#lookAt) return undefined;
    this.#lookAt = Math.max(this.#lookAt + this.#retry, now);
    const [oldest] = this.#samples as [number];
    this.#samples.push(revision);
    if (this.#samples.length > this.#kept) this.#samples.shift();
    if (!leads || oldest === this.#lastRevision) return undefined;
    if (now - this.#lastDone < (this.#first ? this.#period : this.#interval)) return undefined;
    this.#first = false;
    return oldest;
  }

  done(now: number, revision: number): void {
    this.#lastRevision = revision;
    this.#lastDone = now;
  }
}

/** Keeps the last `count` revisions; looks every five minutes (etcd `v3compactor/revision.go`). */
export class RevisionRule implements CompactionRule {
  readonly #count: number;
  #lookAt: number;
  #lastRevision = 0;

  constructor(count: number, now: number) {
    this.#count = count;
    this.#lookAt = now + REVISION_INTERVAL;
  }

  due(now: number, revision: number, leads: boolean): number | undefined {
    if (now < this.#lookAt) return undefined;
    this.#lookAt = now + REVISION_INTERVAL;
    const oldest = revision - this.#count;
    return !leads || oldest <= 0 || oldest === this.#lastRevision ? undefined : oldest;
  }

  done(_now: number, revision: number): void {
    this.#lastRevision = revision;
  }
}

/** How much of the history stays when so much of the quota is used. */
const RELIEF: readonly { readonly above: number; readonly keep: number }[] = [
  { above: 0.92, keep: 5 * SECOND },
  { above: 0.85, keep: 60 * SECOND },
  { above: 0.75, keep: 600 * SECOND },
];
const SAMPLES = 601;
const PAUSE = 5 * SECOND;
/** Where less than this part of the records is history, removing it is not worth looking at all of them. */
const WORTHWHILE = 1 / 16;

/** What a store takes, for `PressureRule`. */
export interface StoreSizes {
  readonly revision: number;
  readonly compactedRevision: number;
  /** Of all revisions, and those of them that are not history. */
  readonly recordCount: number;
  readonly keyCount: number;
  readonly sizeInUseInBytes: number;
  readonly removalPending: boolean;
}

/** Gives up history, the oldest first, before a quota makes the store read-only: the fuller it is, the more of it. */
export class PressureRule {
  readonly #quota: number;
  /** The revision at each of the last seconds, in a ring. */
  readonly #samples: Float64Array = new Float64Array(SAMPLES).fill(-1);
  #second = -1;
  #pauseUntil = 0;

  /** @param quota bytes; 0 is none */
  constructor(quota: number) {
    this.#quota = quota;
  }

  /** As `CompactionRule.due`. */
  due(now: number, store: StoreSizes, leads: boolean): number | undefined {
    if (this.#quota === 0) return undefined;
    this.#sample(now, store.revision);
    if (!leads || now < this.#pauseUntil || store.removalPending) return undefined;
    const used = store.sizeInUseInBytes / this.#quota;
    const relief = RELIEF.find(({ above }) => used >= above);
    if (relief === undefined) return undefined;
    if (store.recordCount - store.keyCount < store.recordCount * WORTHWHILE) return undefined;
    const revision = this.#revisionAt(now - relief.keep);
    if (revision <= 0 || revision <= store.compactedRevision) return undefined;
    this.#pauseUntil = now + PAUSE;
    return revision;
  }

  #sample(now: number, revision: number): void {
    const second = Math.floor(now / SECOND);
    if (second === this.#second) return;
    if (this.#second < 0 || second - this.#second >= SAMPLES) this.#samples.fill(-1);
    else {
      // Of seconds in which nobody looked, what was known before counts: rather too much is kept than too little.
      const known = this.#samples[this.#second % SAMPLES] as number;
      for (let missed = this.#second + 1; missed < second; missed++) this.#samples[missed % SAMPLES] = known;
    }
    this.#samples[second % SAMPLES] = revision;
    this.#second = second;
  }

  /** What was the newest revision when that second began, or before; -1 if nobody was there to see it. */
  #revisionAt(time: number): number {
    const second = Math.floor(time / SECOND);
    return second < 0 || second <= this.#second - SAMPLES ? -1 : (this.#samples[second % SAMPLES] as number);
  }
}
