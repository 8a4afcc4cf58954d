import { crc32c } from "@synod/wire/crc32c";
import type { DiskFile } from "../disk.ts";
import { getUint53, putUint53, viewOf } from "../wal/format.ts";
import { SnapshotError, type SnapshotId, type SnapshotInfo } from "./types.ts";

/**
 * A snapshot file: header, the caller's metadata, the state, the CRC32C of each of its chunks of `CHUNK_BYTES` (the last one
 * shorter), the CRC32C of these sums, and a footer. Chunks of one size make every byte of the state reachable and verifiable
 * without reading what lies before; the state is in one piece, so that it need not be copied once it is read. All integers
 * are little-endian. (In version 1 each chunk's sum stood behind it.)
 */
export const SNAPSHOT_VERSION = 2;
export const CHUNK_BYTES: number = 64 << 10;
const SUM_BYTES = 4;

const HEADER_BYTES = 64;
const HEADER_CRC_AT = 60;
const FOOTER_BYTES = 24;
const FOOTER_CRC_AT = 20;
const MAGIC = [0x53, 0x59, 0x4e, 0x4f, 0x44, 0x53, 0x4e, 0x50]; // SYNODSNP
const FOOTER_MAGIC = 0x444e4553; // SEND

export function encodeHead(clusterId: bigint, id: SnapshotId, metadata: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + metadata.length);
  const view = viewOf(bytes);
  bytes.set(MAGIC, 0);
  view.setUint32(8, SNAPSHOT_VERSION, true);
  view.setUint32(12, id.group, true);
  view.setBigUint64(16, clusterId, true);
  putUint53(view, 24, id.index);
  putUint53(view, 32, id.term);
  view.setUint32(40, metadata.length, true);
  bytes.set(metadata, HEADER_BYTES);
  view.setUint32(HEADER_CRC_AT, headChecksum(bytes), true);
  return bytes;
}

function headChecksum(bytes: Uint8Array): number {
  return crc32c(bytes, crc32c(bytes, 0, 0, HEADER_CRC_AT), HEADER_BYTES);
}

export function encodeFooter(size: number, checksum: number): Uint8Array {
  const bytes = new Uint8Array(FOOTER_BYTES);
  const view = viewOf(bytes);
  view.setUint32(0, FOOTER_MAGIC, true);
  putUint53(view, 8, size);
  view.setUint32(16, checksum, true);
  view.setUint32(FOOTER_CRC_AT, crc32c(bytes, 0, 0, FOOTER_CRC_AT), true);
  return bytes;
}

/** @returns what stands between the state and the footer. */
export function encodeSums(sums: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(SUM_BYTES * (sums.length + 1));
  const view = viewOf(bytes);
  for (const [i, sum] of sums.entries()) view.setUint32(SUM_BYTES * i, sum, true);
  const end = SUM_BYTES * sums.length;
  view.setUint32(end, crc32c(bytes, 0, 0, end), true);
  return bytes;
}

/** @returns each chunk's CRC32C. @throws SnapshotError damaged */
export function readSums(file: DiskFile, info: SnapshotInfo): Uint32Array {
  const count = Math.ceil(info.size / CHUNK_BYTES);
  const end = SUM_BYTES * count;
  const bytes = file.read(bodyStart(info.metadata) + info.size, end + SUM_BYTES);
  const view = viewOf(bytes);
  if (bytes.length !== end + SUM_BYTES || view.getUint32(end, true) !== crc32c(bytes, 0, 0, end)) {
    throw damaged(file, "its checksums are damaged");
  }
  return Uint32Array.from({ length: count }, (_, i) => view.getUint32(SUM_BYTES * i, true));
}

/** @returns offset in the file at which the state begins. */
export function bodyStart(metadata: Uint8Array): number {
  return HEADER_BYTES + metadata.length;
}

/**
 * Reads what stands around the state, which is verified only where it is read.
 * @throws SnapshotError damaged, otherCluster, otherVersion
 */
export function readInfo(file: DiskFile, clusterId: bigint, expected: SnapshotId): SnapshotInfo {
  const fixed = file.read(0, HEADER_BYTES);
  if (fixed.length < HEADER_BYTES || MAGIC.some((byte, i) => fixed[i] !== byte))
    throw damaged(file, "it has no header");
  const view = viewOf(fixed);
  const version = view.getUint32(8, true);
  const head = file.read(0, HEADER_BYTES + view.getUint32(40, true));
  if (view.getUint32(HEADER_CRC_AT, true) !== headChecksum(head)) throw damaged(file, "its header is damaged");
  if (version !== SNAPSHOT_VERSION) {
    throw new SnapshotError("otherVersion", `${file.name} has format ${version}, not ${SNAPSHOT_VERSION}`);
  }
  const owner = view.getBigUint64(16, true);
  if (owner !== clusterId) {
    throw new SnapshotError("otherCluster", `${file.name} belongs to cluster ${owner.toString(16)}`);
  }
  const id = { group: view.getUint32(12, true), index: getUint53(view, 24), term: getUint53(view, 32) };
  if (snapshotName(id) !== snapshotName(expected)) throw damaged(file, `it holds ${snapshotName(id)}`);
  const metadata = head.slice(HEADER_BYTES);
  return { ...id, metadata, ...readFooter(file, metadata) };
}

function readFooter(file: DiskFile, metadata: Uint8Array): { size: number; checksum: number } {
  const length = file.size();
  const bytes = file.read(Math.max(0, length - FOOTER_BYTES), FOOTER_BYTES);
  const view = viewOf(bytes);
  if (bytes.length < FOOTER_BYTES || view.getUint32(0, true) !== FOOTER_MAGIC) throw damaged(file, "it is cut off");
  if (view.getUint32(FOOTER_CRC_AT, true) !== crc32c(bytes, 0, 0, FOOTER_CRC_AT)) {
    throw damaged(file, "its footer is damaged");
  }
  const size = getUint53(view, 8);
  const sumsLength = SUM_BYTES * (Math.ceil(size / CHUNK_BYTES) + 1);
  if (bodyStart(metadata) + size + sumsLength + FOOTER_BYTES !== length) throw damaged(file, "its length is wrong");
  return { size, checksum: view.getUint32(16, true) };
}

export function damaged(file: DiskFile, detail: string): SnapshotError {
  return new SnapshotError("damaged", `${file.name}: ${detail}; an older snapshot or another node's must be used`);
}

const NAME = /^snapshot-([0-9a-f]{4})-([0-9a-f]{16})-([0-9a-f]{16})$/;
const TEMPORARY = /^snapshot-.*\.tmp$/;

/** `snapshot-<group>-<index>-<term>`, in hexadecimal digits of fixed width, so that names sort as indexes do. */
export function snapshotName(id: SnapshotId): string {
  return `snapshot-${hex(id.group, 4)}-${hex(id.index, 16)}-${hex(id.term, 16)}`;
}

/** @param number tells apart two that are written at one time, one of them perhaps being given up */
export function temporaryName(id: SnapshotId, number: number): string {
  return `${snapshotName(id)}.${number}.tmp`;
}

export function idOf(name: string): SnapshotId | undefined {
  const match = NAME.exec(name);
  if (match === null) return undefined;
  const [group, index, term] = match.slice(1).map((digits) => Number.parseInt(digits, 16));
  return { group: group!, index: index!, term: term! };
}

export function isTemporary(name: string): boolean {
  return TEMPORARY.test(name);
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
