/** `etcdserverpb.KV`: Range, Put, DeleteRange, Compact. */
import type { ProtobufReader, ProtobufWriter } from "@synod/wire/protobuf";
import type { KeyRange } from "../bytes.ts";
import { encode, type KeyValue, NO_HEADER, type ResponseHeader, readHeader, readKeyValue } from "./common.ts";

/** What every request may be told beside what it asks. */
export interface RequestOptions {
  /** Ends the waiting for an answer; a write may still have its effect (`outcome` of the error). */
  readonly signal?: AbortSignal | undefined;
}

export interface RangeOptions extends RequestOptions {
  /** Most keys to answer; 0: all. */
  readonly limit?: number;
  /** As of this revision; 0: now. */
  readonly revision?: number;
  readonly order?: "ascending" | "descending";
  readonly orderBy?: "key" | "version" | "createRevision" | "modRevision" | "value";
  /** From the asked node's own state, perhaps behind the others'. Default: linearizable. */
  readonly serializable?: boolean;
  readonly keysOnly?: boolean;
  readonly countOnly?: boolean;
  /** Only keys made at this revision or before; 0: all. */
  readonly maxCreateRevision?: number;
}

export interface RangeResult {
  readonly header: ResponseHeader;
  readonly kvs: readonly KeyValue[];
  /** There are keys beyond the limit. */
  readonly more: boolean;
  /** Keys in the range, whatever the limit. */
  readonly count: number;
}

export interface PutOptions extends RequestOptions {
  readonly lease?: bigint;
  /** Answer what the key held before. */
  readonly previous?: boolean;
}

export interface PutResult {
  readonly header: ResponseHeader;
  /** Only if asked for, and there was one. */
  readonly previous: KeyValue | undefined;
}

export interface DeleteOptions extends RequestOptions {
  /** Answer what the keys held. */
  readonly previous?: boolean;
}

export interface DeleteResult {
  readonly header: ResponseHeader;
  readonly deleted: number;
  readonly previous: readonly KeyValue[];
}

export const orders: Readonly<Record<"ascending" | "descending", number>> = { ascending: 1, descending: 2 };
export const rangeTargets: Readonly<Record<NonNullable<RangeOptions["orderBy"]>, number>> = {
  key: 0,
  version: 1,
  createRevision: 2,
  modRevision: 3,
  value: 4,
};

export function writeRange(writer: ProtobufWriter, range: KeyRange, options: RangeOptions): void {
  writer.bytes(1, range.key);
  writer.bytes(2, range.rangeEnd);
  writer.varint(3, options.limit ?? 0);
  writer.varint(4, options.revision ?? 0);
  if (options.order !== undefined) writer.varint(5, orders[options.order]);
  if (options.orderBy !== undefined) writer.varint(6, rangeTargets[options.orderBy]);
  writer.bool(7, options.serializable ?? false);
  writer.bool(8, options.keysOnly ?? false);
  writer.bool(9, options.countOnly ?? false);
  writer.varint(13, options.maxCreateRevision ?? 0);
}

export function writePut(writer: ProtobufWriter, key: Uint8Array, value: Uint8Array, options: PutOptions): void {
  writer.bytes(1, key);
  writer.bytes(2, value);
  writer.varint(3, options.lease ?? 0n);
  writer.bool(4, options.previous ?? false);
}

export function writeDelete(writer: ProtobufWriter, range: KeyRange, options: DeleteOptions): void {
  writer.bytes(1, range.key);
  writer.bytes(2, range.rangeEnd);
  writer.bool(3, options.previous ?? false);
}

/** @param physical answer only once the old versions are gone from memory and disk. */
export function encodeCompaction(revision: number, physical: boolean): Uint8Array {
  return encode((writer) => {
    writer.varint(1, revision);
    writer.bool(2, physical);
  });
}

export function readRangeResult(reader: ProtobufReader): RangeResult {
  const kvs: KeyValue[] = [];
  const result = { header: NO_HEADER, kvs, more: false, count: 0 };
  while (reader.next()) {
    if (reader.field === 1) result.header = readHeader(reader);
    else if (reader.field === 2) kvs.push(readKeyValue(reader));
    else if (reader.field === 3) result.more = reader.bool();
    else if (reader.field === 4) result.count = reader.int64();
    else reader.skip();
  }
  return result;
}

export function readPutResult(reader: ProtobufReader): PutResult {
  const result: { header: ResponseHeader; previous: KeyValue | undefined } = { header: NO_HEADER, previous: undefined };
  while (reader.next()) {
    if (reader.field === 1) result.header = readHeader(reader);
    else if (reader.field === 2) result.previous = readKeyValue(reader);
    else reader.skip();
  }
  return result;
}

export function readDeleteResult(reader: ProtobufReader): DeleteResult {
  const previous: KeyValue[] = [];
  const result = { header: NO_HEADER, deleted: 0, previous };
  while (reader.next()) {
    if (reader.field === 1) result.header = readHeader(reader);
    else if (reader.field === 2) result.deleted = reader.int64();
    else if (reader.field === 3) previous.push(readKeyValue(reader));
    else reader.skip();
  }
  return result;
}
