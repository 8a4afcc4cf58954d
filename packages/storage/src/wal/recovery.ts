import type { Disk, DiskFile } from "../disk.ts";
import {
  alignUp,
  decodeSegmentHeader,
  FORMAT_VERSION,
  identitySeed,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
  segmentName,
  sequenceOf,
} from "./format.ts";
import { MARKER_NAME, type MarkerContent, readMarker } from "./marker.ts";
import { type Fold, SegmentReader } from "./segment-reader.ts";
import {
  type RecordHandler,
  type SegmentInfo,
  type WalCorruption,
  WalError,
  type WalIdentity,
  type WalRecovered,
  type WalTail,
} from "./types.ts";

/**
 * Reads a whole log, oldest record first, and changes nothing on disk.
 *
 * Told apart: a torn tail (the last write, not acknowledged by anybody, is dropped), and corruption, which is anything
 * that cannot come from a crash: a bad batch followed by a good one, a missing, short or unreadable segment that is not
 * the newest, a log that ends before a point known to have been durable (segment headers and the marker say so).
 *
 * Not detectable: damage to the very last batches, those flushed since the marker was last written, when nothing valid
 * follows them (it looks like a torn write); a folder from which everything was removed; a folder put back whole from an
 * older copy.
 *
 * @throws WalError if the log belongs to somebody else or is of another format; DiskError
 */
export function recoverWal(disk: Disk, identity: WalIdentity, onRecord: RecordHandler): WalRecovered | WalCorruption {
  const marker = readMarker(disk);
  const claim = marker.state === "ok" ? marker.content : undefined;
  if (claim !== undefined) checkIdentity(claim, MARKER_NAME, identity);
  const fold: Fold = {
    seed: identitySeed(identity.clusterId, identity.nodeId),
    onRecord,
    nextBatch: 1,
    chain: 0,
    lastIndexes: new Map(),
    stickies: new Map(),
    durableBatch: claim?.durableBatch ?? 0,
    durableEnd: 0,
    bytesRead: 0,
  };
  const recovery = new Recovery(disk, identity, claim, fold);
  try {
    return recovery.run(marker.state);
  } finally {
    recovery.close();
  }
}

interface FoundSegment {
  readonly sequence: number;
  readonly name: string;
  readonly file: DiskFile;
  /** Undefined if it cannot be read or names another segment. */
  readonly header: SegmentHeader | undefined;
}

class Recovery {
  readonly #disk: Disk;
  readonly #identity: WalIdentity;
  readonly #claim: MarkerContent | undefined;
  readonly #fold: Fold;
  readonly #found: FoundSegment[] = [];
  readonly #leftovers: string[] = [];
  readonly #segments: SegmentInfo[] = [];
  #fence: number;
  #end = 0;
  #tail: WalTail = "clean";

  constructor(disk: Disk, identity: WalIdentity, claim: MarkerContent | undefined, fold: Fold) {
    this.#disk = disk;
    this.#identity = identity;
    this.#claim = claim;
    this.#fold = fold;
    this.#fence = claim?.fence ?? 0;
  }

