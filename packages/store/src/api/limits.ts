import type { ProtobufReader, ProtobufWriter } from "@synod/wire/protobuf";
import type { PrefixLimit, PrefixQuota } from "../model/prefix-quotas.ts";

/** What there is under a prefix, with the rate of its last ten seconds. */
export interface PrefixUsage {
  readonly prefix: Uint8Array;
  readonly keys: number;
  readonly bytes: number;
  readonly writes: number;
  /** Thousandths of a write a second. */
  readonly milliWrites: number;
}

/** Synod's own message: `prefix` 1, `max_bytes` 2, `max_keys` 3. Reads to the end of the message. */
export function decodePrefixLimit(reader: ProtobufReader): PrefixLimit {
  const { prefix, maxBytes, maxKeys } = decodePrefixQuota(reader);
  return { prefix, maxBytes, maxKeys };
}

export function encodePrefixLimit(writer: ProtobufWriter, { prefix, maxBytes, maxKeys }: PrefixLimit): void {
  writer.bytes(1, prefix);
  writer.varint(2, maxBytes);
  writer.varint(3, maxKeys);
}

/** The same with `keys` 4 and `bytes` 5. */
export function decodePrefixQuota(reader: ProtobufReader): PrefixQuota {
  const quota = { prefix: new Uint8Array(0) as Uint8Array, maxBytes: 0, maxKeys: 0, keys: 0, bytes: 0 };
  while (reader.next()) {
    if (reader.field === 1) quota.prefix = reader.bytes().slice();
    else if (reader.field === 2) quota.maxBytes = reader.uint64();
    else if (reader.field === 3) quota.maxKeys = reader.uint64();
    else if (reader.field === 4) quota.keys = reader.uint64();
    else if (reader.field === 5) quota.bytes = reader.uint64();
    else reader.skip();
  }
  return quota;
}

/** A list of quotas: the header, then each in field 2. */
export function encodePrefixQuotas(writer: ProtobufWriter, quotas: readonly PrefixQuota[]): void {
  for (const quota of quotas) {
    const mark = writer.begin(2);
    encodePrefixLimit(writer, quota);
    writer.varint(4, quota.keys);
    writer.varint(5, quota.bytes);
    writer.end(mark);
  }
}

/** `prefix` 1, `keys` 2, `bytes` 3, `writes` 4, `milli_writes` 5. */
export function encodePrefixUsage(writer: ProtobufWriter, field: number, usage: PrefixUsage): void {
  const mark = writer.begin(field);
  writer.bytes(1, usage.prefix);
  writer.varint(2, usage.keys);
  writer.varint(3, usage.bytes);
  writer.varint(4, usage.writes);
  writer.varint(5, usage.milliWrites);
  writer.end(mark);
}

/** Reads to the end of the message. */
export function decodePrefixUsage(reader: ProtobufReader): PrefixUsage {
  const usage = { prefix: new Uint8Array(0) as Uint8Array, keys: 0, bytes: 0, writes: 0, milliWrites: 0 };
  while (reader.next()) {
    if (reader.field === 1) usage.prefix = reader.bytes().slice();
    else if (reader.field === 2) usage.keys = reader.uint64();
    else if (reader.field === 3) usage.bytes = reader.uint64();
    else if (reader.field === 4) usage.writes = reader.uint64();
    else if (reader.field === 5) usage.milliWrites = reader.uint64();
    else reader.skip();
  }
  return usage;
}
