import { crc32c } from "@synod/wire/crc32c";

/**
 * The bytes of the write-ahead log. All integers are little-endian.
 *
 * A segment is a header and batches; a batch is what one flush wrote: a header and records. One batch is synced before
 * the next is written, so a batch proves that all batches before it were durable: that is how a torn tail (nothing valid
 * follows) is told from corruption (something valid follows). A batch header names its segment and offset, so neither
 * bytes left over in a recycled file nor a misdirected write can pass for a batch, and it can be recognised alone.
 */
export const FORMAT_VERSION = 1;

export const SEGMENT_HEADER_BYTES = 96;
export const BATCH_HEADER_BYTES = 32;
export const RECORD_HEADER_BYTES = 16;

/** The last record of its (group, kind) is repeated at the head of each new segment. */
export const FLAG_STICKY = 1;
/** Such a repetition. Recovery skips it where the original was read. */
export const FLAG_CHECKPOINT = 2;

const SEGMENT_MAGIC = [0x53, 0x59, 0x4e, 0x4f, 0x44, 0x57, 0x41, 0x4c]; // SYNODWAL
export const BATCH_MAGIC = 0x48435442; // BTCH
const SEGMENT_CRC_AT = 92;
const BATCH_CRC_AT = 28;

export interface SegmentHeader {
  readonly version: number;
  readonly clusterId: bigint;
  readonly nodeId: number;
  readonly sequence: number;
  /** Counts openings of this log for writing; a process that meets a higher one than its own is stale. */
  readonly fence: number;
  /** Of the file, in bytes. */
  readonly size: number;
  /** Number of the first batch in this segment. */
  readonly firstBatch: number;
  /** Offset in the segment before this one at which its last batch ends. */
  readonly previousEnd: number;
  /** The chain value that the first batch continues. */
  readonly chain: number;
  /** The file was a segment before: what follows the last batch is not zeros but old bytes. */
  readonly recycled: boolean;
}

export interface BatchHeader {
  /** Bytes of records that follow the header. */
  readonly length: number;
  readonly number: number;
  /** CRC32C of the records, continuing the chain of the batch before. */
  readonly chain: number;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function alignUp(offset: number): number {
  return offset + (-offset & 7);
}

export function putUint53(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true);
}

export function getUint53(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 0x1_0000_0000;
}

/** Batches of another node's log are not batches of this one: the identity seeds their checksums. */
export function identitySeed(clusterId: bigint, nodeId: number): number {
  const bytes = new Uint8Array(12);
  const view = viewOf(bytes);
  view.setBigUint64(0, clusterId, true);
  view.setUint32(8, nodeId, true);
  return crc32c(bytes);
}

export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const target = new Uint8Array(SEGMENT_HEADER_BYTES);
  const view = viewOf(target);
  target.set(SEGMENT_MAGIC, 0);
  view.setUint32(8, header.version, true);
  view.setUint32(12, header.nodeId, true);
  view.setBigUint64(16, header.clusterId, true);
  putUint53(view, 24, header.sequence);
  putUint53(view, 32, header.fence);
  putUint53(view, 40, header.size);
  putUint53(view, 48, header.firstBatch);
  putUint53(view, 56, header.previousEnd);
  view.setUint32(64, header.chain, true);
  view.setUint32(68, header.recycled ? 1 : 0, true);
  view.setUint32(SEGMENT_CRC_AT, crc32c(target, 0, 0, SEGMENT_CRC_AT), true);
  return target;
}

/** @returns undefined unless the bytes are a whole header of any version: its magic and checksum stay where they are. */
export function decodeSegmentHeader(bytes: Uint8Array): SegmentHeader | undefined {
  if (bytes.length < SEGMENT_HEADER_BYTES || SEGMENT_MAGIC.some((byte, i) => bytes[i] !== byte)) return undefined;
  const view = viewOf(bytes);
  if (view.getUint32(SEGMENT_CRC_AT, true) !== crc32c(bytes, 0, 0, SEGMENT_CRC_AT)) return undefined;
  return {
    version: view.getUint32(8, true),
    nodeId: view.getUint32(12, true),
    clusterId: view.getBigUint64(16, true),
    sequence: getUint53(view, 24),
    fence: getUint53(view, 32),
    size: getUint53(view, 40),
    firstBatch: getUint53(view, 48),
    previousEnd: getUint53(view, 56),
    chain: view.getUint32(64, true),
    recycled: (view.getUint32(68, true) & 1) === 1,
  };
}

/** Writes the header at the start of `bytes` for a batch of `length` bytes of records that lies at `offset`. */
export function encodeBatchHeader(
  bytes: Uint8Array,
  view: DataView,
  header: BatchHeader,
  place: { sequence: number; offset: number; seed: number },
): void {
  view.setUint32(0, BATCH_MAGIC, true);
  view.setUint32(4, header.length, true);
  putUint53(view, 8, header.number);
  view.setUint32(16, place.sequence >>> 0, true);
  view.setUint32(20, place.offset, true);
  view.setUint32(24, header.chain, true);
  view.setUint32(BATCH_CRC_AT, crc32c(bytes, place.seed, 0, BATCH_CRC_AT), true);
}

/**
 * @param at position of the header in `bytes`
 * @param place where these bytes lie on disk
 * @returns undefined unless a batch header for exactly this place stands there.
 */
export function decodeBatchHeader(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  place: { sequence: number; offset: number; seed: number },
): BatchHeader | undefined {
  if (at + BATCH_HEADER_BYTES > bytes.length || view.getUint32(at, true) !== BATCH_MAGIC) return undefined;
  if (view.getUint32(at + 16, true) !== place.sequence >>> 0) return undefined;
  if (view.getUint32(at + 20, true) !== place.offset) return undefined;
  const crc = crc32c(bytes, place.seed, at, at + BATCH_CRC_AT);
  if (view.getUint32(at + BATCH_CRC_AT, true) !== crc) return undefined;
  return {
    length: view.getUint32(at + 4, true),
    number: getUint53(view, at + 8),
    chain: view.getUint32(at + 24, true),
  };
}

const SEGMENT_NAME = /^wal-([0-9a-f]{16})$/;
const SPARE_NAME = /^spare-[0-9a-f]{16}$/;

export function segmentName(sequence: number): string {
  return `wal-${sequence.toString(16).padStart(16, "0")}`;
}

export function spareName(sequence: number): string {
  return `spare-${sequence.toString(16).padStart(16, "0")}`;
}

/** @returns the sequence number in a segment's name, undefined for any other name. */
export function sequenceOf(name: string): number | undefined {
  const match = SEGMENT_NAME.exec(name);
  return match === null ? undefined : Number.parseInt(match[1]!, 16);
}

export function isSpareName(name: string): boolean {
  return SPARE_NAME.test(name);
}
