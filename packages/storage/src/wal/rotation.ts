import type { Disk, DiskError } from "../disk.ts";
import {
  alignUp,
  BATCH_HEADER_BYTES,
  FLAG_CHECKPOINT,
  FLAG_STICKY,
  FORMAT_VERSION,
  identitySeed,
  SEGMENT_HEADER_BYTES,
} from "./format.ts";
import { Marker } from "./marker.ts";
import { ActiveSegment } from "./segment.ts";
import { SegmentFiles } from "./segment-files.ts";
import { TurnBuffer } from "./turn-buffer.ts";
import { WalError, type WalOptions, type WalRecovered } from "./types.ts";

/** Turns a step into what a sync calls: the step follows only a success, and what it throws ends the log's use. */
export type Then = (step: () => void) => (error: DiskError | undefined) => void;

/** Where the log stands: what the next batch continues. */
export interface Position {
  nextBatch: number;
  chain: number;
}

/**
 * Begins segments and lets go of old ones. The order of its syncs is what recovery relies on: the marker (with the fence)
 * before a new file; a new file's size before its header; header and checkpoint before anything else in the segment and
 * before old segments may go; the marker's claim on old segments taken back before they go.
 */
export class Rotation {
  readonly fence: number;
  readonly #disk: Disk;
  readonly #options: Required<WalOptions>;
  readonly #then: Then;
  readonly #files: SegmentFiles;
  readonly #marker: Marker;
  readonly #stickies: Map<number, Uint8Array>;
  #leftovers: readonly string[];
  #nextSequence: number;
  #previousEnd: number;
  #active: ActiveSegment | undefined;
  #durableBatch: number;

  constructor(disk: Disk, options: Required<WalOptions>, recovered: WalRecovered, then: Then) {
    const { resume } = recovered;
    this.fence = resume.fence + 1;
    this.#disk = disk;
    this.#options = options;
    this.#then = then;
    this.#files = new SegmentFiles(disk, recovered.segments, options);
    this.#marker = new Marker(disk, options, this.fence);
    this.#stickies = resume.stickies;
    this.#leftovers = resume.leftovers;
    this.#nextSequence = resume.nextSequence;
    this.#previousEnd = resume.previousEnd;
    this.#durableBatch = resume.nextBatch - 1;
  }

  get active(): ActiveSegment | undefined {
    return this.#active;
  }

  get sizeBytes(): number {
    return this.#files.bytes + (this.#active?.info.size ?? 0);
  }

  get segments(): number {
    return this.#files.count + (this.#active === undefined ? 0 : 1);
  }

  /**
   * Begins a new segment that has room for a first record of `recordBytes`, and calls `entered` with where the log then
   * stands: its head repeats the sticky records.
   */
  begin(position: Position, recordBytes: number, entered: (position: Position) => void): void {
    this.mark(position.nextBatch - 1);
    this.#marker.sync(this.#then(() => this.#createFile(position, recordBytes, entered)));
  }

  release(group: number, index: number): void {
    this.#files.release(group, index);
  }

  /** Keeps or removes the files of segments that nobody needs. Nothing happens before the first `begin` has ended. */
  free(): void {
    if (this.#active === undefined) return;
    const free = this.#files.takeFree();
    if (free.length === 0) return;
    this.#writeMarker();
    this.#marker.sync(
      this.#then(() => {
        this.#writeMarker(); // into the other slot too: one damaged slot must not bring the old claim back
        for (const segment of free) this.#files.retire(segment);
      }),
    );
  }

  /** Notes, without a sync, up to which batch the log is durable. @throws WalError fenced */
  mark(durableBatch: number): void {
    this.#durableBatch = durableBatch;
    if (this.#marker.isFenced()) throw fenced();
    this.#writeMarker();
  }

  /** Makes the last `mark` durable. */
  syncMark(done: (error: DiskError | undefined) => void): void {
    this.#marker.sync(done);
  }

  close(): void {
    this.#active?.close();
    this.#marker.close();
  }

  #writeMarker(): void {
    this.#marker.write({
      firstSegment: this.#files.oldest ?? this.#active?.info.sequence ?? this.#nextSequence,
      lastSegment: this.#active?.info.sequence ?? this.#nextSequence - 1,
      durableBatch: this.#durableBatch,
    });
  }

  #createFile(position: Position, recordBytes: number, entered: (position: Position) => void): void {
    this.#files.removeLeftovers(this.#leftovers);
    this.#leftovers = [];
    const sequence = this.#nextSequence;
    if (this.#files.isTaken(sequence)) throw fenced();
    const checkpoint = this.#checkpoint();
    const needed = SEGMENT_HEADER_BYTES + alignUp(checkpoint.end) + BATCH_HEADER_BYTES + recordBytes;
    const size = Math.max(this.#options.segmentBytes, alignUp(needed));
    const { file, recycled } = this.#files.create(sequence, size);
    const { clusterId, nodeId, zeroAheadBytes } = this.#options;
    const seed = identitySeed(clusterId, nodeId);
    const segment = new ActiveSegment(file, { sequence, size, recycled, seed, zeroAheadBytes });
    const begin = (): void => this.#writeHead(segment, checkpoint, position, entered);
    // A short file with a good header is a truncated one; so a new file has its size for certain before its header.
    if (recycled) begin();
    else segment.sync(this.#then(begin));
  }

  #checkpoint(): TurnBuffer {
    const checkpoint = new TurnBuffer();
    for (const record of this.#stickies.values()) checkpoint.appendRecord(record, FLAG_STICKY | FLAG_CHECKPOINT);
    return checkpoint;
  }

  #writeHead(
    segment: ActiveSegment,
    checkpoint: TurnBuffer,
    position: Position,
    entered: (position: Position) => void,
  ): void {
    const header = {
      version: FORMAT_VERSION,
      clusterId: this.#options.clusterId,
      nodeId: this.#options.nodeId,
      sequence: segment.info.sequence,
      fence: this.fence,
      size: segment.info.size,
      firstBatch: position.nextBatch,
      previousEnd: this.#active?.position ?? this.#previousEnd,
      chain: position.chain,
      recycled: segment.recycled,
    };
    const chain = segment.writeHead(header, checkpoint);
    const nextBatch = position.nextBatch + (checkpoint.isEmpty ? 0 : 1);
    segment.sync(
      this.#then(() => {
        this.#disk.syncDirectory();
        this.#enter(segment, nextBatch - 1);
        entered({ nextBatch, chain });
      }),
    );
  }

  #enter(segment: ActiveSegment, durableBatch: number): void {
    if (this.#active !== undefined) {
      this.#active.close();
      this.#files.close(this.#active.info);
    }
    this.#active = segment;
    this.#nextSequence += 1;
    this.mark(durableBatch);
    this.#marker.sync(this.#then(() => {}));
    this.free();
  }
}

function fenced(): WalError {
  return new WalError("fenced", "Another process has opened this data folder: this one is stale and stops writing.");
}
