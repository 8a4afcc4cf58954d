import { GrpcStatus } from "@synod/wire/grpc/status";
import { ProtobufWriter } from "@synod/wire/protobuf";
import { utf8Length } from "@synod/wire/utf8";
import {
  decodeName,
  decodeUserAddRequest,
  decodeUserChangePasswordRequest,
  decodeUserRoleRequest,
  encodeNames,
  encodeUserAddRequest,
  encodeUserChangePasswordRequest,
} from "../../api/auth.ts";
import { AuthOpcode } from "../../areas/auth.ts";
import { StoreError } from "../../model/errors.ts";
import type { StoreConnection } from "../connection.ts";
import type { StoreMethod } from "../method.ts";
import { acceptHash } from "./passwords.ts";

/** Bytes. */
const LONGEST_PASSWORD = 72;

/** What is proposed holds the hash and never the password (CVE-2021-28235). */
function userAdd(connection: StoreConnection, stream: number, message: Uint8Array): void {
  const request = decodeUserAddRequest(connection.service.read(message));
  if (request.name === "") throw new StoreError("userEmpty");
  withHash(connection, stream, request.noPassword, request, (hashedPassword) => {
    const writer = new ProtobufWriter(128);
    encodeUserAddRequest(writer, { ...request, password: "", hashedPassword });
    connection.propose(AuthOpcode.userAdd, writer.finish(), stream, USER_ADD);
  });
}

function userChangePassword(connection: StoreConnection, stream: number, message: Uint8Array): void {
  const request = decodeUserChangePasswordRequest(connection.service.read(message));
  withHash(connection, stream, false, request, (hashedPassword) => {
    const writer = new ProtobufWriter(128);
    encodeUserChangePasswordRequest(writer, { ...request, password: "", hashedPassword });
    connection.propose(AuthOpcode.userChangePassword, writer.finish(), stream, USER_CHANGE_PASSWORD);
  });
}

interface Given {
  readonly password: string;
  readonly hashedPassword: string;
}

/** @param next gets the hash: what was given as such, or that of the password. */
function withHash(
  connection: StoreConnection,
  stream: number,
  noPassword: boolean,
  { password, hashedPassword }: Given,
  next: (hash: string) => void,
): void {
  if (noPassword) return next("");
  if (hashedPassword !== "") {
    const hash = acceptHash(hashedPassword);
    if (hash === undefined) throw new StoreError("invalidAuthMgmt");
    return next(hash);
  }
  // bcrypt looks at no more: the rest would be a password that any other rest opens.
  if (utf8Length(password) > LONGEST_PASSWORD)
    return connection.finish(stream, GrpcStatus.INVALID_ARGUMENT, "bcrypt: password length exceeds 72 bytes");
  const resume = connection.suspend(stream);
  const asked = connection.service.auth.passwords.hash(password, (hash) =>
    resume(() => (hash === undefined ? connection.refuse(stream, "tooManyRequests") : next(hash))),
  );
  if (!asked) resume(() => connection.refuse(stream, "tooManyRequests"));
}

function userDelete(connection: StoreConnection, stream: number, message: Uint8Array): void {
  decodeName(connection.service.read(message));
  connection.propose(AuthOpcode.userDelete, message, stream, USER_DELETE);
}

function userGrantRole(connection: StoreConnection, stream: number, message: Uint8Array): void {
  decodeUserRoleRequest(connection.service.read(message));
  connection.propose(AuthOpcode.userGrantRole, message, stream, USER_GRANT_ROLE);
}

function userRevokeRole(connection: StoreConnection, stream: number, message: Uint8Array): void {
  decodeUserRoleRequest(connection.service.read(message));
  connection.propose(AuthOpcode.userRevokeRole, message, stream, USER_REVOKE_ROLE);
}

/** Who is not root may ask for itself. */
function readUser(connection: StoreConnection, stream: number, message: Uint8Array): void {
  const { service } = connection;
  const { auth } = service.areas;
  const name = decodeName(service.read(message));
  if (auth.enabled) {
    const caller = connection.caller(stream);
    if (caller?.user !== name) auth.accesses.requireAdmin(caller);
  }
  answerNames(connection, stream, auth.users.requireUser(name).roles);
}

function readUsers(connection: StoreConnection, stream: number): void {
  answerNames(connection, stream, connection.service.areas.auth.users.userNames());
}

export function answerNames({ grpc, service }: StoreConnection, stream: number, names: readonly string[]): void {
  const writer = grpc.begin(stream);
  service.header.write(writer, service.model.revision);
  encodeNames(writer, names);
  grpc.endResponse();
}

const USER_ADD: StoreMethod = { path: "/etcdserverpb.Auth/UserAdd", handle: userAdd };
const USER_DELETE: StoreMethod = { path: "/etcdserverpb.Auth/UserDelete", handle: userDelete };
const USER_CHANGE_PASSWORD: StoreMethod = {
  path: "/etcdserverpb.Auth/UserChangePassword",
  handle: userChangePassword,
};
const USER_GRANT_ROLE: StoreMethod = { path: "/etcdserverpb.Auth/UserGrantRole", handle: userGrantRole };
const USER_REVOKE_ROLE: StoreMethod = { path: "/etcdserverpb.Auth/UserRevokeRole", handle: userRevokeRole };
const USER_GET: StoreMethod = {
  path: "/etcdserverpb.Auth/UserGet",
  access: "user",
  handle: (connection, stream, message) => connection.readLinearizable(message, stream, USER_GET),
  readable: readUser,
};
const USER_LIST: StoreMethod = {
  path: "/etcdserverpb.Auth/UserList",
  handle: (connection, stream, message) => connection.readLinearizable(message, stream, USER_LIST),
  readable: readUsers,
};

export const USER_METHODS: readonly StoreMethod[] = [
  USER_ADD,
  USER_DELETE,
  USER_CHANGE_PASSWORD,
  USER_GRANT_ROLE,
  USER_REVOKE_ROLE,
  USER_GET,
  USER_LIST,
];
