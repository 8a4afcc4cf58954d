import type { NodeId } from "@synod/protocols/protocol";
import type { Random } from "@synod/protocols/random";
import { MemoryDisk } from "@synod/storage/memory-disk";
import type { WalOptions } from "@synod/storage/wal/types";
import { Wal } from "@synod/storage/wal/wal";
import type { CrashResult, Damage, NodeDisk, RecordShape, Recovered } from "./disk.ts";
import type { RecordCodec } from "./engine.ts";

const GROUP = 1;
/** Small segments, so that a short run begins and releases several. */
const SEGMENT_BYTES = 16_384;

/**
 * The real write-ahead log over a disk of bytes. Crashes tear writes in sectors, flips change bits, and it is the log's
 * own recovery that must notice. The latest vote is kept a second time, as the runtime does.
 */
export class FullDisk<WalRecord> implements NodeDisk<WalRecord> {
  readonly #shape: RecordShape<WalRecord>;
  readonly #codec: RecordCodec<WalRecord>;
  readonly #disk: MemoryDisk;
  readonly #options: WalOptions;
  /** Syncs that the world has not yet let end. */
  #syncs: (() => void)[] = [];
  #immediate = true;
  #wal: Wal | undefined;
  #written = 0;
  #durable = 0;
  #syncing = 0;
  #result: "busy" | "done" | "failed" = "done";
  #failing = false;
  /** Snapshots named by records that are not durable yet: position and index. */
  #named: { position: number; index: number }[] = [];
  /** Second copies: the latest record of each kind that is not entries, as durable and as written. */
  #kept = new Map<number, WalRecord>();
  #unsyncedKept: { position: number; record: WalRecord }[] = [];

  constructor(id: NodeId, shape: RecordShape<WalRecord>, codec: RecordCodec<WalRecord>) {
    this.#shape = shape;
    this.#codec = codec;
    this.#options = { clusterId: 1n, nodeId: id, segmentBytes: SEGMENT_BYTES };
    const scheduleSync = (_file: string, run: () => void): void => {
      if (this.#immediate) run();
      else this.#syncs.push(run);
    };
    this.#disk = new MemoryDisk({ scheduleSync });
  }

  get written(): number {
    return this.#written;
  }

  get durable(): number {
    return this.#durable;
  }

  persist(record: WalRecord): void {
    this.#append(this.#wal!, record);
    this.#written++;
    const snapshot = this.#shape.snapshotOf(record);
    if (snapshot !== undefined) this.#named.push({ position: this.#written, index: snapshot.lastIncludedIndex });
    if (this.#shape.entriesOf(record) === undefined) this.#unsyncedKept.push({ position: this.#written, record });
  }

  beginSync(): void {
    this.#syncing = this.#written;
    this.#result = "busy";
    if (this.#failing) this.#disk.failNextSync();
    this.#failing = false;
    this.#wal!.flush((error) => {
      this.#result = error === undefined ? "done" : "failed";
    });
  }

  endSync(): boolean {
    this.#drain();
    if (this.#result !== "done") return false;
    this.#durable = this.#syncing;
    while (this.#named.length > 0 && this.#named[0]!.position <= this.#durable) {
      this.#wal!.release(GROUP, this.#named.shift()!.index);
    }
    while (this.#unsyncedKept.length > 0 && this.#unsyncedKept[0]!.position <= this.#durable) {
      this.#keep(this.#unsyncedKept.shift()!.record);
    }
    return true;
  }

  failNextSync(): void {
    this.#failing = true;
  }

  crash(random: Random): CrashResult {
    const lost = this.#written - this.#durable;
    this.#disk.crash(random);
    this.#syncs = [];
    this.#wal = undefined;
    this.#failing = false;
    this.#named = [];
    this.#unsyncedKept = [];
    this.#durable = this.#written;
    return { lost, kept: 0 };
  }

  harm(damage: Damage, random: Random): boolean {
    if (damage === "amnesia") {
      for (const name of this.#disk.list()) this.#disk.remove(name);
      this.#disk.syncDirectory();
      this.#kept.clear();
      return true;
    }
    const segments = this.#disk.list().filter((name) => name.startsWith("wal-"));
    if (segments.length === 0) return false;
    const name = random.pick(segments);
    const used = this.#disk.contents(name).findLastIndex((byte) => byte !== 0) + 1; // zeros are written ahead
    if (used === 0) return false;
    const before = this.#read();
    const [offset, bit] = [random.below(used), random.below(8)];
    this.#disk.flipBit(name, offset, bit);
    const after = this.#read();
    // The last batches look like a torn write when they are harmed: no log alone can tell, so no run does that.
    if (after.damaged) return true;
    if (after.records.length < before.records.length) this.#disk.flipBit(name, offset, bit);
    return false;
  }

  recover(hasSnapshot: (index: number) => boolean, damageRecord: WalRecord | undefined): Recovered<WalRecord> {
    this.#immediate = true;
    const { records, damaged, wal } = this.#read();
    if (!damaged) {
      // What a crash happened to keep is as good as synced from here on; the second copies must not be the older ones.
      for (const record of records) if (this.#shape.entriesOf(record) === undefined) this.#keep(record);
      this.#wal = wal!;
      this.#wal.flush(() => {});
      this.#immediate = false;
      return { records, damaged };
    }
    // Nothing of a damaged log is trusted but its second copies; the log begins anew.
    for (const name of this.#disk.list()) this.#disk.remove(name);
    this.#disk.syncDirectory();
    const fresh = Wal.open(this.#disk, this.#options, () => {});
    if (fresh.type !== "opened") throw new Error(`an empty log cannot be opened: ${fresh.message}`);
    this.#wal = fresh.wal;
    const kept = [...this.#kept.values()].filter((record) => {
      const snapshot = this.#shape.snapshotOf(record);
      return snapshot === undefined || hasSnapshot(snapshot.lastIncludedIndex);
    });
    if (damageRecord !== undefined) kept.push(damageRecord);
    for (const record of kept) {
      this.#append(fresh.wal, record);
      this.#keep(record);
    }
    fresh.wal.flush(() => {});
    this.#immediate = false;
    return { records: kept, damaged: true };
  }

  #read(): Recovered<WalRecord> & { wal: Wal | undefined } {
    const records: WalRecord[] = [];
    const opened = Wal.open(this.#disk, this.#options, (_group, tag, _lastIndex, body) => {
      records.push(this.#codec.decodeRecord(tag, body));
    });
    return opened.type === "opened"
      ? { records, damaged: false, wal: opened.wal }
      : { records, damaged: true, wal: undefined };
  }

  #append(wal: Wal, record: WalRecord): void {
    const tag = this.#codec.recordTag(record);
    const bytes = this.#codec.encodeRecord(record);
    const entries = this.#shape.entriesOf(record);
    if (entries === undefined) wal.appendSticky(GROUP, tag, 0, bytes);
    else wal.append(GROUP, tag, entries.first + entries.count - 1, bytes);
  }

  #keep(record: WalRecord): void {
    this.#kept.set(this.#codec.recordTag(record), record);
  }

  #drain(): void {
    while (this.#syncs.length > 0) this.#syncs.shift()!();
  }
}
