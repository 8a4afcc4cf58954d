import type { Random } from "@synod/protocols/random";

/** What a restart finds. */
export interface Recovered<WalRecord> {
  readonly records: readonly WalRecord[];
  /** Something that was once durable is gone or wrong, and the node can tell. */
  readonly damaged: boolean;
}

/** What a crash left of the writes that no sync had confirmed. */
export interface CrashResult {
  readonly lost: number;
  readonly kept: number;
}

export type Damage = "bitFlip" | "misdirect" | "amnesia";

/** One node's write-ahead log, for the harness: records in, a durable watermark out, and faults on command. */
export interface NodeDisk<WalRecord> {
  /** Records written, and records known to be durable, since this node's first start. */
  readonly written: number;
  readonly durable: number;
  persist(record: WalRecord): void;
  /** Covers everything written before. The world decides how long it takes. */
  beginSync(): void;
  /** @returns false if the sync failed: what it covered may or may not be on disk, and the node must stop. */
  endSync(): boolean;
  failNextSync(): void;
  /** Power loss: of what was not durable, a random part stays. */
  crash(random: Random): CrashResult;
  /** Harms what is durable. It shows when the node next starts. @returns false where there is nothing to harm. */
  harm(damage: Damage, random: Random): boolean;
  /**
   * Reads the log at a start. After damage the disk holds what is returned and nothing else: what precedes the damage, the
   * latest vote, of which there is a second copy, and `damageRecord`, durably, so that a further crash cannot hide the loss.
   * @param hasSnapshot whether the snapshot that a record names can still be read.
   */
  recover(hasSnapshot: (index: number) => boolean, damageRecord: WalRecord | undefined): Recovered<WalRecord>;
}

/** How a log of records may be shortened: which of them are entries, and which say that a snapshot took their place. */
export interface RecordShape<WalRecord> {
  entriesOf(record: WalRecord): { readonly first: number; readonly count: number } | undefined;
  snapshotOf(record: WalRecord): { readonly lastIncludedIndex: number } | undefined;
}

/** Records dropped at once from the head of a compacted log. */
const COMPACT_EVERY = 256;

/** The quick model: the records themselves, and how many of them a crash cannot take. */
export class LightDisk<WalRecord> implements NodeDisk<WalRecord> {
  readonly #shape: RecordShape<WalRecord>;
  #records: WalRecord[] = [];
  /** Records dropped from the head so far. */
  #dropped = 0;
  #durable = 0;
  #syncing = 0;
  #failing = false;
  #snapshotIndex = 0;
  #sinceCompaction = 0;
  /** Position of the first harmed record among those kept; Infinity: none. */
  #harmedAt: number = Number.POSITIVE_INFINITY;

  constructor(shape: RecordShape<WalRecord>) {
    this.#shape = shape;
  }

  get written(): number {
    return this.#dropped + this.#records.length;
  }

  get durable(): number {
    return this.#durable;
  }

  persist(record: WalRecord): void {
    this.#records.push(record);
  }

  beginSync(): void {
    this.#syncing = this.written;
  }

  endSync(): boolean {
    if (this.#failing) {
      this.#failing = false;
      return false;
    }
    for (let at = this.#durable; at < this.#syncing; at++) {
      const snapshot = this.#shape.snapshotOf(this.#records[at - this.#dropped]!);
      if (snapshot !== undefined) this.#snapshotIndex = snapshot.lastIncludedIndex;
    }
    this.#sinceCompaction += this.#syncing - this.#durable;
    this.#durable = this.#syncing;
    if (this.#sinceCompaction >= COMPACT_EVERY) this.#compact();
    return true;
  }

  failNextSync(): void {
    this.#failing = true;
  }

  crash(random: Random): CrashResult {
    const unsynced = this.written - this.#durable;
    const kept = unsynced === 0 ? 0 : random.below(unsynced + 1);
    this.#records.length -= unsynced - kept;
    this.#durable = this.written;
    this.#failing = false;
    return { lost: unsynced - kept, kept };
  }

  harm(damage: Damage, random: Random): boolean {
    const count = this.#durable - this.#dropped;
    if (count === 0) return false;
    const at = damage === "amnesia" ? 0 : random.below(count);
    this.#harmedAt = Math.min(this.#harmedAt, at);
    if (damage === "amnesia") this.#records.length = 0;
    this.#dropped = this.#durable - this.#records.length;
    return true;
  }

  recover(hasSnapshot: (index: number) => boolean, damageRecord: WalRecord | undefined): Recovered<WalRecord> {
    if (this.#harmedAt === Number.POSITIVE_INFINITY) return { records: this.#records, damaged: false };
    const isPromise = (record: WalRecord): boolean =>
      this.#shape.entriesOf(record) === undefined && this.#shape.snapshotOf(record) === undefined;
    const snapshots: WalRecord[] = [];
    let whole = this.#dropped === 0;
    const sound = this.#records.slice(0, this.#harmedAt);
    for (const record of sound) {
      const snapshot = this.#shape.snapshotOf(record);
      if (snapshot === undefined) continue;
      if (hasSnapshot(snapshot.lastIncludedIndex)) snapshots.push(record);
      else whole = false;
    }
    // Entries that do not follow on a snapshot that is there are no use; promises have a second copy.
    const promises = this.#records.filter(isPromise);
    this.#records = whole ? [...sound, ...promises] : [...snapshots, ...promises];
    this.#snapshotIndex = Math.max(0, ...snapshots.map((record) => this.#shape.snapshotOf(record)!.lastIncludedIndex));
    if (damageRecord !== undefined) this.#records.push(damageRecord);
    this.#harmedAt = Number.POSITIVE_INFINITY;
    this.#dropped = this.#durable - this.#records.length;
    return { records: this.#records, damaged: true };
  }

  /** Drops entries that a durable snapshot covers, from the head on; votes and snapshots met on the way stay, in order. */
  #compact(): void {
    this.#sinceCompaction = 0;
    const sticky: WalRecord[] = [];
    let at = 0;
    for (; at < this.#durable - this.#dropped && at < this.#harmedAt; at++) {
      const record = this.#records[at]!;
      const entries = this.#shape.entriesOf(record);
      if (entries === undefined) sticky.push(record);
      else if (entries.first + entries.count - 1 > this.#snapshotIndex) break;
    }
    this.#dropped += at - sticky.length;
    this.#harmedAt -= at - sticky.length;
    this.#records = [...sticky, ...this.#records.slice(at)];
  }
}
