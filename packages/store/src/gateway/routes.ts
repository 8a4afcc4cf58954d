import * as auth from "./schema/auth.ts";
import * as cluster from "./schema/cluster.ts";
import { WatchRequest, WatchResponse } from "./schema/common.ts";
import * as concurrency from "./schema/concurrency.ts";
import * as kv from "./schema/kv.ts";
import * as lease from "./schema/lease.ts";
import * as maintenance from "./schema/maintenance.ts";
import type { MessageSchema } from "./schema/message.ts";

/** One path of the gateway: `POST <prefix><path>` with the request as JSON is a call of the method. */
export interface GatewayRoute {
  /** Behind the prefix. */
  readonly path: string;
  /** `/package.Service/Method` */
  readonly method: string;
  readonly request: MessageSchema;
  readonly response: MessageSchema;
  /** Any number of answers, each a line. */
  readonly streaming: boolean;
  /** Any number of requests. */
  readonly clientStreaming: boolean;
}

/** etcd 3.3 had the second, etcd3gw asks for the third unless told otherwise. */
export const PREFIXES: readonly string[] = ["/v3", "/v3beta", "/v3alpha"];

type Entry = readonly [
  path: string,
  method: string,
  request: MessageSchema,
  response: MessageSchema,
  ("answers" | "both")?,
];

function service(name: string, entries: readonly Entry[]): GatewayRoute[] {
  return entries.map(([path, method, request, response, stream]) => ({
    path,
    method: `/${name}/${method}`,
    request,
    response,
    streaming: stream !== undefined,
    clientStreaming: stream === "both",
  }));
}

