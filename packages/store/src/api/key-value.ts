import { EMPTY_BYTES } from "@synod/wire/bytes";
import type { ProtobufReader, ProtobufWriter } from "@synod/wire/protobuf";
import type { KeyValue } from "../model/key-value.ts";
import { EventType, type LeaseId, NO_LEASE } from "../model/types.ts";

/** mvccpb.KeyValue as a client sees it; the model keeps its own in slabs. */
export interface DecodedKeyValue {
  key: Uint8Array;
  createRevision: number;
  modRevision: number;
  version: number;
  value: Uint8Array;
  lease: LeaseId;
}

export interface DecodedEvent {
  /** `EventType` */
  type: number;
  kv: DecodedKeyValue;
  prevKv: DecodedKeyValue | undefined;
}

export function encodeKeyValue(writer: ProtobufWriter, field: number, kv: KeyValue): void {
  const mark = writer.begin(field);
  const { slab, offset, keyLength, valueLength } = kv;
  writer.bytesFrom(1, slab.bytes, offset, keyLength);
  writer.varint(2, kv.createRevision);
  writer.varint(3, kv.modRevision);
  writer.varint(4, kv.version);
  if (valueLength !== 0) writer.bytesFrom(5, slab.bytes, kv.valueOffset, valueLength);
  writer.varint(6, kv.lease);
  writer.end(mark);
}

/** Octets that `encodeKeyValue` writes. @param keyOnly as if the value were empty */
export function keyValueSize(field: number, kv: KeyValue, keyOnly: boolean): number {
  const { keyLength, createRevision, modRevision, version, lease } = kv;
  const valueLength = keyOnly ? 0 : kv.valueLength;
  let size = 1 + varintSize(keyLength) + keyLength;
  if (valueLength !== 0) size += 1 + varintSize(valueLength) + valueLength;
  size += intSize(createRevision) + intSize(modRevision) + intSize(version);
  // Ids of leases are 64 bits, but most records have none.
  if (lease !== NO_LEASE) size += 1 + lease64Size(lease);
  return varintSize(field << 3) + varintSize(size) + size;
}

/** Of a field with its tag; nothing is written for 0. */
function intSize(value: number): number {
  return value === 0 ? 0 : 1 + varintSize(value);
}

/** @param value a safe integer, not negative */
function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++;
  return size;
}

function lease64Size(lease: LeaseId): number {
  if (lease < 0n) return 10;
  let size = 1;
  for (let rest = lease; rest >= 128n; rest >>= 7n) size++;
  return size;
}

/** The reader stands on the field that holds it. Key and value are views. */
export function decodeKeyValue(reader: ProtobufReader): DecodedKeyValue {
  const kv = { key: EMPTY_BYTES, createRevision: 0, modRevision: 0, version: 0, value: EMPTY_BYTES, lease: NO_LEASE };
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.field === 1) kv.key = reader.bytes();
    else if (reader.field === 2) kv.createRevision = reader.int64();
    else if (reader.field === 3) kv.modRevision = reader.int64();
    else if (reader.field === 4) kv.version = reader.int64();
    else if (reader.field === 5) kv.value = reader.bytes();
    else if (reader.field === 6) kv.lease = reader.int64Exact();
    else reader.skip();
  }
  reader.leave(outer);
  return kv;
}

/** A record of the revision log as an mvccpb.Event. */
export function encodeEvent(
  writer: ProtobufWriter,
  field: number,
  record: KeyValue,
  prevKv: KeyValue | undefined,
): void {
  const mark = writer.begin(field);
  writer.varint(1, record.isTombstone ? EventType.DELETE : EventType.PUT);
  encodeKeyValue(writer, 2, record);
  if (prevKv !== undefined) encodeKeyValue(writer, 3, prevKv);
  writer.end(mark);
}

export function decodeEvent(reader: ProtobufReader): DecodedEvent {
  const event: Partial<DecodedEvent> = {};
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.field === 1) event.type = reader.int32();
    else if (reader.field === 2) event.kv = decodeKeyValue(reader);
    else if (reader.field === 3) event.prevKv = decodeKeyValue(reader);
    else reader.skip();
  }
  reader.leave(outer);
  const nothing = {
    key: EMPTY_BYTES,
    createRevision: 0,
    modRevision: 0,
    version: 0,
    value: EMPTY_BYTES,
    lease: NO_LEASE,
  };
  return { type: event.type ?? EventType.PUT, kv: event.kv ?? nothing, prevKv: event.prevKv };
}
