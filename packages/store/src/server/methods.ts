import { type GrpcMethod, GrpcMethods } from "@synod/wire/grpc/methods";

/** Paths by number; a method's number is its place in this list. */
export const METHOD_LIST: readonly GrpcMethod[] = [
  { path: "/etcdserverpb.KV/Range" },
  { path: "/etcdserverpb.KV/Put" },
  { path: "/etcdserverpb.KV/DeleteRange" },
  { path: "/etcdserverpb.KV/Txn" },
  { path: "/etcdserverpb.KV/Compact" },
  { path: "/etcdserverpb.Watch/Watch", clientStreaming: true },
  { path: "/etcdserverpb.Lease/LeaseGrant" },
  { path: "/etcdserverpb.Lease/LeaseRevoke" },
  { path: "/etcdserverpb.Lease/LeaseKeepAlive", clientStreaming: true },
  { path: "/etcdserverpb.Lease/LeaseTimeToLive" },
  { path: "/etcdserverpb.Lease/LeaseLeases" },
  { path: "/etcdserverpb.Cluster/MemberList" },
  { path: "/etcdserverpb.Maintenance/Status" },
  { path: "/etcdserverpb.Maintenance/MoveLeader" },
  { path: "/etcdserverpb.Maintenance/Alarm" },
  { path: "/etcdserverpb.Auth/AuthStatus" },
  { path: "/etcdserverpb.Auth/Authenticate" },
  { path: "/grpc.health.v1.Health/Check" },
  { path: "/etcdserverpb.Maintenance/Defragment" },
];

export const Method = {
  range: 0,
  put: 1,
  deleteRange: 2,
  txn: 3,
  compact: 4,
  watch: 5,
  leaseGrant: 6,
  leaseRevoke: 7,
  leaseKeepAlive: 8,
  leaseTimeToLive: 9,
  leaseLeases: 10,
  memberList: 11,
  status: 12,
  moveLeader: 13,
  alarm: 14,
  authStatus: 15,
  authenticate: 16,
  healthCheck: 17,
  defragment: 18,
} as const;
export type Method = (typeof Method)[keyof typeof Method];

export const METHODS: GrpcMethods = new GrpcMethods(METHOD_LIST);
