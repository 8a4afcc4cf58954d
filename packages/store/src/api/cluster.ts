import type { ProtobufReader, ProtobufWriter } from "@synod/wire/protobuf";

/** etcdserverpb.Member. URLs are "http://host:port". */
export interface Member {
  readonly id: bigint;
  /** Empty: added, but not started yet. */
  readonly name: string;
  readonly peerURLs: readonly string[];
  readonly clientURLs: readonly string[];
  readonly isLearner: boolean;
}

/** What follows the header of a MemberListResponse. @param field 3 in the response to MemberAdd */
export function encodeMembers(writer: ProtobufWriter, members: readonly Member[], field = 2): void {
  for (const member of members) encodeMember(writer, field, member);
}

export function encodeMember(writer: ProtobufWriter, field: number, member: Member): void {
  const mark = writer.begin(field);
  writer.varint(1, member.id);
  writer.string(2, member.name);
  for (const url of member.peerURLs) writer.string(3, url);
  for (const url of member.clientURLs) writer.string(4, url);
  writer.bool(5, member.isLearner);
  writer.end(mark);
}

/** Reads a MemberListRequest to its end. @returns whether it asks for a linearizable answer. */
export function decodeMemberListRequest(reader: ProtobufReader): boolean {
  let linearizable = false;
  while (reader.next()) {
    if (reader.field === 1) linearizable = reader.bool();
    else reader.skip();
  }
  return linearizable;
}

/** MemberAddRequest and MemberUpdateRequest. */
export interface MemberRequest {
  /** 0: not said. */
  readonly id: bigint;
  readonly peerURLs: readonly string[];
  readonly isLearner: boolean;
}

/** Reads a MemberAddRequest to its end. */
export function decodeMemberAddRequest(reader: ProtobufReader): MemberRequest {
  const peerURLs: string[] = [];
  let isLearner = false;
  while (reader.next()) {
    if (reader.field === 1) peerURLs.push(reader.string());
    else if (reader.field === 2) isLearner = reader.bool();
    else reader.skip();
  }
  return { id: 0n, peerURLs, isLearner };
}

/** Reads a MemberRemoveRequest, a MemberPromoteRequest or a MemberUpdateRequest to its end. */
export function decodeMemberIdRequest(reader: ProtobufReader): MemberRequest {
  const peerURLs: string[] = [];
  let id = 0n;
  while (reader.next()) {
    if (reader.field === 1) id = reader.uint64Exact();
    else if (reader.field === 2) peerURLs.push(reader.string());
    else reader.skip();
  }
  return { id, peerURLs, isLearner: false };
}

/** Reads a MemberListResponse to its end. */
export function decodeMembers(reader: ProtobufReader): Member[] {
  const members: Member[] = [];
  while (reader.next()) {
    if (reader.field === 2) members.push(decodeMember(reader));
    else reader.skip();
  }
  return members;
}

function decodeMember(reader: ProtobufReader): Member {
  const member = { id: 0n, name: "", peerURLs: [] as string[], clientURLs: [] as string[], isLearner: false };
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.field === 1) member.id = reader.uint64Exact();
    else if (reader.field === 2) member.name = reader.string();
    else if (reader.field === 3) member.peerURLs.push(reader.string());
    else if (reader.field === 4) member.clientURLs.push(reader.string());
    else if (reader.field === 5) member.isLearner = reader.bool();
    else reader.skip();
  }
  reader.leave(outer);
  return member;
}
