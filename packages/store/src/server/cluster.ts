import { decodeMemberListRequest, encodeMembers } from "../api/cluster.ts";
import type { StoreConnection } from "./connection.ts";
import type { StoreMethod } from "./method.ts";

function memberList(connection: StoreConnection, stream: number, message: Uint8Array): void {
  if (decodeMemberListRequest(connection.service.read(message))) {
    connection.readLinearizable(message, stream, MEMBER_LIST);
  } else answerMembers(connection, stream);
}

/** etcd leaves the revision out of this header: membership is not part of the keyspace. */
function answerMembers(connection: StoreConnection, stream: number): void {
  const { grpc, service } = connection;
  const writer = grpc.begin(stream);
  service.header.write(writer, 0);
  encodeMembers(writer, service.options.members());
  grpc.endResponse();
}

const MEMBER_LIST: StoreMethod = {
  path: "/etcdserverpb.Cluster/MemberList",
  handle: memberList,
  readable: answerMembers,
};

export const CLUSTER_METHODS: readonly StoreMethod[] = [MEMBER_LIST];
