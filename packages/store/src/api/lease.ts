import type { ProtobufReader, ProtobufWriter } from "@synod/wire/protobuf";
import { type LeaseId, NO_LEASE } from "../model/types.ts";
import { decodeHeader, emptyHeader, type ResponseHeader } from "./header.ts";

/** Synod's own fields: milliseconds beside, or in place of, etcd's seconds. */
const TTL_MS = 1000;
const GRANTED_TTL_MS = 1001;

export interface LeaseGrantRequest {
  /** Seconds. */
  ttl: number;
  /** If it is there and not 0, in place of `ttl`. */
  ttlMs?: number;
  /** 0n: the server chooses. */
  id: LeaseId;
}

export interface LeaseTimeToLiveRequest {
  id: LeaseId;
  keys: boolean;
}

/** What Grant, KeepAlive and TimeToLive answer, each with the fields that it has. */
export interface DecodedLeaseResponse {
  header: ResponseHeader;
  id: LeaseId;
  ttl: number;
  grantedTtl: number;
  /** Only of leases that were granted in milliseconds. */
  ttlMs?: number;
  grantedTtlMs?: number;
  keys: Uint8Array[];
}

/** Reads to the end of the message. */
export function decodeLeaseGrantRequest(reader: ProtobufReader): LeaseGrantRequest {
  const request: LeaseGrantRequest = { ttl: 0, id: NO_LEASE };
  while (reader.next()) {
    if (reader.field === 1) request.ttl = reader.int64();
    else if (reader.field === 2) request.id = reader.int64Exact();
    else if (reader.field === TTL_MS && reader.wireType === 0) request.ttlMs = Math.max(0, reader.int64());
    else reader.skip();
  }
  return request;
}

export function encodeLeaseGrantRequest(writer: ProtobufWriter, request: LeaseGrantRequest): void {
  writer.varint(1, request.ttl);
  writer.varint(2, request.id);
  writer.varint(TTL_MS, request.ttlMs ?? 0);
}

/** LeaseRevokeRequest and LeaseKeepAliveRequest are but an id. Reads to the end of the message. */
export function decodeLeaseId(reader: ProtobufReader): LeaseId {
  let id = NO_LEASE;
  while (reader.next()) {
    if (reader.field === 1) id = reader.int64Exact();
    else reader.skip();
  }
  return id;
}

export function encodeLeaseId(writer: ProtobufWriter, id: LeaseId): void {
  writer.varint(1, id);
}

/** Reads to the end of the message. */
export function decodeLeaseTimeToLiveRequest(reader: ProtobufReader): LeaseTimeToLiveRequest {
  const request: LeaseTimeToLiveRequest = { id: NO_LEASE, keys: false };
  while (reader.next()) {
    if (reader.field === 1) request.id = reader.int64Exact();
    else if (reader.field === 2) request.keys = reader.bool();
    else reader.skip();
  }
  return request;
}

export function encodeLeaseTimeToLiveRequest(writer: ProtobufWriter, request: LeaseTimeToLiveRequest): void {
  writer.varint(1, request.id);
  writer.bool(2, request.keys);
}

/** What follows the header of a Grant or KeepAlive response. A fraction is told beside seconds that are rounded up. */
export function encodeLeaseTtl(writer: ProtobufWriter, id: LeaseId, ttl: number): void {
  writer.varint(2, id);
  writer.varint(3, Math.ceil(ttl));
  if (!Number.isInteger(ttl)) writer.alwaysVarint(TTL_MS, Math.round(ttl * 1000)); // of less than one, too
}

/** What follows the header. `ttl` -1: there is no such lease. */
export function encodeLeaseTimeToLive(
  writer: ProtobufWriter,
  id: LeaseId,
  ttl: number,
  grantedTtl: number,
  keys: readonly Uint8Array[],
): void {
  encodeLeaseTtl(writer, id, ttl);
  writer.varint(4, Math.ceil(grantedTtl));
  if (!Number.isInteger(grantedTtl)) writer.varint(GRANTED_TTL_MS, Math.round(grantedTtl * 1000));
  for (const key of keys) writer.alwaysBytes(5, key);
}

/** What follows the header. */
export function encodeLeaseLeases(writer: ProtobufWriter, ids: Iterable<LeaseId>): void {
  for (const id of ids) {
    const mark = writer.begin(2);
    writer.varint(1, id);
    writer.end(mark);
  }
}

/** Reads to the end of a Grant, KeepAlive or TimeToLive response. Keys are views. */
export function decodeLeaseResponse(reader: ProtobufReader): DecodedLeaseResponse {
  const response: DecodedLeaseResponse = { header: emptyHeader(), id: NO_LEASE, ttl: 0, grantedTtl: 0, keys: [] };
  while (reader.next()) {
    if (reader.field === 1) response.header = decodeHeader(reader);
    else if (reader.field === 2) response.id = reader.int64Exact();
    else if (reader.field === 3) response.ttl = reader.int64();
    else if (reader.field === 4 && reader.wireType === 0) response.grantedTtl = reader.int64();
    else if (reader.field === 5) response.keys.push(reader.bytes());
    else if (reader.field === TTL_MS && reader.wireType === 0) response.ttlMs = reader.int64();
    else if (reader.field === GRANTED_TTL_MS && reader.wireType === 0) response.grantedTtlMs = reader.int64();
    else reader.skip();
  }
  return response;
}

/** Reads to the end of the message. */
export function decodeLeaseLeases(reader: ProtobufReader): LeaseId[] {
  const ids: LeaseId[] = [];
  while (reader.next()) {
    if (reader.field !== 2) {
      reader.skip();
      continue;
    }
    const outer = reader.enter();
    ids.push(decodeLeaseId(reader));
    reader.leave(outer);
  }
  return ids;
}
