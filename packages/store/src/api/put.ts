import { EMPTY_BYTES } from "@synod/wire/bytes";
import type { ProtobufReader, ProtobufWriter } from "@synod/wire/protobuf";
import { type LeaseId, NO_LEASE, type PutRequest, type PutResponse } from "../model/types.ts";
import { decodeHeader, emptyHeader, type ResponseHeader } from "./header.ts";
import { type DecodedKeyValue, decodeKeyValue, encodeKeyValue } from "./key-value.ts";

/** A put with every field there: one object serves all puts of the hot path. */
export class PutRequestFields implements PutRequest {
  key: Uint8Array = EMPTY_BYTES;
  value: Uint8Array = EMPTY_BYTES;
  lease: LeaseId = NO_LEASE;
  prevKv = false;
  ignoreValue = false;
  ignoreLease = false;

  clear(): void {
    this.key = EMPTY_BYTES;
    this.value = EMPTY_BYTES;
    this.lease = NO_LEASE;
    this.prevKv = false;
    this.ignoreValue = false;
    this.ignoreLease = false;
  }
}

export interface DecodedPutResponse {
  header: ResponseHeader;
  prevKv: DecodedKeyValue | undefined;
}

/** Reads to the end of the message. Key and value are views. */
export function decodePutRequest(reader: ProtobufReader, into: PutRequestFields): void {
  into.clear();
  while (reader.next()) {
    if (reader.field === 1) into.key = reader.bytes();
    else if (reader.field === 2) into.value = reader.bytes();
    else if (reader.field === 3) into.lease = reader.int64Exact();
    else if (reader.field === 4) into.prevKv = reader.bool();
    else if (reader.field === 5) into.ignoreValue = reader.bool();
    else if (reader.field === 6) into.ignoreLease = reader.bool();
    else reader.skip();
  }
}

export function encodePutRequest(writer: ProtobufWriter, request: PutRequest): void {
  writer.bytes(1, request.key);
  writer.bytes(2, request.value ?? EMPTY_BYTES);
  writer.varint(3, request.lease ?? NO_LEASE);
  writer.bool(4, request.prevKv ?? false);
  writer.bool(5, request.ignoreValue ?? false);
  writer.bool(6, request.ignoreLease ?? false);
}

/** What follows the header. */
export function encodePutResponse(writer: ProtobufWriter, response: PutResponse): void {
  if (response.prevKv !== undefined) encodeKeyValue(writer, 2, response.prevKv);
}

/** Reads to the end of the message. */
export function decodePutResponse(reader: ProtobufReader): DecodedPutResponse {
  const response: DecodedPutResponse = { header: emptyHeader(), prevKv: undefined };
  while (reader.next()) {
    if (reader.field === 1) response.header = decodeHeader(reader);
    else if (reader.field === 2) response.prevKv = decodeKeyValue(reader);
    else reader.skip();
  }
  return response;
}
