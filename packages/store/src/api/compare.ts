import { EMPTY_BYTES } from "@synod/wire/bytes";
import type { ProtobufReader, ProtobufWriter } from "@synod/wire/protobuf";
import { type Compare, CompareTarget, type LeaseId, NO_LEASE } from "../model/types.ts";

class CompareFields implements Compare {
  result = 0;
  target = 0;
  key: Uint8Array = EMPTY_BYTES;
  rangeEnd: Uint8Array = EMPTY_BYTES;
  version = 0;
  createRevision = 0;
  modRevision = 0;
  value: Uint8Array = EMPTY_BYTES;
  lease: LeaseId = NO_LEASE;
}

/** The reader stands on the field that holds it. */
export function decodeCompare(reader: ProtobufReader): Compare {
  const compare = new CompareFields();
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.field === 1) compare.result = reader.int32();
    else if (reader.field === 2) compare.target = reader.int32();
    else if (reader.field === 3) compare.key = reader.bytes();
    else if (reader.field === 64) compare.rangeEnd = reader.bytes();
    else if (reader.field === 4) compare.version = reader.int64();
    else if (reader.field === 5) compare.createRevision = reader.int64();
    else if (reader.field === 6) compare.modRevision = reader.int64();
    else if (reader.field === 7) compare.value = reader.bytes();
    else if (reader.field === 8) compare.lease = reader.int64Exact();
    else reader.skip();
  }
  reader.leave(outer);
  return compare;
}

export function encodeCompare(writer: ProtobufWriter, field: number, compare: Compare): void {
  const mark = writer.begin(field);
  writer.varint(1, compare.result);
  writer.varint(2, compare.target);
  writer.bytes(3, compare.key);
  encodeTargetUnion(writer, compare);
  writer.bytes(64, compare.rangeEnd ?? EMPTY_BYTES);
  writer.end(mark);
}

/** A member of a oneof is written even if it is zero. */
function encodeTargetUnion(writer: ProtobufWriter, compare: Compare): void {
  if (compare.target === CompareTarget.VERSION) writer.alwaysVarint(4, compare.version ?? 0);
  else if (compare.target === CompareTarget.CREATE) writer.alwaysVarint(5, compare.createRevision ?? 0);
  else if (compare.target === CompareTarget.MOD) writer.alwaysVarint(6, compare.modRevision ?? 0);
  else if (compare.target === CompareTarget.VALUE) writer.alwaysBytes(7, compare.value ?? EMPTY_BYTES);
  else if (compare.target === CompareTarget.LEASE) writer.alwaysVarint(8, compare.lease ?? NO_LEASE);
}
