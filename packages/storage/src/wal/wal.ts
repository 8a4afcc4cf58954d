import { type Disk, DiskError } from "../disk.ts";
import { BATCH_HEADER_BYTES, FLAG_STICKY } from "./format.ts";
import { recoverWal } from "./recovery.ts";
import { type Position, Rotation } from "./rotation.ts";
import type { ActiveSegment } from "./segment.ts";
import { noteNeed, stickyKey } from "./segment-reader.ts";
import { TurnBuffer } from "./turn-buffer.ts";
import {
  DEFAULT_WAL_OPTIONS,
  type FlushDone,
  type RecordHandler,
  type WalCorruption,
  WalError,
  type WalOptions,
  type WalRecovered,
} from "./types.ts";
import { Waiters } from "./waiters.ts";

export type WalOpened =
  | { readonly type: "opened"; readonly wal: Wal; readonly recovered: WalRecovered }
  | WalCorruption;

/** One record takes at most this many bytes. */
export const MAX_RECORD_BYTES: number = 1 << 30;

const SETTLE_BYTES = 1 << 20;

/**
 * The write-ahead log of one node, shared by all its groups (docs/adr/0002-storage-as-pure-code.md; bytes: `format.ts`;
 * what recovery can and cannot tell: `recovery.ts`).
 *
 * `append` copies into a buffer, `flush` makes everything appended so far durable by one write and one sync. While one
 * sync is under way appends collect, and go together with the next. After any error the log is unusable: the caller must
 * stop the process, because nobody knows what is on disk.
 *
 * Every opening begins a new segment with its first flush, so a tail torn by a crash is sealed, not overwritten.
 */
export class Wal {
  readonly #disk: Disk;
  readonly #rotation: Rotation;
  readonly #markEveryBytes: number;
  readonly #buffer = new TurnBuffer();
  readonly #waiters = new Waiters();
  readonly #stickies: Map<number, Uint8Array>;

  /** What recovery read and may not be on disk: taken care of by the first flush. */
  #unsettled: { segment: string; from: number; to: number } | undefined;
  #position: Position;
  #durableBatch: number;
  #appendedBytes = 0;
  /** Of the appended bytes, those handed to the disk. */
  #writtenBytes = 0;
  #unmarkedBytes = 0;
  /** A write, a sync or a rotation is under way. Otherwise all that was written is durable. */
  #busy = false;
  #isWorking = false;
  #failure: DiskError | WalError | undefined;

  /**
   * Recovers what the disk holds and makes the log ready to go on. Changes nothing on disk before the first flush.
   * What was read may not be durable yet (a process can die between write and sync): before the node says anything that
   * rests on it, one `flush` must have ended, even of nothing.
   * @param onRecord gets every record, oldest first, before this returns; also those before a corruption
   * @throws WalError if the log belongs to another cluster or node or is of another format; DiskError
   */
  static open(disk: Disk, options: WalOptions, onRecord: RecordHandler): WalOpened {
    const recovered = recoverWal(disk, options, onRecord);
    if (recovered.type === "corrupt") return recovered;
    return { type: "opened", wal: new Wal(disk, options, recovered), recovered };
  }

  private constructor(disk: Disk, options: WalOptions, recovered: WalRecovered) {
    const { resume, end } = recovered;
    const complete = { ...DEFAULT_WAL_OPTIONS, ...options };
    this.#disk = disk;
    this.#markEveryBytes = complete.markEveryBytes;
    this.#rotation = new Rotation(disk, complete, recovered, (step) => this.#then(step));
    this.#stickies = resume.stickies;
    this.#unsettled = end && { segment: end.segment, from: resume.unsettledFrom, to: end.offset };
    this.#position = { nextBatch: resume.nextBatch, chain: resume.chain };
    this.#durableBatch = resume.nextBatch - 1;
  }

  /** Files' sizes together, spares included. */
  get sizeBytes(): number {
    return this.#rotation.sizeBytes;
  }

  get segments(): number {
    return this.#rotation.segments;
  }

