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

/** What follows the header of a MemberListResponse. */
export function encodeMembers(writer: ProtobufWriter, members: readonly Member[]): void {
  for (const member of members) encodeMember(writer, 2, member);
}

function encodeMember(writer: ProtobufWriter, field: number, member: Member): void {
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
