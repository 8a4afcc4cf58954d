import type { ProtobufReader, ProtobufWriter } from "@synod/wire/protobuf";

export interface CompactionRequest {
  revision: number;
  /** Answer only when the old records are gone. */
  physical: boolean;
}

/** Reads to the end of the message. */
export function decodeCompactionRequest(reader: ProtobufReader): CompactionRequest {
  const request: CompactionRequest = { revision: 0, physical: false };
  while (reader.next()) {
    if (reader.field === 1) request.revision = reader.int64();
    else if (reader.field === 2) request.physical = reader.bool();
    else reader.skip();
  }
  return request;
}

export function encodeCompactionRequest(writer: ProtobufWriter, request: CompactionRequest): void {
  writer.varint(1, request.revision);
  writer.bool(2, request.physical);
}
