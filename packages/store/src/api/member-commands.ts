import type { ProtobufReader, ProtobufWriter } from "@synod/wire/protobuf";
import { DEFAULT_MEMBER_RULES, type MemberRecord, type MemberRules } from "../model/members.ts";

/**
 * What the log holds of a change of members: the client's request with what its server adds (the new member's id, the
 * rules). Protobuf: 1 = id, 2 = name, 3 = peer URL, 4 = client URL, 5 = is learner, 6 = not strict, 7 = most learners,
 * 8 = member (of a seed).
 */
export interface MemberCommand {
  readonly id: bigint;
  readonly name: string;
  readonly peerURLs: readonly string[];
  readonly clientURLs: readonly string[];
  readonly isLearner: boolean;
  readonly rules: MemberRules;
  readonly members: readonly MemberRecord[];
}

export function encodeMemberCommand(writer: ProtobufWriter, command: Partial<MemberCommand>): void {
  const { id = 0n, name = "", peerURLs = [], clientURLs = [], isLearner = false, members = [] } = command;
  const { strict, maxLearners } = command.rules ?? DEFAULT_MEMBER_RULES;
  writer.varint(1, id);
  writer.string(2, name);
  for (const url of peerURLs) writer.string(3, url);
  for (const url of clientURLs) writer.string(4, url);
  writer.bool(5, isLearner);
  writer.bool(6, !strict);
  writer.varint(7, maxLearners);
  for (const member of members) encodeMemberRecord(writer, 8, member);
}

/** Reads to the message's end. */
export function decodeMemberCommand(reader: ProtobufReader): MemberCommand {
  const peerURLs: string[] = [];
  const clientURLs: string[] = [];
  const members: MemberRecord[] = [];
  let [id, name, isLearner, strict, maxLearners] = [0n, "", false, true, 0];
  while (reader.next()) {
    if (reader.field === 1) id = reader.uint64Exact();
    else if (reader.field === 2) name = reader.string();
    else if (reader.field === 3) peerURLs.push(reader.string());
    else if (reader.field === 4) clientURLs.push(reader.string());
    else if (reader.field === 5) isLearner = reader.bool();
    else if (reader.field === 6) strict = !reader.bool();
    else if (reader.field === 7) maxLearners = reader.uint32();
    else if (reader.field === 8) members.push(decodeMemberRecord(reader));
    else reader.skip();
  }
  return { id, name, peerURLs, clientURLs, isLearner, rules: { strict, maxLearners }, members };
}

/** As in commands and snapshots: etcd's Member (fields 1 to 5), 6 = node id, 7 = has moved. */
export function encodeMemberRecord(writer: ProtobufWriter, field: number, member: MemberRecord): void {
  const mark = writer.begin(field);
  writer.varint(1, member.id);
  writer.string(2, member.name);
  for (const url of member.peerURLs) writer.string(3, url);
  for (const url of member.clientURLs) writer.string(4, url);
  writer.bool(5, member.isLearner);
  writer.varint(6, member.node);
  writer.bool(7, !member.isUnmoved);
  writer.end(mark);
}

/** The reader stands on the field that holds it. */
export function decodeMemberRecord(reader: ProtobufReader): MemberRecord {
  const peerURLs: string[] = [];
  const clientURLs: string[] = [];
  let [id, node, name, isLearner, isUnmoved] = [0n, 0, "", false, true];
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.field === 1) id = reader.uint64Exact();
    else if (reader.field === 2) name = reader.string();
    else if (reader.field === 3) peerURLs.push(reader.string());
    else if (reader.field === 4) clientURLs.push(reader.string());
    else if (reader.field === 5) isLearner = reader.bool();
    else if (reader.field === 6) node = reader.uint32();
    else if (reader.field === 7) isUnmoved = !reader.bool();
    else reader.skip();
  }
  reader.leave(outer);
  return { id, node, name, peerURLs, clientURLs, isLearner, isUnmoved };
}
