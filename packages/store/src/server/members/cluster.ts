import { ProtobufWriter } from "@synod/wire/protobuf";
import {
  decodeMemberAddRequest,
  decodeMemberIdRequest,
  decodeMemberListRequest,
  encodeMember,
  encodeMembers,
} from "../../api/cluster.ts";
import { encodeMemberCommand, type MemberCommand } from "../../api/member-commands.ts";
import { MemberOpcode, type MembersResult } from "../../areas/members.ts";
import { arePeerURLs, DEFAULT_MEMBER_RULES, type MemberRecord } from "../../model/members.ts";
import type { StoreResult } from "../../state-machine.ts";
import type { StoreConnection } from "../connection.ts";
import type { StoreMethod } from "../method.ts";
import type { StoreService } from "../service.ts";
import type { Wanted } from "./member-waiters.ts";

function memberList(connection: StoreConnection, stream: number, message: Uint8Array): void {
  if (decodeMemberListRequest(connection.service.read(message))) {
    connection.readLinearizable(message, stream, MEMBER_LIST);
  } else answerMembers(connection, stream);
}

/** etcd leaves the revision out of these headers: membership is not part of the keyspace. */
export function answerMembers(connection: StoreConnection, stream: number, added?: MemberRecord): void {
  const { grpc, service } = connection;
  const writer = grpc.begin(stream);
  service.header.write(writer, 0);
  if (added === undefined) encodeMembers(writer, service.options.members());
  else {
    encodeMember(writer, 2, added);
    encodeMembers(writer, service.options.members(), 3);
  }
  grpc.endResponse();
  connection.touch();
}

/** @throws StoreError */
function memberAdd(connection: StoreConnection, stream: number, message: Uint8Array): void {
  const { service } = connection;
  const { members } = service.areas.members;
  const { peerURLs, isLearner } = decodeMemberAddRequest(service.read(message));
  if (!arePeerURLs(peerURLs)) return connection.refuse(stream, "badMemberURLs");
  const rules = rulesOf(service);
  if (rules.strict) {
    if (!isLearner) members.mayAddVoter();
    if (connectedVoters(service) < voters(service).length) return connection.refuse(stream, "unhealthy");
  }
  propose(connection, stream, MEMBER_ADD, MemberOpcode.add, { id: newId(service), peerURLs, isLearner, rules });
}

/** @throws StoreError */
function memberRemove(connection: StoreConnection, stream: number, message: Uint8Array): void {
  const { service } = connection;
  const { id } = decodeMemberIdRequest(service.read(message));
  const rules = rulesOf(service);
  if (rules.strict && breaksQuorum(service, id)) return connection.refuse(stream, "unhealthy");
  propose(connection, stream, MEMBER_REMOVE, MemberOpcode.remove, { id, rules });
}

function memberUpdate(connection: StoreConnection, stream: number, message: Uint8Array): void {
  const { service } = connection;
  const { id, peerURLs } = decodeMemberIdRequest(service.read(message));
  if (!arePeerURLs(peerURLs)) return connection.refuse(stream, "badMemberURLs");
  propose(connection, stream, MEMBER_UPDATE, MemberOpcode.update, { id, peerURLs });
}

function memberPromote(connection: StoreConnection, stream: number, message: Uint8Array): void {
  const { service } = connection;
  const { id } = decodeMemberIdRequest(service.read(message));
  const member = service.areas.members.members.get(id);
  if (member?.isLearner === true && !service.group.reach(member.node).isInSync) {
    return connection.refuse(stream, "memberLearnerNotReady");
  }
  propose(connection, stream, MEMBER_PROMOTE, MemberOpcode.promote, { id, rules: rulesOf(service) });
}

function propose(
  connection: StoreConnection,
  stream: number,
  method: StoreMethod,
  opcode: number,
  command: Partial<MemberCommand>,
): void {
  const writer = new ProtobufWriter(64);
  encodeMemberCommand(writer, command);
  connection.propose(opcode, writer.finish(), stream, method);
}

/** The decision is made; the call is answered once it is in force. */
function decided(wanted: Wanted): (connection: StoreConnection, stream: number, result: StoreResult) => void {
  return (connection, stream, result) => {
    if (result.type === "refused") return connection.refuse(stream, result.code);
    const { member } = result as MembersResult;
    if (member !== undefined) connection.service.memberWaiters.add(connection, stream, member, wanted);
  };
}

function rulesOf({ options }: StoreService): { strict: boolean; maxLearners: number } {
  return { ...DEFAULT_MEMBER_RULES, ...options.memberRules };
}

function voters({ areas }: StoreService): MemberRecord[] {
  return areas.members.members.list().filter(({ isLearner }) => !isLearner);
}

function connectedVoters(service: StoreService): number {
  return voters(service).filter(({ node }) => service.group.reach(node).isConnected).length;
}

/** Without this voter, fewer than a majority could be reached. One that cannot be reached anyway may always go. */
function breaksQuorum(service: StoreService, id: bigint): boolean {
  const { members } = service.areas.members;
  const member = members.get(id);
  if (member === undefined || member.isLearner) return false;
  members.mayRemove(id);
  if (!service.group.reach(member.node).isConnected) return false;
  return connectedVoters(service) - 1 < 1 + ((voters(service).length - 1) >> 1);
}

function newId({ options }: StoreService): bigint {
  for (;;) {
    const id = BigInt.asUintN(64, options.random64());
    if (id !== 0n) return id;
  }
}

const MEMBER_LIST: StoreMethod = {
  path: "/etcdserverpb.Cluster/MemberList",
  access: "user",
  handle: memberList,
  readable: (connection, stream) => answerMembers(connection, stream),
};
const MEMBER_ADD: StoreMethod = {
  path: "/etcdserverpb.Cluster/MemberAdd",
  handle: memberAdd,
  applied: decided("added"),
};
const MEMBER_REMOVE: StoreMethod = {
  path: "/etcdserverpb.Cluster/MemberRemove",
  handle: memberRemove,
  applied: decided("gone"),
};
const MEMBER_UPDATE: StoreMethod = {
  path: "/etcdserverpb.Cluster/MemberUpdate",
  handle: memberUpdate,
  applied: decided("present"),
};
const MEMBER_PROMOTE: StoreMethod = {
  path: "/etcdserverpb.Cluster/MemberPromote",
  handle: memberPromote,
  applied: decided("voter"),
};

export const CLUSTER_METHODS: readonly StoreMethod[] = [
  MEMBER_LIST,
  MEMBER_ADD,
  MEMBER_REMOVE,
  MEMBER_UPDATE,
  MEMBER_PROMOTE,
];
