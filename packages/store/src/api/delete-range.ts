import { EMPTY_BYTES } from "@synod/wire/bytes";
import type { ProtobufReader, ProtobufWriter } from "@synod/wire/protobuf";
import type { DeleteRangeRequest, DeleteRangeResponse } from "../model/types.ts";
import { decodeHeader, emptyHeader, type ResponseHeader } from "./header.ts";
import { type DecodedKeyValue, decodeKeyValue, encodeKeyValue } from "./key-value.ts";

export interface DecodedDeleteRangeResponse {
  header: ResponseHeader;
  deleted: number;
  prevKvs: DecodedKeyValue[];
}

/** Reads to the end of the message. Key and range end are views. */
export function decodeDeleteRangeRequest(reader: ProtobufReader): DeleteRangeRequest {
  const request = { key: EMPTY_BYTES, rangeEnd: EMPTY_BYTES, prevKv: false };
  while (reader.next()) {
    if (reader.field === 1) request.key = reader.bytes();
    else if (reader.field === 2) request.rangeEnd = reader.bytes();
    else if (reader.field === 3) request.prevKv = reader.bool();
    else reader.skip();
  }
  return request;
}

export function encodeDeleteRangeRequest(writer: ProtobufWriter, request: DeleteRangeRequest): void {
  writer.bytes(1, request.key);
  writer.bytes(2, request.rangeEnd ?? EMPTY_BYTES);
  writer.bool(3, request.prevKv ?? false);
}

/** What follows the header. */
export function encodeDeleteRangeResponse(writer: ProtobufWriter, response: DeleteRangeResponse): void {
  writer.varint(2, response.deleted);
  for (const kv of response.prevKvs) encodeKeyValue(writer, 3, kv);
}

/** Reads to the end of the message. */
export function decodeDeleteRangeResponse(reader: ProtobufReader): DecodedDeleteRangeResponse {
  const response: DecodedDeleteRangeResponse = { header: emptyHeader(), deleted: 0, prevKvs: [] };
  while (reader.next()) {
    if (reader.field === 1) response.header = decodeHeader(reader);
    else if (reader.field === 2) response.deleted = reader.int64();
    else if (reader.field === 3) response.prevKvs.push(decodeKeyValue(reader));
    else reader.skip();
  }
  return response;
}
