import { GrpcStatus } from "@synod/wire/grpc/status";
import type { ProtobufReader } from "@synod/wire/protobuf";
import { encodeStatus } from "../api/maintenance.ts";
import { answerHeader } from "./answers.ts";
import type { StoreConnection } from "./connection.ts";
import type { StoreMethod } from "./method.ts";
import { VERSION } from "./options.ts";

function status(connection: StoreConnection, stream: number): void {
  const { grpc, service } = connection;
  const group = service.group.status;
  const writer = grpc.begin(stream);
  service.header.write(writer, service.model.revision);
  encodeStatus(writer, {
    version: VERSION,
    dbSize: service.model.sizeInBytes,
    leader: group.leader === undefined ? 0n : service.options.memberId(group.leader),
    raftIndex: group.commitIndex,
    raftTerm: group.term,
    raftAppliedIndex: group.appliedIndex,
    errors: group.leader === undefined ? ["etcdserver: no leader"] : [],
    dbSizeInUse: service.model.sizeInUseInBytes,
    isLearner: group.role === "learner",
  });
  grpc.endResponse();
}

/** MoveLeaderRequest{targetID=1}; the answer comes when the target leads. */
function moveLeader(connection: StoreConnection, stream: number, message: Uint8Array): void {
  const { service } = connection;
  const { group } = service;
  const targetId = firstNumber(service.read(message));
  const { configuration, self, leader } = group.status;
  if (leader !== self) return connection.refuse(stream, "notLeader");
  const target = configuration.voters.find((node) => service.options.memberId(node) === targetId);
  if (target === undefined) return connection.refuse(stream, "badLeaderTransferee");
  if (target === self) return answerHeader(connection, stream);
  if (group.transferLeadership(target) === "notLeader") return connection.refuse(stream, "notLeader");
  service.answerWhenLeading(connection, stream, target);
}

/** AlarmRequest{action=1}: there are no alarms to list, and none can be raised or cleared. */
function alarm(connection: StoreConnection, stream: number, message: Uint8Array): void {
  if (firstNumber(connection.service.read(message)) === 0n) answerHeader(connection, stream);
  else connection.finish(stream, GrpcStatus.UNIMPLEMENTED, "alarms can only be listed");
}

/** Freed space is used again as it is: there is nothing to defragment, and nothing to wait for. */
function defragment(connection: StoreConnection, stream: number): void {
  answerHeader(connection, stream);
}

function firstNumber(reader: ProtobufReader): bigint {
  let value = 0n;
  while (reader.next()) {
    if (reader.field === 1) value = reader.uint64Exact();
    else reader.skip();
  }
  return value;
}

export const MAINTENANCE_METHODS: readonly StoreMethod[] = [
  { path: "/etcdserverpb.Maintenance/Status", onLearner: true, handle: status },
  { path: "/etcdserverpb.Maintenance/MoveLeader", handle: moveLeader },
  { path: "/etcdserverpb.Maintenance/Alarm", handle: alarm },
  { path: "/etcdserverpb.Maintenance/Defragment", handle: defragment },
];
