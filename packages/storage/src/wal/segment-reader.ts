import { crc32c } from "@synod/wire/crc32c";
import type { DiskFile } from "../disk.ts";
import {
  alignUp,
  BATCH_HEADER_BYTES,
  BATCH_MAGIC,
  type BatchHeader,
  decodeBatchHeader,
  FLAG_CHECKPOINT,
  FLAG_STICKY,
  getUint53,
  RECORD_HEADER_BYTES,
  viewOf,
} from "./format.ts";
import { RECOVERY_CHUNK_BYTES, type RecordHandler, type SegmentInfo } from "./types.ts";

/** What the fold over records has seen so far, across segments. */
export interface Fold {
  readonly seed: number;
  readonly onRecord: RecordHandler;
  nextBatch: number;
  chain: number;
  /** Last index of each group's entries as last read: it goes back where a log was overwritten. */
  readonly lastIndexes: Map<number, number>;
  readonly stickies: Map<number, Uint8Array>;
  /** Up to this number batches are known to be on disk. */
  readonly durableBatch: number;
  /** End, in the segment read last, of those batches. */
  durableEnd: number;
  bytesRead: number;
}

export type BatchFault = "nothing" | "badBatch";

/** Reads one segment's batches in order, in large chunks. */
export class SegmentReader {
  readonly #file: DiskFile;
  readonly #size: number;
  readonly #place: { sequence: number; offset: number; seed: number };
  #chunk: Uint8Array = new Uint8Array(0);
  #view: DataView = viewOf(this.#chunk);
  #chunkStart = 0;

  constructor(file: DiskFile, size: number, sequence: number, seed: number) {
    this.#file = file;
    this.#size = size;
    this.#place = { sequence, offset: 0, seed };
  }

  /**
   * Hands out whole batches from `offset` on, up to `limit` or the first thing that is not the next batch.
   * @returns where it stopped, and whether it stopped at something that looks like a batch which is damaged.
   */
  readBatches(offset: number, limit: number, fold: Fold, info: SegmentInfo): { end: number; fault: BatchFault } {
    let at = offset;
    while (at < limit) {
      const header = this.#headerAt(at);
      if (header === undefined || header.number !== fold.nextBatch) return { end: at, fault: "nothing" };
      const after = at + BATCH_HEADER_BYTES + header.length;
      if (after > this.#size) return { end: at, fault: "badBatch" };
      const start = this.#load(at, after - at) + BATCH_HEADER_BYTES;
      const end = start + header.length;
      if (end > this.#chunk.length || crc32c(this.#chunk, fold.chain, start, end) !== header.chain) {
        return { end: at, fault: "badBatch" };
      }
      readRecords(this.#chunk, this.#view, start, end, fold, info);
      fold.chain = header.chain;
      fold.bytesRead += after - at;
      at = alignUp(after);
      if (fold.nextBatch <= fold.durableBatch) fold.durableEnd = at;
      fold.nextBatch += 1;
    }
    return { end: at, fault: "nothing" };
  }

  /** Searches for any batch of this segment that lies behind `offset` and has at least the given number. */
  findLaterBatch(offset: number, number: number): { offset: number; header: BatchHeader } | undefined {
    for (let at = alignUp(offset); at + BATCH_HEADER_BYTES <= this.#size; ) {
      const start = this.#load(at, BATCH_HEADER_BYTES);
      const last = this.#chunk.length - BATCH_HEADER_BYTES;
      if (start > last) return undefined;
      for (let i = start; i <= last; i += 8) {
        if (this.#view.getUint32(i, true) !== BATCH_MAGIC) continue;
        const header = this.#decode(i, this.#chunkStart + i);
        if (header !== undefined && header.number >= number) return { offset: this.#chunkStart + i, header };
      }
      at = this.#chunkStart + start + ((last - start) & ~7) + 8;
    }
    return undefined;
  }

  /** @returns whether anything but zeros stands where the next batch would begin. */
  hasBytesAt(offset: number): boolean {
    const start = this.#load(offset, BATCH_HEADER_BYTES);
    return this.#chunk.subarray(start, start + BATCH_HEADER_BYTES).some((byte) => byte !== 0);
  }

  #headerAt(offset: number): BatchHeader | undefined {
    if (offset + BATCH_HEADER_BYTES > this.#size) return undefined;
    return this.#decode(this.#load(offset, BATCH_HEADER_BYTES), offset);
  }

  #decode(position: number, offset: number): BatchHeader | undefined {
    this.#place.offset = offset;
    return decodeBatchHeader(this.#chunk, this.#view, position, this.#place);
  }

  /** @returns the position in the chunk at which `length` bytes from `offset` stand; fewer only at the end of the file. */
  #load(offset: number, length: number): number {
    const position = offset - this.#chunkStart;
    if (position >= 0 && position + length <= this.#chunk.length) return position;
    const wanted = Math.min(Math.max(length, RECOVERY_CHUNK_BYTES), this.#size - offset);
    this.#chunk = this.#file.read(offset, wanted);
    this.#view = viewOf(this.#chunk);
    this.#chunkStart = offset;
    return 0;
  }
}

function readRecords(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  end: number,
  fold: Fold,
  info: SegmentInfo,
): void {
  for (let at = start; at < end; ) {
    const bodyStart = at + RECORD_HEADER_BYTES;
    const after = bodyStart + view.getUint32(at, true);
    const group = view.getUint16(at + 4, true);
    const kind = view.getUint8(at + 6);
    const flags = view.getUint8(at + 7);
    const lastIndex = getUint53(view, at + 8);
    if ((flags & FLAG_STICKY) === 0) {
      fold.lastIndexes.set(group, lastIndex);
      noteNeed(info.needs, group, lastIndex);
      fold.onRecord(group, kind, lastIndex, bytes.subarray(bodyStart, after));
    } else {
      const key = stickyKey(group, kind);
      const isKnownCopy = (flags & FLAG_CHECKPOINT) !== 0 && fold.stickies.has(key);
      if (!isKnownCopy) {
        fold.stickies.set(key, bytes.slice(at, after));
        fold.onRecord(group, kind, lastIndex, bytes.subarray(bodyStart, after));
      }
    }
    at = after;
  }
}

export function noteNeed(needs: Map<number, number>, group: number, lastIndex: number): void {
  if (lastIndex > (needs.get(group) ?? 0)) needs.set(group, lastIndex);
}

export function stickyKey(group: number, kind: number): number {
  return group * 256 + kind;
}
