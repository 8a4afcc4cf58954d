import {
  decodeName,
  decodeRoleGrantPermissionRequest,
  decodeRoleRevokePermissionRequest,
  encodePermissions,
} from "../../api/auth.ts";
import { AuthOpcode } from "../../areas/auth.ts";
import { StoreError } from "../../model/errors.ts";
import type { StoreConnection } from "../connection.ts";
import type { StoreMethod } from "../method.ts";
import { answerNames } from "./users.ts";

function roleAdd(connection: StoreConnection, stream: number, message: Uint8Array): void {
  if (decodeName(connection.service.read(message)) === "") throw new StoreError("roleEmpty");
  connection.propose(AuthOpcode.roleAdd, message, stream, ROLE_ADD);
}

function roleDelete(connection: StoreConnection, stream: number, message: Uint8Array): void {
  decodeName(connection.service.read(message));
  connection.propose(AuthOpcode.roleDelete, message, stream, ROLE_DELETE);
}

function roleGrantPermission(connection: StoreConnection, stream: number, message: Uint8Array): void {
  const { permission } = decodeRoleGrantPermissionRequest(connection.service.read(message));
  if (permission === undefined) throw new StoreError("permissionNotGiven");
  connection.propose(AuthOpcode.roleGrantPermission, message, stream, ROLE_GRANT_PERMISSION);
}

function roleRevokePermission(connection: StoreConnection, stream: number, message: Uint8Array): void {
  decodeRoleRevokePermissionRequest(connection.service.read(message));
  connection.propose(AuthOpcode.roleRevokePermission, message, stream, ROLE_REVOKE_PERMISSION);
}

/** Who is not root may ask for the roles that it has. */
function readRole(connection: StoreConnection, stream: number, message: Uint8Array): void {
  const { grpc, service } = connection;
  const { auth } = service.areas;
  const name = decodeName(service.read(message));
  if (auth.enabled) {
    const caller = connection.caller(stream);
    const has = caller !== undefined && auth.users.user(caller.user)?.roles.includes(name) === true;
    if (!has) auth.accesses.requireAdmin(caller);
  }
  const { permissions } = auth.users.requireRole(name);
  const writer = grpc.begin(stream);
  service.header.write(writer, service.model.revision);
  encodePermissions(writer, permissions);
  grpc.endResponse();
}

function readRoles(connection: StoreConnection, stream: number): void {
  answerNames(connection, stream, connection.service.areas.auth.users.roleNames());
}

const ROLE_ADD: StoreMethod = { path: "/etcdserverpb.Auth/RoleAdd", handle: roleAdd };
const ROLE_DELETE: StoreMethod = { path: "/etcdserverpb.Auth/RoleDelete", handle: roleDelete };
const ROLE_GRANT_PERMISSION: StoreMethod = {
  path: "/etcdserverpb.Auth/RoleGrantPermission",
  handle: roleGrantPermission,
};
const ROLE_REVOKE_PERMISSION: StoreMethod = {
  path: "/etcdserverpb.Auth/RoleRevokePermission",
  handle: roleRevokePermission,
};
const ROLE_GET: StoreMethod = {
  path: "/etcdserverpb.Auth/RoleGet",
  access: "user",
  handle: (connection, stream, message) => connection.readLinearizable(message, stream, ROLE_GET),
  readable: readRole,
};
const ROLE_LIST: StoreMethod = {
  path: "/etcdserverpb.Auth/RoleList",
  handle: (connection, stream, message) => connection.readLinearizable(message, stream, ROLE_LIST),
  readable: readRoles,
};

export const ROLE_METHODS: readonly StoreMethod[] = [
  ROLE_ADD,
  ROLE_DELETE,
  ROLE_GRANT_PERMISSION,
  ROLE_REVOKE_PERMISSION,
  ROLE_GET,
  ROLE_LIST,
];
