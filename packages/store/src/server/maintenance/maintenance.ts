import { GrpcStatus } from "@synod/wire/grpc/status";
import type { ProtobufReader } from "@synod/wire/protobuf";
import {
  AlarmAction,
  DowngradeAction,
  decodeAlarmRequest,
  decodeDowngradeRequest,
  encodeStatus,
} from "../../api/maintenance.ts";
import { AlarmOpcode } from "../../areas/alarms.ts";
import { VersionOpcode } from "../../areas/version.ts";
import type { Origin } from "../../backup/buckets.ts";
import { type AlarmMember, AlarmType } from "../../model/alarms.ts";
import { parseMinorVersion } from "../../model/cluster-version.ts";
import { answerHeader } from "../answers.ts";
import type { StoreConnection } from "../connection.ts";
import type { StoreMethod } from "../method.ts";
import { VERSION } from "../options.ts";
import type { KvHash } from "./hashes.ts";

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
    errors: errorsOf(connection),
    dbSizeInUse: service.model.sizeInUseInBytes,
    isLearner: service.isLearner,
    storageVersion: service.areas.version.clusterVersion,
    dbSizeQuota: service.quota.quota.bytes,
    downgradeTarget: service.areas.version.downgradeTarget,
  });
  grpc.endResponse();
}

function errorsOf({ service }: StoreConnection): string[] {
  const errors = service.group.status.leader === undefined ? ["etcdserver: no leader"] : [];
  for (const alarm of service.areas.alarms.alarms.list()) errors.push(textOf(alarm));
  return errors;
}

const ALARM_NAMES = new Map<number, string>(Object.entries(AlarmType).map(([name, number]) => [number, name]));

/** As Go prints the message: etcdctl shows it as it comes. */
function textOf({ memberId, alarm }: AlarmMember): string {
  const member = memberId === 0n ? "" : `memberID:${memberId} `;
  return member + (alarm === AlarmType.NONE ? "" : `alarm:${ALARM_NAMES.get(alarm) ?? alarm} `);
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

/** Through the log, as in etcd: a list too is then as fresh as any write. */
function alarm(connection: StoreConnection, stream: number, message: Uint8Array): void {
  const { action } = decodeAlarmRequest(connection.service.read(message));
  if (action < 0 || action > AlarmAction.DEACTIVATE) return refuseUnknown(connection, stream);
  connection.propose(AlarmOpcode.request, message, stream, ALARM);
}

function downgrade(connection: StoreConnection, stream: number, message: Uint8Array): void {
  const { action, version } = decodeDowngradeRequest(connection.service.read(message));
  if (action < 0 || action > DowngradeAction.CANCEL) return refuseUnknown(connection, stream);
  if (action !== DowngradeAction.CANCEL) parseMinorVersion(version);
  connection.propose(VersionOpcode.downgrade, message, stream, DOWNGRADE);
}

function refuseUnknown(connection: StoreConnection, stream: number): void {
  connection.finish(stream, GrpcStatus.UNKNOWN, "etcdserver: unknown method");
}

/** HashKVRequest{revision=1} → {hash=2, compact_revision=3, hash_revision=4} */
function hashKv(connection: StoreConnection, stream: number, message: Uint8Array): void {
  const { service } = connection;
  const revision = Number(BigInt.asIntN(64, firstNumber(service.read(message))));
  const done = (result: KvHash): void => {
    const writer = connection.grpc.begin(stream);
    service.header.write(writer, result.revision);
    writer.varint(2, result.hash);
    writer.varint(3, result.compactedRevision);
    writer.varint(4, result.hashRevision);
    connection.grpc.endResponse();
    connection.touch();
  };
  const admitted = service.hashes.hashKv(revision, done, ({ code }) => connection.refuse(stream, code));
  if (!admitted) connection.refuse(stream, "tooManyRequests");
}

function hash(connection: StoreConnection, stream: number): void {
  const { service } = connection;
  const origin = (): Origin => {
    const { term, appliedIndex: index } = service.group.status;
    return { term, index, members: service.options.members() };
  };
  const admitted = service.hashes.hashAll(origin, (sum, revision) => {
    const writer = connection.grpc.begin(stream);
    service.header.write(writer, revision);
    writer.varint(2, sum);
    connection.grpc.endResponse();
    connection.touch();
  });
  if (!admitted) connection.refuse(stream, "tooManyRequests");
}

function snapshot(connection: StoreConnection, stream: number): void {
  connection.openSnapshot(stream);
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

const ALARM: StoreMethod = { path: "/etcdserverpb.Maintenance/Alarm", access: "user", handle: alarm };
const DOWNGRADE: StoreMethod = { path: "/etcdserverpb.Maintenance/Downgrade", handle: downgrade };

export const MAINTENANCE_METHODS: readonly StoreMethod[] = [
  { path: "/etcdserverpb.Maintenance/Status", access: "open", onLearner: true, handle: status },
  { path: "/etcdserverpb.Maintenance/MoveLeader", handle: moveLeader },
  ALARM,
  DOWNGRADE,
  { path: "/etcdserverpb.Maintenance/Hash", handle: hash },
  { path: "/etcdserverpb.Maintenance/HashKV", handle: hashKv },
  { path: "/etcdserverpb.Maintenance/Snapshot", serverStreaming: true, handle: snapshot },
  { path: "/etcdserverpb.Maintenance/Defragment", handle: defragment },
];
