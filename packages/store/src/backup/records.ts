import { type ProtobufWriter, varintLength } from "@synod/wire/protobuf-writer";
import type { KeyValue } from "../model/key-value.ts";
import type { LeaseId } from "../model/types.ts";

/** etcd's key of a record: main revision, "_", sub-revision, both 8 bytes with the highest first; of a tombstone, "t". */
const REVISION_LENGTH = 17;
const SEPARATOR = 0x5f;
const TOMBSTONE = 0x74;
const TWO_32 = 0x1_0000_0000;

export interface RevisionKey {
  readonly main: number;
  readonly sub: number;
  readonly isTombstone: boolean;
}

export function revisionKeyLength(isTombstone: boolean): number {
  return isTombstone ? REVISION_LENGTH + 1 : REVISION_LENGTH;
}

export function encodeRevisionKey({ main, sub, isTombstone }: RevisionKey): Uint8Array {
  const bytes = new Uint8Array(revisionKeyLength(isTombstone));
  fill(bytes, main, sub);
  return bytes;
}

/** @returns undefined for bytes that are no such key. */
export function decodeRevisionKey(bytes: Uint8Array): RevisionKey | undefined {
  const isTombstone = bytes.length === REVISION_LENGTH + 1 && bytes[REVISION_LENGTH] === TOMBSTONE;
  if ((bytes.length !== REVISION_LENGTH && !isTombstone) || bytes[8] !== SEPARATOR) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const main = view.getUint32(0) * TWO_32 + view.getUint32(4);
  const sub = view.getUint32(9) * TWO_32 + view.getUint32(13);
  return Number.isSafeInteger(main) && Number.isSafeInteger(sub) ? { main, sub, isTombstone } : undefined;
}

export function encodeInt64(value: bigint | number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(value));
  return bytes;
}

// One of each kind for the process: a million keys are made without an allocation.
const KEY = new Uint8Array(REVISION_LENGTH);
const TOMBSTONE_KEY = new Uint8Array(REVISION_LENGTH + 1);

/** The key that etcd keeps a record under; valid until the next call. */
export function keyOf(record: KeyValue): Uint8Array {
  const key = record.isTombstone ? TOMBSTONE_KEY : KEY;
  fill(key, record.modRevision, record.sub);
  return key;
}

export function writeRevisionKey(writer: ProtobufWriter, record: KeyValue): void {
  const key = keyOf(record);
  writer.rawFrom(key, 0, key.length);
}

/** The fields of mvccpb.KeyValue as etcd keeps them: a tombstone has its key only. */
export function writeRecord(writer: ProtobufWriter, record: KeyValue): void {
  const { slab, offset, keyLength, valueLength } = record;
  writer.bytesFrom(1, slab.bytes, offset, keyLength);
  if (record.isTombstone) return;
  writer.varint(2, record.createRevision);
  writer.varint(3, record.modRevision);
  writer.varint(4, record.version);
  if (valueLength !== 0) writer.bytesFrom(5, slab.bytes, record.valueOffset, valueLength);
  writer.varint(6, record.lease);
}

/** Bytes that `writeRecord` writes. */
export function recordLength(record: KeyValue): number {
  const { keyLength, valueLength } = record;
  let length = 1 + varintLength(keyLength) + keyLength;
  if (record.isTombstone) return length;
  length += 3 + varintLength(record.createRevision) + varintLength(record.modRevision) + varintLength(record.version);
  if (valueLength !== 0) length += 1 + varintLength(valueLength) + valueLength;
  return length + leaseLength(record.lease);
}

function leaseLength(lease: LeaseId): number {
  if (lease === 0n) return 0;
  let length = 2;
  for (let rest = BigInt.asUintN(64, lease) >> 7n; rest > 0n; rest >>= 7n) length += 1;
  return length;
}

function fill(bytes: Uint8Array, main: number, sub: number): void {
  setInt64(bytes, 0, main);
  bytes[8] = SEPARATOR;
  setInt64(bytes, 9, sub);
  if (bytes.length > REVISION_LENGTH) bytes[REVISION_LENGTH] = TOMBSTONE;
}

function setInt64(bytes: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / TWO_32);
  for (let i = 0; i < 4; i += 1) {
    bytes[at + i] = high >>> (24 - 8 * i);
    bytes[at + 4 + i] = value >>> (24 - 8 * i);
  }
}
