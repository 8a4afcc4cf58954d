import { headerOnly, ResponseHeader } from "./common.ts";
import { type EnumSchema, type MessageSchema, many, message, one } from "./message.ts";

const AlarmType: EnumSchema = { name: "etcdserverpb.AlarmType", values: ["NONE", "NOSPACE", "CORRUPT"] };
const AlarmAction: EnumSchema = {
  name: "etcdserverpb.AlarmRequest.AlarmAction",
  values: ["GET", "ACTIVATE", "DEACTIVATE"],
};
const DowngradeAction: EnumSchema = {
  name: "etcdserverpb.DowngradeRequest.DowngradeAction",
  values: ["VALIDATE", "ENABLE", "CANCEL"],
};

export const AlarmRequest: MessageSchema = message("etcdserverpb.AlarmRequest", () => ({
  action: one(1, AlarmAction),
  memberID: one(2, "uint64"),
  alarm: one(3, AlarmType),
}));

const AlarmMember = message("etcdserverpb.AlarmMember", () => ({
  memberID: one(1, "uint64"),
  alarm: one(2, AlarmType),
}));

export const AlarmResponse: MessageSchema = message("etcdserverpb.AlarmResponse", () => ({
  header: one(1, ResponseHeader),
  alarms: many(2, AlarmMember),
}));

export const StatusRequest: MessageSchema = message("etcdserverpb.StatusRequest", () => ({}));

const DowngradeInfo = message("etcdserverpb.DowngradeInfo", () => ({
  enabled: one(1, "bool"),
  targetVersion: one(2, "string"),
}));

export const StatusResponse: MessageSchema = message("etcdserverpb.StatusResponse", () => ({
  header: one(1, ResponseHeader),
  version: one(2, "string"),
  dbSize: one(3, "int64"),
  leader: one(4, "uint64"),
  raftIndex: one(5, "uint64"),
  raftTerm: one(6, "uint64"),
  raftAppliedIndex: one(7, "uint64"),
  errors: many(8, "string"),
  dbSizeInUse: one(9, "int64"),
  isLearner: one(10, "bool"),
  storageVersion: one(11, "string"),
  dbSizeQuota: one(12, "int64"),
  downgradeInfo: one(13, DowngradeInfo),
}));

export const DefragmentRequest: MessageSchema = message("etcdserverpb.DefragmentRequest", () => ({}));
export const DefragmentResponse: MessageSchema = headerOnly("etcdserverpb.DefragmentResponse");

export const HashRequest: MessageSchema = message("etcdserverpb.HashRequest", () => ({}));

export const HashResponse: MessageSchema = message("etcdserverpb.HashResponse", () => ({
  header: one(1, ResponseHeader),
  hash: one(2, "uint32"),
}));

export const HashKVRequest: MessageSchema = message("etcdserverpb.HashKVRequest", () => ({
  revision: one(1, "int64"),
}));

export const HashKVResponse: MessageSchema = message("etcdserverpb.HashKVResponse", () => ({
  header: one(1, ResponseHeader),
  hash: one(2, "uint32"),
  compact_revision: one(3, "int64"),
  hash_revision: one(4, "int64"),
}));

export const SnapshotRequest: MessageSchema = message("etcdserverpb.SnapshotRequest", () => ({}));

export const SnapshotResponse: MessageSchema = message("etcdserverpb.SnapshotResponse", () => ({
  header: one(1, ResponseHeader),
  remaining_bytes: one(2, "uint64"),
  blob: one(3, "bytes"),
  version: one(4, "string"),
}));

export const MoveLeaderRequest: MessageSchema = message("etcdserverpb.MoveLeaderRequest", () => ({
  targetID: one(1, "uint64"),
}));

export const MoveLeaderResponse: MessageSchema = headerOnly("etcdserverpb.MoveLeaderResponse");

export const DowngradeRequest: MessageSchema = message("etcdserverpb.DowngradeRequest", () => ({
  action: one(1, DowngradeAction),
  version: one(2, "string"),
}));

export const DowngradeResponse: MessageSchema = message("etcdserverpb.DowngradeResponse", () => ({
  header: one(1, ResponseHeader),
  version: one(2, "string"),
}));
