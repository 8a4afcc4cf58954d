import { crc32c } from "@synod/wire/crc32c";
import type { DiskError, DiskFile } from "../disk.ts";
import {
  alignUp,
  BATCH_HEADER_BYTES,
  encodeBatchHeader,
  encodeSegmentHeader,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
} from "./format.ts";
import type { TurnBuffer } from "./turn-buffer.ts";
import type { SegmentInfo } from "./types.ts";

/** Zeros ahead of a batch larger than this would cost as much as they save: it gets none. */
const LARGE_BATCH_BYTES = 64 << 10;

/** The segment that is written. */
export class ActiveSegment {
  readonly info: SegmentInfo;
  readonly recycled: boolean;
  readonly #file: DiskFile;
  readonly #zeroAhead: number;
  readonly #place: { sequence: number; offset: number; seed: number };
  /** Where the next batch begins. */
  position: number = SEGMENT_HEADER_BYTES;
  /** Up to here the file was written before; beyond it lie holes. */
  #allocated: number;

  constructor(
    file: DiskFile,
    options: { sequence: number; size: number; recycled: boolean; seed: number; zeroAheadBytes: number },
  ) {
    this.#file = file;
    this.recycled = options.recycled;
    this.info = { sequence: options.sequence, size: options.size, needs: new Map() };
    this.#place = { sequence: options.sequence, offset: 0, seed: options.seed };
    this.#zeroAhead = options.zeroAheadBytes;
    this.#allocated = options.recycled ? options.size : 0;
  }

  /** Bytes of records that still fit into one batch. */
  get room(): number {
    return this.info.size - this.position - BATCH_HEADER_BYTES;
  }

  /**
   * Begins the file: its header and a first batch, if there are records for one, in one write. Two writes could leave a
   * batch without a header after a crash, which would look like damage.
   * @returns the chain value after it
   */
  writeHead(header: SegmentHeader, checkpoint: TurnBuffer): number {
    if (checkpoint.isEmpty) {
      this.#file.write(0, encodeSegmentHeader(header));
      return header.chain;
    }
    const chain = this.#sealBatch(checkpoint, checkpoint.end, header.firstBatch, header.chain);
    const head = new Uint8Array(SEGMENT_HEADER_BYTES + checkpoint.end);
    head.set(encodeSegmentHeader(header), 0);
    head.set(checkpoint.bytes.subarray(0, checkpoint.end), SEGMENT_HEADER_BYTES);
    this.#file.write(0, head);
    this.#advance(checkpoint.end);
    return chain;
  }

  /**
   * Writes the records up to `end` of the buffer as one batch.
   * @returns the chain value after it
   */
  writeBatch(buffer: TurnBuffer, end: number, number: number, chain: number): number {
    const next = this.#sealBatch(buffer, end, number, chain);
    this.#file.write(this.position, buffer.bytes.subarray(0, end));
    this.#advance(end);
    return next;
  }

  sync(done: (error: DiskError | undefined) => void): void {
    this.#file.sync(done);
  }

  close(): void {
    this.#file.close();
  }

  /** Fills in the batch header in front of the records. */
  #sealBatch(buffer: TurnBuffer, end: number, number: number, chain: number): number {
    const length = end - BATCH_HEADER_BYTES;
    const next = crc32c(buffer.bytes, chain, BATCH_HEADER_BYTES, end);
    this.#place.offset = this.position;
    encodeBatchHeader(buffer.bytes, buffer.view, { length, number, chain: next }, this.#place);
    return next;
  }

  #advance(length: number): void {
    this.position = alignUp(this.position + length);
    if (length <= LARGE_BATCH_BYTES) this.#allocate();
  }

  /**
   * Overwriting bytes that exist lets a sync skip the file's metadata, which halves its time. Zeros are laid ahead of the
   * log in steps, behind the batch that reached the end of the last step, and ride on its sync.
   */
  #allocate(): void {
    if (this.position <= this.#allocated) return;
    const end = Math.min(this.info.size, this.position + this.#zeroAhead);
    if (end > this.position) this.#file.write(this.position, new Uint8Array(end - this.position));
    this.#allocated = end;
  }
}
