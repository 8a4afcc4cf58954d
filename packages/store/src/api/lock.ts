import { EMPTY_BYTES } from "@synod/wire/bytes";
import type { ProtobufReader, ProtobufWriter } from "@synod/wire/protobuf";
import { type LeaseId, NO_LEASE } from "../model/types.ts";

/** v3lockpb.LockRequest */
export interface LockRequest {
  name: Uint8Array;
  /** 0n: the server makes one. */
  lease: LeaseId;
}

/** Reads to the end of the message. The name is a view. */
export function decodeLockRequest(reader: ProtobufReader): LockRequest {
  const request: LockRequest = { name: EMPTY_BYTES, lease: NO_LEASE };
  while (reader.next()) {
    if (reader.field === 1) request.name = reader.bytes();
    else if (reader.field === 2) request.lease = reader.int64Exact();
    else reader.skip();
  }
  return request;
}

export function encodeLockRequest(writer: ProtobufWriter, { name, lease }: LockRequest): void {
  writer.bytes(1, name);
  writer.varint(2, lease);
}

/** What follows the header of a LockResponse. */
export function encodeLockKey(writer: ProtobufWriter, key: Uint8Array): void {
  writer.bytes(2, key);
}

/** v3lockpb.UnlockRequest is but a key. Reads to the end of the message. @returns a view */
export function decodeUnlockRequest(reader: ProtobufReader): Uint8Array {
  let key: Uint8Array = EMPTY_BYTES;
  while (reader.next()) {
    if (reader.field === 1) key = reader.bytes();
    else reader.skip();
  }
  return key;
}

export function encodeUnlockRequest(writer: ProtobufWriter, key: Uint8Array): void {
  writer.bytes(1, key);
}
