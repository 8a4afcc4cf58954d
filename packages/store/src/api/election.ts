import { EMPTY_BYTES } from "@synod/wire/bytes";
import type { ProtobufReader, ProtobufWriter } from "@synod/wire/protobuf";
import { type LeaseId, NO_LEASE } from "../model/types.ts";

/** v3electionpb.LeaderKey: who has won, by the key that says so and the revision in which it was made. */
export interface LeaderKey {
  name: Uint8Array;
  key: Uint8Array;
  revision: number;
  lease: LeaseId;
}

export interface CampaignRequest {
  name: Uint8Array;
  /** 0n: the server makes one. */
  lease: LeaseId;
  value: Uint8Array;
}

/** ProclaimRequest; ResignRequest is the same without a value. */
export interface ProclaimRequest {
  leader: LeaderKey | undefined;
  value: Uint8Array;
}

/** Reads to the end of the message. Name and value are views. */
export function decodeCampaignRequest(reader: ProtobufReader): CampaignRequest {
  const request: CampaignRequest = { name: EMPTY_BYTES, lease: NO_LEASE, value: EMPTY_BYTES };
  while (reader.next()) {
    if (reader.field === 1) request.name = reader.bytes();
    else if (reader.field === 2) request.lease = reader.int64Exact();
    else if (reader.field === 3) request.value = reader.bytes();
    else reader.skip();
  }
  return request;
}

export function encodeCampaignRequest(writer: ProtobufWriter, { name, lease, value }: CampaignRequest): void {
  writer.bytes(1, name);
  writer.varint(2, lease);
  writer.bytes(3, value);
}

/** Reads to the end of the message. Bytes are views. */
export function decodeProclaimRequest(reader: ProtobufReader): ProclaimRequest {
  const request: ProclaimRequest = { leader: undefined, value: EMPTY_BYTES };
  while (reader.next()) {
    if (reader.field === 1) {
      const outer = reader.enter();
      request.leader = decodeLeaderKey(reader);
      reader.leave(outer);
    } else if (reader.field === 2) request.value = reader.bytes();
    else reader.skip();
  }
  return request;
}

export function encodeProclaimRequest(writer: ProtobufWriter, { leader, value }: ProclaimRequest): void {
  if (leader !== undefined) encodeLeaderKey(writer, 1, leader);
  writer.bytes(2, value);
}

/** LeaderRequest is but a name. Reads to the end of the message. @returns a view */
export function decodeLeaderRequest(reader: ProtobufReader): Uint8Array {
  let name: Uint8Array = EMPTY_BYTES;
  while (reader.next()) {
    if (reader.field === 1) name = reader.bytes();
    else reader.skip();
  }
  return name;
}

export function encodeLeaderKey(writer: ProtobufWriter, field: number, leader: LeaderKey): void {
  const mark = writer.begin(field);
  writer.bytes(1, leader.name);
  writer.bytes(2, leader.key);
  writer.varint(3, leader.revision);
  writer.varint(4, leader.lease);
  writer.end(mark);
}

/** Reads to the end of the message. Bytes are views. */
export function decodeLeaderKey(reader: ProtobufReader): LeaderKey {
  const leader: LeaderKey = { name: EMPTY_BYTES, key: EMPTY_BYTES, revision: 0, lease: NO_LEASE };
  while (reader.next()) {
    if (reader.field === 1) leader.name = reader.bytes();
    else if (reader.field === 2) leader.key = reader.bytes();
    else if (reader.field === 3) leader.revision = reader.int64();
    else if (reader.field === 4) leader.lease = reader.int64Exact();
    else reader.skip();
  }
  return leader;
}
