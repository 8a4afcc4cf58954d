import { EMPTY_BYTES } from "@synod/wire/bytes";
import type { ProtobufReader, ProtobufWriter } from "@synod/wire/protobuf";
import type { Permission } from "../model/auth/types.ts";

/**
 * The requests of etcdserverpb.Auth. One shape for all, because they are all made of a few strings; which field has which
 * number differs, and says so here: `user` of UserGrantRole is 1, as `name` of UserRevokeRole is.
 */
export interface UserAddRequest {
  name: string;
  password: string;
  noPassword: boolean;
  /** bcrypt, as text or in base64; it counts in place of the password. */
  hashedPassword: string;
}

export interface UserChangePasswordRequest {
  name: string;
  password: string;
  hashedPassword: string;
}

export interface AuthenticateRequest {
  name: string;
  password: string;
}

/** UserGrantRole{user=1, role=2} and UserRevokeRole{name=1, role=2}. */
export interface UserRoleRequest {
  user: string;
  role: string;
}

/** RoleGrantPermission{name=1, perm=2}. */
export interface RoleGrantPermissionRequest {
  role: string;
  permission: Permission | undefined;
}

/** RoleRevokePermission{role=1, key=2, range_end=3}. */
export interface RoleRevokePermissionRequest {
  role: string;
  key: Uint8Array;
  rangeEnd: Uint8Array;
}

/** UserGet, UserDelete, RoleAdd (`name`), RoleGet, RoleDelete (`role`): a name, 1. Reads to the end of the message. */
export function decodeName(reader: ProtobufReader): string {
  let name = "";
  while (reader.next()) {
    if (reader.field === 1) name = reader.string();
    else reader.skip();
  }
  return name;
}

/** Reads to the end of the message. */
export function decodeUserAddRequest(reader: ProtobufReader): UserAddRequest {
  const request: UserAddRequest = { name: "", password: "", noPassword: false, hashedPassword: "" };
  while (reader.next()) {
    if (reader.field === 1) request.name = reader.string();
    else if (reader.field === 2) request.password = reader.string();
    else if (reader.field === 3) request.noPassword = decodeNoPassword(reader);
    else if (reader.field === 4) request.hashedPassword = reader.string();
    else reader.skip();
  }
  return request;
}

/** authpb.UserAddOptions{no_password=1} */
function decodeNoPassword(reader: ProtobufReader): boolean {
  let noPassword = false;
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.field === 1) noPassword = reader.bool();
    else reader.skip();
  }
  reader.leave(outer);
  return noPassword;
}

export function encodeUserAddRequest(writer: ProtobufWriter, request: UserAddRequest): void {
  writer.string(1, request.name);
  writer.string(2, request.password);
  if (request.noPassword) {
    const mark = writer.begin(3);
    writer.bool(1, true);
    writer.end(mark);
  }
  writer.string(4, request.hashedPassword);
}

/** Reads to the end of the message. */
export function decodeUserChangePasswordRequest(reader: ProtobufReader): UserChangePasswordRequest {
  const request: UserChangePasswordRequest = { name: "", password: "", hashedPassword: "" };
  while (reader.next()) {
    if (reader.field === 1) request.name = reader.string();
    else if (reader.field === 2) request.password = reader.string();
    else if (reader.field === 3) request.hashedPassword = reader.string();
    else reader.skip();
  }
  return request;
}

export function encodeUserChangePasswordRequest(writer: ProtobufWriter, request: UserChangePasswordRequest): void {
  writer.string(1, request.name);
  writer.string(2, request.password);
  writer.string(3, request.hashedPassword);
}

/** Reads to the end of the message. */
export function decodeAuthenticateRequest(reader: ProtobufReader): AuthenticateRequest {
  const { user, role } = decodeUserRoleRequest(reader);
  return { name: user, password: role };
}

export function encodeAuthenticateRequest(writer: ProtobufWriter, request: AuthenticateRequest): void {
  writer.string(1, request.name);
  writer.string(2, request.password);
}

/** Reads to the end of the message. */
export function decodeUserRoleRequest(reader: ProtobufReader): UserRoleRequest {
  const request: UserRoleRequest = { user: "", role: "" };
  while (reader.next()) {
    if (reader.field === 1) request.user = reader.string();
    else if (reader.field === 2) request.role = reader.string();
    else reader.skip();
  }
  return request;
}

export function encodeUserRoleRequest(writer: ProtobufWriter, request: UserRoleRequest): void {
  writer.string(1, request.user);
  writer.string(2, request.role);
}

/** Reads to the end of the message. */
export function decodeRoleGrantPermissionRequest(reader: ProtobufReader): RoleGrantPermissionRequest {
  const request: RoleGrantPermissionRequest = { role: "", permission: undefined };
  while (reader.next()) {
    if (reader.field === 1) request.role = reader.string();
    else if (reader.field === 2) request.permission = decodePermission(reader);
    else reader.skip();
  }
  return request;
}

export function encodeRoleGrantPermissionRequest(writer: ProtobufWriter, request: RoleGrantPermissionRequest): void {
  writer.string(1, request.role);
  if (request.permission !== undefined) encodePermission(writer, 2, request.permission);
}

/** Reads to the end of the message. Key and range end are views. */
export function decodeRoleRevokePermissionRequest(reader: ProtobufReader): RoleRevokePermissionRequest {
  const request: RoleRevokePermissionRequest = { role: "", key: EMPTY_BYTES, rangeEnd: EMPTY_BYTES };
  while (reader.next()) {
    if (reader.field === 1) request.role = reader.string();
    else if (reader.field === 2) request.key = reader.bytes();
    else if (reader.field === 3) request.rangeEnd = reader.bytes();
    else reader.skip();
  }
  return request;
}

export function encodeRoleRevokePermissionRequest(writer: ProtobufWriter, request: RoleRevokePermissionRequest): void {
  writer.string(1, request.role);
  writer.bytes(2, request.key);
  writer.bytes(3, request.rangeEnd);
}

/** authpb.Permission{permType=1, key=2, range_end=3}; the reader stands on the field that holds it. Its bytes are copies. */
export function decodePermission(reader: ProtobufReader): Permission {
  let type = 0;
  let key = EMPTY_BYTES;
  let rangeEnd = EMPTY_BYTES;
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.field === 1) type = reader.int32();
    else if (reader.field === 2) key = reader.bytes().slice();
    else if (reader.field === 3) rangeEnd = reader.bytes().slice();
    else reader.skip();
  }
  reader.leave(outer);
  return { type, key, rangeEnd };
}

export function encodePermission(writer: ProtobufWriter, field: number, permission: Permission): void {
  const mark = writer.begin(field);
  writer.varint(1, permission.type);
  writer.bytes(2, permission.key);
  writer.bytes(3, permission.rangeEnd);
  writer.end(mark);
}

/** What follows the header of an AuthStatusResponse. */
export function encodeAuthStatus(writer: ProtobufWriter, enabled: boolean, revision: number): void {
  writer.bool(2, enabled);
  writer.varint(3, revision);
}

/** What follows the header of a UserGet, UserList or RoleList response. */
export function encodeNames(writer: ProtobufWriter, names: readonly string[]): void {
  for (const name of names) writer.string(2, name);
}

/** What follows the header of a RoleGet response. */
export function encodePermissions(writer: ProtobufWriter, permissions: readonly Permission[]): void {
  for (const permission of permissions) encodePermission(writer, 2, permission);
}