  /** Bytes appended and not yet written. The caller bounds them: it stops taking proposals. */
  get pendingBytes(): number {
    return this.#buffer.length;
  }

  /** Counts openings of this log for writing. */
  get fence(): number {
    return this.#rotation.fence;
  }

  /**
   * Adds a record; nothing is durable before a later `flush` ends.
   * @param group 0 … 65535; never reused for another group
   * @param kind 0 … 255, the caller's
   * @param lastIndex highest index of the entries in it; the record is kept until `release` of that index. 0: not kept.
   * @param body follows `head` in one record: two parts, so that the caller need not join them
   * @throws WalError recordTooLarge
   */
  append(group: number, kind: number, lastIndex: number, head: Uint8Array, body?: Uint8Array): void {
    this.#append(group, kind, 0, lastIndex, head, body);
  }

  /** Adds a record of which only the last of its (group, kind) counts, such as a vote. That one is never released. */
  appendSticky(group: number, kind: number, lastIndex: number, head: Uint8Array, body?: Uint8Array): void {
    this.#append(group, kind, FLAG_STICKY, lastIndex, head, body);
  }

  /**
   * Makes everything appended before this call durable, then calls `done`, perhaps before returning. Calls end in order.
   */
  flush(done: FlushDone): void {
    if (this.#failure !== undefined) {
      done(this.#failure);
      return;
    }
    this.#waiters.add(this.#appendedBytes, done);
    this.#work();
  }

  /** Entries up to `index` of this group are not needed any more. Frees whole segments, oldest first. */
  release(group: number, index: number): void {
    this.#rotation.release(group, index);
    if (this.#failure === undefined) this.#guard(() => this.#rotation.free());
  }

  /** The group is gone: nothing of it is needed. Older records of it may still be read once more after a restart. */
  forget(group: number): void {
    for (const key of [...this.#stickies.keys()]) if (key >> 8 === group) this.#stickies.delete(key);
    this.release(group, Number.MAX_SAFE_INTEGER);
  }

  /**
   * Writes down, without a sync, how far the log is durable. Call it when the node falls idle (every second, say): a log
   * cut behind this point is then noticed.
   */
  markDurable(): void {
    if (this.#failure !== undefined || this.#rotation.active === undefined) return;
    this.#guard(() => this.#mark());
  }

  /** Flushes, marks the log as durable to its end, and gives the files back. */
  close(done: FlushDone): void {
    this.flush((error) => {
      if (error !== undefined || this.#rotation.active === undefined) {
        this.#end(error, done);
        return;
      }
      this.#guard(() => this.#mark());
      if (this.#failure !== undefined) this.#end(this.#failure, done);
      else this.#rotation.syncMark((failure) => this.#end(failure, done));
    });
  }

  #end(error: DiskError | WalError | undefined, done: FlushDone): void {
    this.#failure ??= error ?? new WalError("closed", "the write-ahead log is closed");
    this.#rotation.close();
    done(error);
  }

  #append(
    group: number,
    kind: number,
    flags: number,
    lastIndex: number,
    head: Uint8Array,
    body: Uint8Array | undefined,
  ): void {
    const before = this.#buffer.end;
    if (head.length + (body?.length ?? 0) > MAX_RECORD_BYTES) {
      throw new WalError("recordTooLarge", `a record of group ${group} is larger than ${MAX_RECORD_BYTES} bytes`);
    }
    this.#buffer.append(group, kind, flags, lastIndex, head, body);
    this.#appendedBytes += this.#buffer.end - before;
  }

  /** Goes on with whatever is next. One loop at a time, so that a disk whose syncs end at once does not recurse. */
  #work(): void {
    if (this.#isWorking) return;
    this.#isWorking = true;
    try {
      while (!this.#busy && this.#failure === undefined && this.#waiters.isWaiting) this.#guard(() => this.#step());
    } finally {
      this.#isWorking = false;
    }
  }

  /** One step: it ends the flushes that have what they wait for, or leaves the log busy until a sync ends. */
  #step(): void {
    if (this.#unsettled !== undefined) {
      this.#busy = true;
      this.#settleRecovered(this.#unsettled);
    } else if (this.#waiters.firstTarget <= this.#writtenBytes) {
      this.#waiters.settle(this.#writtenBytes, undefined);
    } else {
      this.#busy = true;
      const active = this.#rotation.active;
      const end = active === undefined ? BATCH_HEADER_BYTES : this.#fittingEnd(active.room);
      if (active === undefined || end === BATCH_HEADER_BYTES) this.#beginSegment();
      else this.#writeBatch(active, end);
    }
  }

  /** Written again, not only synced: after a failed sync an operating system may take unwritten bytes for written. */
  #settleRecovered({ segment, from, to }: { segment: string; from: number; to: number }): void {
    const file = this.#disk.open(segment, false);
    for (let at = from; at < to; at += SETTLE_BYTES) file.write(at, file.read(at, Math.min(SETTLE_BYTES, to - at)));
    file.sync(
      this.#then(() => {
        file.close();
        this.#disk.syncDirectory();
        this.#unsettled = undefined;
        this.#busy = false;
        this.#work();
      }),
    );
  }

  #writeBatch(active: ActiveSegment, end: number): void {
    this.#noteRecords(active, end);
    const position = this.#position;
    position.chain = active.writeBatch(this.#buffer, end, position.nextBatch, position.chain);
    position.nextBatch += 1;
    this.#buffer.drop(end);
    const length = end - BATCH_HEADER_BYTES;
    this.#writtenBytes += length;
    this.#unmarkedBytes += length;
    active.sync(this.#onBatchSynced);
  }

  // A field, so that no flush makes a function of its own.
  readonly #onBatchSynced = (error: DiskError | undefined): void => {
    if (error !== undefined) {
      this.#fail(error);
      return;
    }
    this.#durableBatch = this.#position.nextBatch - 1;
    if (this.#unmarkedBytes >= this.#markEveryBytes) this.#guard(() => this.#mark());
    this.#waiters.settle(this.#writtenBytes, undefined);
    this.#busy = false;
    this.#work();
  };

  /** @returns the end of the last record that still fits into a batch of `room` bytes. */
  #fittingEnd(room: number): number {
    const buffer = this.#buffer;
    if (buffer.length <= room) return buffer.end;
    let end = BATCH_HEADER_BYTES;
    for (let next = buffer.recordEnd(end); next - BATCH_HEADER_BYTES <= room; next = buffer.recordEnd(next)) end = next;
    return end;
  }

  #noteRecords(active: ActiveSegment, end: number): void {
    const buffer = this.#buffer;
    for (let at = BATCH_HEADER_BYTES; at < end; at = buffer.recordEnd(at)) {
      const group = buffer.groupAt(at);
      if ((buffer.flagsAt(at) & FLAG_STICKY) === 0) noteNeed(active.info.needs, group, buffer.lastIndexAt(at));
      else this.#stickies.set(stickyKey(group, buffer.kindAt(at)), buffer.bytes.slice(at, buffer.recordEnd(at)));
    }
  }

  #beginSegment(): void {
    const recordBytes = this.#buffer.recordEnd(BATCH_HEADER_BYTES) - BATCH_HEADER_BYTES;
    this.#rotation.begin(this.#position, recordBytes, (position) => {
      this.#position = position;
      this.#durableBatch = position.nextBatch - 1;
      this.#busy = false;
      this.#work();
    });
  }

  #mark(): void {
    this.#rotation.mark(this.#durableBatch);
    this.#unmarkedBytes = 0;
  }

  /** The next step, after a sync. */
  #then(step: () => void): (error: DiskError | undefined) => void {
    return (error) => {
      if (error !== undefined) this.#fail(error);
      else if (this.#failure === undefined) this.#guard(step);
    };
  }

  /** Whatever the disk throws ends the log's use. */
  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof DiskError || error instanceof WalError)) throw error;
      this.#fail(error);
    }
  }

  #fail(error: DiskError | WalError): void {
    this.#failure ??= error;
    this.#waiters.settle(Number.POSITIVE_INFINITY, this.#failure);
  }
}
