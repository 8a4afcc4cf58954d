import { EMPTY_BYTES } from "@synod/wire/bytes";
import type { ProtobufReader, ProtobufWriter } from "@synod/wire/protobuf";
import type { RangeRequest, RangeResponse } from "../model/types.ts";
import { decodeHeader, emptyHeader, type ResponseHeader } from "./header.ts";
import { type DecodedKeyValue, decodeKeyValue, encodeKeyValue } from "./key-value.ts";

/** A range request with every field there, so that all have one shape and one object can serve many requests. */
export class RangeRequestFields implements RangeRequest {
  key: Uint8Array = EMPTY_BYTES;
  rangeEnd: Uint8Array = EMPTY_BYTES;
  limit = 0;
  revision = 0;
  sortOrder = 0;
  sortTarget = 0;
  serializable = false;
  keysOnly = false;
  countOnly = false;
  minModRevision = 0;
  maxModRevision = 0;
  minCreateRevision = 0;
  maxCreateRevision = 0;

  clear(): void {
    this.key = EMPTY_BYTES;
    this.rangeEnd = EMPTY_BYTES;
    this.limit = 0;
    this.revision = 0;
    this.sortOrder = 0;
    this.sortTarget = 0;
    this.serializable = false;
    this.keysOnly = false;
    this.countOnly = false;
    this.minModRevision = 0;
    this.maxModRevision = 0;
    this.minCreateRevision = 0;
    this.maxCreateRevision = 0;
  }
}

export interface DecodedRangeResponse {
  header: ResponseHeader;
  kvs: DecodedKeyValue[];
  more: boolean;
  count: number;
}

/** Reads to the end of the message. Key and range end are views. */
export function decodeRangeRequest(reader: ProtobufReader, into: RangeRequestFields): void {
  into.clear();
  while (reader.next()) {
    if (reader.field === 1) into.key = reader.bytes();
    else if (reader.field === 2) into.rangeEnd = reader.bytes();
    else decodeRangeOption(reader, into);
  }
}

function decodeRangeOption(reader: ProtobufReader, into: RangeRequestFields): void {
  if (reader.field === 3) into.limit = reader.int64();
  else if (reader.field === 4) into.revision = reader.int64();
  else if (reader.field === 5) into.sortOrder = reader.int32();
  else if (reader.field === 6) into.sortTarget = reader.int32();
  else if (reader.field === 7) into.serializable = reader.bool();
  else if (reader.field === 8) into.keysOnly = reader.bool();
  else if (reader.field === 9) into.countOnly = reader.bool();
  else if (reader.field === 10) into.minModRevision = reader.int64();
  else if (reader.field === 11) into.maxModRevision = reader.int64();
  else if (reader.field === 12) into.minCreateRevision = reader.int64();
  else if (reader.field === 13) into.maxCreateRevision = reader.int64();
  else reader.skip();
}

export function encodeRangeRequest(writer: ProtobufWriter, request: RangeRequest): void {
  writer.bytes(1, request.key);
  writer.bytes(2, request.rangeEnd ?? EMPTY_BYTES);
  writer.varint(3, request.limit ?? 0);
  writer.varint(4, request.revision ?? 0);
  writer.varint(5, request.sortOrder ?? 0);
  writer.varint(6, request.sortTarget ?? 0);
  writer.bool(7, request.serializable ?? false);
  writer.bool(8, request.keysOnly ?? false);
  writer.bool(9, request.countOnly ?? false);
  writer.varint(10, request.minModRevision ?? 0);
  writer.varint(11, request.maxModRevision ?? 0);
  writer.varint(12, request.minCreateRevision ?? 0);
  writer.varint(13, request.maxCreateRevision ?? 0);
}

/** What follows the header. */
export function encodeRangeResponse(writer: ProtobufWriter, response: RangeResponse): void {
  const { kvs } = response;
  for (let i = 0; i < kvs.length; i++) encodeKeyValue(writer, 2, kvs[i]!);
  writer.bool(3, response.more);
  writer.varint(4, response.count);
}

/** Reads to the end of the message. */
export function decodeRangeResponse(reader: ProtobufReader): DecodedRangeResponse {
  const response: DecodedRangeResponse = { header: emptyHeader(), kvs: [], more: false, count: 0 };
  while (reader.next()) {
    if (reader.field === 1) response.header = decodeHeader(reader);
    else if (reader.field === 2) response.kvs.push(decodeKeyValue(reader));
    else if (reader.field === 3) response.more = reader.bool();
    else if (reader.field === 4) response.count = reader.int64();
    else reader.skip();
  }
  return response;
}