  run(marker: WalRecovered["marker"]): WalRecovered | WalCorruption {
    this.#findSegments();
    const fault = this.#dropUnfinished() ?? this.#checkPresence() ?? this.#readAll() ?? this.#checkDurable();
    if (fault !== undefined) return fault;
    const last = this.#found.at(-1);
    return {
      type: "recovered",
      segments: this.#segments,
      tail: this.#tail,
      end: last && { segment: last.name, offset: this.#end },
      lastIndexes: this.#fold.lastIndexes,
      marker: last === undefined ? "ok" : marker,
      bytesRead: this.#fold.bytesRead,
      resume: {
        nextSequence: (last?.sequence ?? 0) + 1,
        nextBatch: this.#fold.nextBatch,
        chain: this.#fold.chain,
        previousEnd: this.#end,
        unsettledFrom: this.#fold.durableEnd,
        fence: this.#fence,
        stickies: this.#fold.stickies,
        leftovers: this.#leftovers,
      },
    };
  }

  close(): void {
    for (const segment of this.#found) segment.file.close();
  }

  #findSegments(): void {
    const oldest = this.#claim?.firstSegment ?? 0;
    for (const name of this.#disk.list()) {
      const sequence = sequenceOf(name);
      if (sequence === undefined) continue;
      if (sequence < oldest) {
        this.#leftovers.push(name);
        continue;
      }
      const file = this.#disk.open(name, false);
      const header = decodeSegmentHeader(file.read(0, SEGMENT_HEADER_BYTES));
      if (header !== undefined) checkIdentity(header, name, this.#identity);
      this.#found.push({ sequence, name, file, header: header?.sequence === sequence ? header : undefined });
    }
  }

  /** The newest segment may be one whose creation a crash cut short: then it holds nothing at all. */
  #dropUnfinished(): WalCorruption | undefined {
    const last = this.#found.at(-1);
    if (last === undefined || last.header !== undefined) return undefined;
    const reader = new SegmentReader(last.file, last.file.size(), last.sequence, this.#fold.seed);
    const evidence = reader.findLaterBatch(SEGMENT_HEADER_BYTES, 0);
    if (evidence !== undefined || (this.#claim?.lastSegment ?? 0) >= last.sequence) {
      return this.#corruption("badHeader", last.name, 0, "its header is unreadable");
    }
    last.file.close();
    this.#found.pop();
    this.#leftovers.push(last.name);
    return undefined;
  }

  #checkPresence(): WalCorruption | undefined {
    let expected = this.#claim === undefined ? (this.#found[0]?.sequence ?? 1) : Math.max(1, this.#claim.firstSegment);
    const lastClaimed = this.#claim?.lastSegment ?? 0;
    for (const segment of this.#found) {
      if (segment.sequence !== expected) return this.#missing(expected);
      expected += 1;
    }
    return expected <= lastClaimed ? this.#missing(expected) : undefined;
  }

  #readAll(): WalCorruption | undefined {
    for (let i = 0; i < this.#found.length; i += 1) {
      const fault = this.#readSegment(this.#found[i]!, this.#found[i - 1], this.#found[i + 1]);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  #readSegment(
    segment: FoundSegment,
    previous: FoundSegment | undefined,
    next: FoundSegment | undefined,
  ): WalCorruption | undefined {
    const { name, file, header, sequence } = segment;
    const fold = this.#fold;
    if (header === undefined) return this.#corruption("badHeader", name, 0, "its header is unreadable");
    if (file.size() < header.size) {
      return this.#corruption("truncatedSegment", name, file.size(), `it was cut from ${header.size} bytes`);
    }
    if (previous === undefined) {
      fold.nextBatch = header.firstBatch;
      fold.chain = header.chain;
    } else if (fold.nextBatch !== header.firstBatch || fold.chain !== header.chain) {
      return this.#corruption("badHeader", name, 0, `it does not continue ${previous.name}`);
    }
    this.#fence = Math.max(this.#fence, header.fence);
    fold.durableEnd = 0;

    const info: SegmentInfo = { sequence, size: header.size, needs: new Map() };
    this.#segments.push(info);
    const reader = new SegmentReader(file, header.size, sequence, fold.seed);
    const limit = next?.header?.previousEnd ?? header.size;
    const { end, fault } = reader.readBatches(SEGMENT_HEADER_BYTES, limit, fold, info);
    this.#end = end;
    if (next !== undefined) {
      if (next.header === undefined) return this.#corruption("badHeader", next.name, 0, "its header is unreadable");
      if (end === limit) return undefined;
      return this.#corruption("badBatch", name, end, "a batch is damaged, and later segments follow");
    }
    return this.#judgeTail(reader, segment, fault);
  }

  /** A batch is written after the one before it was synced: one that follows damage proves that durable data is damaged. */
  #judgeTail(reader: SegmentReader, segment: FoundSegment, fault: "nothing" | "badBatch"): WalCorruption | undefined {
    const evidence = reader.findLaterBatch(this.#end, this.#fold.nextBatch + 1);
    if (evidence !== undefined) {
      const detail = `a batch is damaged, and a good one follows at ${evidence.offset}`;
      return this.#corruption("badBatch", segment.name, this.#end, detail);
    }
    const holdsOldBytes = segment.header!.recycled;
    const isTorn = fault === "badBatch" || (!holdsOldBytes && reader.hasBytesAt(this.#end));
    if (isTorn) this.#tail = "torn";
    return undefined;
  }

  #checkDurable(): WalCorruption | undefined {
    const last = this.#found.at(-1);
    const durable = this.#claim?.durableBatch ?? 0;
    if (last === undefined || this.#fold.nextBatch > durable) return undefined;
    const detail = `the log ends with batch ${this.#fold.nextBatch - 1}, but batch ${durable} was durable`;
    return this.#corruption("lostDurable", last.name, this.#end, detail);
  }

  #missing(sequence: number): WalCorruption {
    return this.#corruption("missingSegment", segmentName(sequence), 0, "the file is missing");
  }

  #corruption(reason: WalCorruption["reason"], segment: string, offset: number, detail: string): WalCorruption {
    return {
      type: "corrupt",
      reason,
      segment,
      offset: alignUp(offset),
      lastGoodIndexes: this.#fold.lastIndexes,
      message: `The write-ahead log is damaged: ${segment} at byte ${offset}: ${detail}.`,
    };
  }
}

function checkIdentity(found: WalIdentity & { version: number }, name: string, own: WalIdentity): void {
  if (found.version !== FORMAT_VERSION) {
    throw new WalError(
      "otherVersion",
      `${name} has format ${found.version}, this program reads format ${FORMAT_VERSION}: run the version that wrote it.`,
    );
  }
  if (found.clusterId !== own.clusterId) {
    const [theirs, ours] = [found.clusterId.toString(16), own.clusterId.toString(16)];
    throw new WalError(
      "otherCluster",
      `${name} belongs to cluster ${theirs}, not to ${ours}: use its own data folder.`,
    );
  }
  if (found.nodeId !== own.nodeId) {
    throw new WalError(
      "otherNode",
      `${name} belongs to node ${found.nodeId}, not to node ${own.nodeId}: use its own data folder.`,
    );
  }
}
