/** `etcdserverpb.Cluster` and `etcdserverpb.Maintenance.Status`. */
import type { ProtobufReader } from "@synod/wire/protobuf";
import { decode, encode, NO_HEADER, type ResponseHeader, readHeader } from "./common.ts";

export interface Member {
  readonly id: bigint;
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

export interface MemberList {
  readonly header: ResponseHeader;
  readonly members: readonly Member[];
}

export interface NodeStatus {
  readonly header: ResponseHeader;
  readonly version: string;
  /** Bytes. */
  readonly dbSize: number;
  /** The leader's member id; 0n: none is known. */
  readonly leader: bigint;
  readonly raftIndex: number;
  readonly raftTerm: number;
  readonly raftAppliedIndex: number;
  readonly errors: readonly string[];
  readonly isLearner: boolean;
}

export function encodeMemberList(linearizable: boolean): Uint8Array {
  return encode((writer) => writer.bool(1, linearizable));
}

export function encodeMemberAdd(peerUrls: readonly string[], isLearner: boolean): Uint8Array {
  return encode((writer) => {
    for (const url of peerUrls) writer.string(1, url);
    writer.bool(2, isLearner);
  });
}

/** MemberRemoveRequest, MemberPromoteRequest and, with URLs, MemberUpdateRequest. */
export function encodeMemberId(id: bigint, peerUrls: readonly string[] = []): Uint8Array {
  return encode((writer) => {
    writer.varint(1, id);
    for (const url of peerUrls) writer.string(2, url);
  });
}

export interface MemberAdded extends MemberList {
  readonly member: Member;
}

export function decodeMemberAdded(bytes: Uint8Array): MemberAdded {
  const members: Member[] = [];
  const none: Member = { id: 0n, name: "", peerUrls: [], clientUrls: [], isLearner: false };
  const added = { header: NO_HEADER, member: none, members };
  decode(bytes, (reader) => {
    if (reader.field === 1) added.header = readHeader(reader);
    else if (reader.field === 2) added.member = readMember(reader);
    else if (reader.field === 3) members.push(readMember(reader));
    else reader.skip();
  });
  return added;
}

export function decodeMemberList(bytes: Uint8Array): MemberList {
  const members: Member[] = [];
  const list = { header: NO_HEADER, members };
  decode(bytes, (reader) => {
    if (reader.field === 1) list.header = readHeader(reader);
    else if (reader.field === 2) members.push(readMember(reader));
    else reader.skip();
  });
  return list;
}

function readMember(reader: ProtobufReader): Member {
  const peerUrls: string[] = [];
  const clientUrls: string[] = [];
  const member = { id: 0n, name: "", peerUrls, clientUrls, isLearner: false };
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.field === 1) member.id = reader.uint64Exact();
    else if (reader.field === 2) member.name = reader.string();
    else if (reader.field === 3) peerUrls.push(reader.string());
    else if (reader.field === 4) clientUrls.push(reader.string());
    else if (reader.field === 5) member.isLearner = reader.bool();
    else reader.skip();
  }
  reader.leave(outer);
  return member;
}

export function decodeStatus(bytes: Uint8Array): NodeStatus {
  const errors: string[] = [];
  const status = {
    header: NO_HEADER,
    version: "",
    dbSize: 0,
    leader: 0n,
    raftIndex: 0,
    raftTerm: 0,
    raftAppliedIndex: 0,
  };
  let isLearner = false;
  decode(bytes, (reader) => {
    if (reader.field === 1) status.header = readHeader(reader);
    else if (reader.field === 2) status.version = reader.string();
    else if (reader.field === 3) status.dbSize = reader.int64();
    else if (reader.field === 4) status.leader = reader.uint64Exact();
    else if (reader.field === 5) status.raftIndex = reader.uint64();
    else if (reader.field === 6) status.raftTerm = reader.uint64();
    else if (reader.field === 7) status.raftAppliedIndex = reader.uint64();
    else if (reader.field === 8) errors.push(reader.string());
    else if (reader.field === 10) isLearner = reader.bool();
    else reader.skip();
  });
  return { ...status, errors, isLearner };
}
