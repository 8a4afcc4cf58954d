import type { ProtobufReader, ProtobufWriter } from "@synod/wire/protobuf";
import type { AlarmMember } from "../model/alarms.ts";

/** What follows the header of a StatusResponse. */
export interface Status {
  version: string;
  /** Bytes. */
  dbSize: number;
  /** The leader's member id, 0n for none. */
  leader: bigint;
  raftIndex: number;
  raftTerm: number;
  raftAppliedIndex: number;
  errors: string[];
  /** Bytes. */
  dbSizeInUse: number;
  isLearner: boolean;
  /** `major.minor.patch` of the format that the data could be downgraded from. */
  storageVersion: string;
  /** Bytes; 0 without a quota. */
  dbSizeQuota: number;
  /** `major.minor.patch`; "": no downgrade is under way. */
  downgradeTarget: string;
}

export function encodeStatus(writer: ProtobufWriter, status: Status): void {
  writer.string(2, status.version);
  writer.varint(3, status.dbSize);
  writer.varint(4, status.leader);
  writer.varint(5, status.raftIndex);
  writer.varint(6, status.raftTerm);
  writer.varint(7, status.raftAppliedIndex);
  for (const error of status.errors) writer.string(8, error);
  writer.varint(9, status.dbSizeInUse);
  writer.bool(10, status.isLearner);
  writer.string(11, status.storageVersion);
  writer.varint(12, status.dbSizeQuota);
  const mark = writer.begin(13);
  writer.bool(1, status.downgradeTarget !== "");
  writer.string(2, status.downgradeTarget);
  writer.end(mark);
}

/** Reads to the end of the message. */
export function decodeStatus(reader: ProtobufReader): Status {
  const status: Status = {
    version: "",
    dbSize: 0,
    leader: 0n,
    raftIndex: 0,
    raftTerm: 0,
    raftAppliedIndex: 0,
    errors: [],
    dbSizeInUse: 0,
    isLearner: false,
    storageVersion: "",
    dbSizeQuota: 0,
    downgradeTarget: "",
  };
  while (reader.next()) {
    if (reader.field === 2) status.version = reader.string();
    else if (reader.field === 3) status.dbSize = reader.int64();
    else if (reader.field === 4) status.leader = reader.uint64Exact();
    else if (reader.field === 5) status.raftIndex = reader.uint64();
    else if (reader.field === 6) status.raftTerm = reader.uint64();
    else if (reader.field === 7) status.raftAppliedIndex = reader.uint64();
    else if (reader.field === 8) status.errors.push(reader.string());
    else if (reader.field === 9) status.dbSizeInUse = reader.int64();
    else if (reader.field === 10) status.isLearner = reader.bool();
    else if (reader.field === 11) status.storageVersion = reader.string();
    else if (reader.field === 12) status.dbSizeQuota = reader.int64();
    else if (reader.field === 13) status.downgradeTarget = decodeDowngradeTarget(reader);
    else reader.skip();
  }
  return status;
}

function decodeDowngradeTarget(reader: ProtobufReader): string {
  let target = "";
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.field === 2) target = reader.string();
    else reader.skip();
  }
  reader.leave(outer);
  return target;
}

export const AlarmAction = { GET: 0, ACTIVATE: 1, DEACTIVATE: 2 } as const;

export interface AlarmRequest {
  /** `AlarmAction` */
  action: number;
  memberId: bigint;
  /** `AlarmType` */
  alarm: number;
}

export function encodeAlarmRequest(writer: ProtobufWriter, { action, memberId, alarm }: AlarmRequest): void {
  writer.varint(1, action);
  writer.varint(2, memberId);
  writer.varint(3, alarm);
}

/** Reads to the end of the message. */
export function decodeAlarmRequest(reader: ProtobufReader): AlarmRequest {
  const request: AlarmRequest = { action: AlarmAction.GET, memberId: 0n, alarm: 0 };
  while (reader.next()) {
    if (reader.field === 1) request.action = reader.int32();
    else if (reader.field === 2) request.memberId = reader.uint64Exact();
    else if (reader.field === 3) request.alarm = reader.int32();
    else reader.skip();
  }
  return request;
}

/** Between members: what one of them had for a hash of its whole state at an index of the log. */
export interface StateClaim {
  node: number;
  index: number;
  /** 32 bits. */
  hash: number;
}

export function encodeStateClaim(writer: ProtobufWriter, { node, index, hash }: StateClaim): void {
  writer.varint(1, node);
  writer.varint(2, index);
  writer.varint(3, hash);
}

/** Reads to the end of the message. */
export function decodeStateClaim(reader: ProtobufReader): StateClaim {
  const claim: StateClaim = { node: 0, index: 0, hash: 0 };
  while (reader.next()) {
    if (reader.field === 1) claim.node = reader.uint32();
    else if (reader.field === 2) claim.index = reader.uint64();
    else if (reader.field === 3) claim.hash = reader.uint32();
    else reader.skip();
  }
  return claim;
}

/** @param automatic known to the store's own snapshots only, as field 3. */
export function encodeAlarm(
  writer: ProtobufWriter,
  field: number,
  { memberId, alarm }: Pick<AlarmMember, "memberId" | "alarm">,
  automatic = false,
): void {
  const mark = writer.begin(field);
  writer.varint(1, memberId);
  writer.varint(2, alarm);
  writer.bool(3, automatic);
  writer.end(mark);
}

/** The reader stands on the field that holds it. */
export function decodeAlarm(reader: ProtobufReader): AlarmMember {
  const outer = reader.enter();
  const member = decodeAlarmMember(reader);
  reader.leave(outer);
  return member;
}

/** Reads to the end of the message. */
export function decodeAlarmMember(reader: ProtobufReader): AlarmMember {
  let memberId = 0n;
  let alarm = 0;
  let automatic = false;
  while (reader.next()) {
    if (reader.field === 1) memberId = reader.uint64Exact();
    else if (reader.field === 2) alarm = reader.int32();
    else if (reader.field === 3) automatic = reader.bool();
    else reader.skip();
  }
  return { memberId, alarm, automatic };
}

export const DowngradeAction = { VALIDATE: 0, ENABLE: 1, CANCEL: 2 } as const;

export interface DowngradeRequest {
  /** `DowngradeAction` */
  action: number;
  version: string;
}

/** Reads to the end of the message. */
export function decodeDowngradeRequest(reader: ProtobufReader): DowngradeRequest {
  const request: DowngradeRequest = { action: DowngradeAction.VALIDATE, version: "" };
  while (reader.next()) {
    if (reader.field === 1) request.action = reader.int32();
    else if (reader.field === 2) request.version = reader.string();
    else reader.skip();
  }
  return request;
}