/** Every route of the gateway (etcd's `rpc.proto`, `v3lock.proto`, `v3election.proto`: `google.api.http`). */
export const GATEWAY_ROUTES: readonly GatewayRoute[] = [
  ...service("etcdserverpb.KV", [
    ["/kv/range", "Range", kv.RangeRequest, kv.RangeResponse],
    ["/kv/put", "Put", kv.PutRequest, kv.PutResponse],
    ["/kv/deleterange", "DeleteRange", kv.DeleteRangeRequest, kv.DeleteRangeResponse],
    ["/kv/txn", "Txn", kv.TxnRequest, kv.TxnResponse],
    ["/kv/compaction", "Compact", kv.CompactionRequest, kv.CompactionResponse],
  ]),
  ...service("etcdserverpb.Watch", [["/watch", "Watch", WatchRequest, WatchResponse, "both"]]),
  ...service("etcdserverpb.Lease", [
    ["/lease/grant", "LeaseGrant", lease.LeaseGrantRequest, lease.LeaseGrantResponse],
    ["/lease/revoke", "LeaseRevoke", lease.LeaseRevokeRequest, lease.LeaseRevokeResponse],
    ["/kv/lease/revoke", "LeaseRevoke", lease.LeaseRevokeRequest, lease.LeaseRevokeResponse],
    ["/lease/keepalive", "LeaseKeepAlive", lease.LeaseKeepAliveRequest, lease.LeaseKeepAliveResponse, "both"],
    ["/lease/timetolive", "LeaseTimeToLive", lease.LeaseTimeToLiveRequest, lease.LeaseTimeToLiveResponse],
    ["/kv/lease/timetolive", "LeaseTimeToLive", lease.LeaseTimeToLiveRequest, lease.LeaseTimeToLiveResponse],
    ["/lease/leases", "LeaseLeases", lease.LeaseLeasesRequest, lease.LeaseLeasesResponse],
    ["/kv/lease/leases", "LeaseLeases", lease.LeaseLeasesRequest, lease.LeaseLeasesResponse],
  ]),
  ...service("etcdserverpb.Cluster", [
    ["/cluster/member/add", "MemberAdd", cluster.MemberAddRequest, cluster.MemberAddResponse],
    ["/cluster/member/remove", "MemberRemove", cluster.MemberRemoveRequest, cluster.MemberRemoveResponse],
    ["/cluster/member/update", "MemberUpdate", cluster.MemberUpdateRequest, cluster.MemberUpdateResponse],
    ["/cluster/member/list", "MemberList", cluster.MemberListRequest, cluster.MemberListResponse],
    ["/cluster/member/promote", "MemberPromote", cluster.MemberPromoteRequest, cluster.MemberPromoteResponse],
  ]),
  ...service("etcdserverpb.Maintenance", [
    ["/maintenance/alarm", "Alarm", maintenance.AlarmRequest, maintenance.AlarmResponse],
    ["/maintenance/status", "Status", maintenance.StatusRequest, maintenance.StatusResponse],
    ["/maintenance/defragment", "Defragment", maintenance.DefragmentRequest, maintenance.DefragmentResponse],
    ["/maintenance/hash", "Hash", maintenance.HashRequest, maintenance.HashResponse],
    ["/maintenance/hashkv", "HashKV", maintenance.HashKVRequest, maintenance.HashKVResponse],
    ["/maintenance/snapshot", "Snapshot", maintenance.SnapshotRequest, maintenance.SnapshotResponse, "answers"],
    ["/maintenance/transfer-leadership", "MoveLeader", maintenance.MoveLeaderRequest, maintenance.MoveLeaderResponse],
    ["/maintenance/downgrade", "Downgrade", maintenance.DowngradeRequest, maintenance.DowngradeResponse],
  ]),
  ...service("etcdserverpb.Auth", [
    ["/auth/enable", "AuthEnable", auth.AuthEnableRequest, auth.AuthEnableResponse],
    ["/auth/disable", "AuthDisable", auth.AuthDisableRequest, auth.AuthDisableResponse],
    ["/auth/status", "AuthStatus", auth.AuthStatusRequest, auth.AuthStatusResponse],
    ["/auth/authenticate", "Authenticate", auth.AuthenticateRequest, auth.AuthenticateResponse],
    ["/auth/user/add", "UserAdd", auth.UserAddRequest, auth.UserAddResponse],
    ["/auth/user/get", "UserGet", auth.UserGetRequest, auth.UserGetResponse],
    ["/auth/user/list", "UserList", auth.UserListRequest, auth.UserListResponse],
    ["/auth/user/delete", "UserDelete", auth.UserDeleteRequest, auth.UserDeleteResponse],
    ["/auth/user/changepw", "UserChangePassword", auth.UserChangePasswordRequest, auth.UserChangePasswordResponse],
    ["/auth/user/grant", "UserGrantRole", auth.UserGrantRoleRequest, auth.UserGrantRoleResponse],
    ["/auth/user/revoke", "UserRevokeRole", auth.UserRevokeRoleRequest, auth.UserRevokeRoleResponse],
    ["/auth/role/add", "RoleAdd", auth.RoleAddRequest, auth.RoleAddResponse],
    ["/auth/role/get", "RoleGet", auth.RoleGetRequest, auth.RoleGetResponse],
    ["/auth/role/list", "RoleList", auth.RoleListRequest, auth.RoleListResponse],
    ["/auth/role/delete", "RoleDelete", auth.RoleDeleteRequest, auth.RoleDeleteResponse],
    ["/auth/role/grant", "RoleGrantPermission", auth.RoleGrantPermissionRequest, auth.RoleGrantPermissionResponse],
    ["/auth/role/revoke", "RoleRevokePermission", auth.RoleRevokePermissionRequest, auth.RoleRevokePermissionResponse],
  ]),
  ...service("v3lockpb.Lock", [
    ["/lock/lock", "Lock", concurrency.LockRequest, concurrency.LockResponse],
    ["/lock/unlock", "Unlock", concurrency.UnlockRequest, concurrency.UnlockResponse],
  ]),
  ...service("v3electionpb.Election", [
    ["/election/campaign", "Campaign", concurrency.CampaignRequest, concurrency.CampaignResponse],
    ["/election/proclaim", "Proclaim", concurrency.ProclaimRequest, concurrency.ProclaimResponse],
    ["/election/leader", "Leader", concurrency.LeaderRequest, concurrency.LeaderResponse],
    ["/election/observe", "Observe", concurrency.LeaderRequest, concurrency.LeaderResponse, "answers"],
    ["/election/resign", "Resign", concurrency.ResignRequest, concurrency.ResignResponse],
  ]),
];

const BY_PATH: ReadonlyMap<string, GatewayRoute> = new Map(
  PREFIXES.flatMap((prefix) => GATEWAY_ROUTES.map((route): [string, GatewayRoute] => [prefix + route.path, route])),
);

/** @param path with its prefix, without a query. */
export function gatewayRoute(path: string): GatewayRoute | undefined {
  return BY_PATH.get(path);
}

/** Whether the gateway answers for the path, if only that it has no such route. */
export function isGatewayPath(path: string): boolean {
  return PREFIXES.some((prefix) => path.startsWith(`${prefix}/`));
}
