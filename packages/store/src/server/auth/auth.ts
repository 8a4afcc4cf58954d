import { GrpcStatus } from "@synod/wire/grpc/status";
import { ProtobufWriter } from "@synod/wire/protobuf";
import { decodeAuthenticateRequest, encodeAuthStatus } from "../../api/auth.ts";
import { AuthOpcode, encodeAssignToken } from "../../areas/auth.ts";
import type { User } from "../../model/auth/types.ts";
import type { StoreConnection } from "../connection.ts";
import type { StoreMethod } from "../method.ts";
import { ROLE_METHODS } from "./roles.ts";
import { USER_METHODS } from "./users.ts";

function authStatus(connection: StoreConnection, stream: number): void {
  const { grpc, service } = connection;
  const { users } = service.areas.auth;
  const writer = grpc.begin(stream);
  service.header.write(writer, service.model.revision);
  encodeAuthStatus(writer, users.enabled, users.revision);
  grpc.endResponse();
}

function authEnable(connection: StoreConnection, stream: number, message: Uint8Array): void {
  connection.propose(AuthOpcode.enable, message, stream, AUTH_ENABLE);
}

function authDisable(connection: StoreConnection, stream: number, message: Uint8Array): void {
  connection.propose(AuthOpcode.disable, message, stream, AUTH_DISABLE);
}

function authenticate(connection: StoreConnection, stream: number, message: Uint8Array): void {
  connection.readLinearizable(message, stream, AUTHENTICATE);
}

/**
 * The password is checked here and goes nowhere else: what is proposed says that it was right. Whether there is no such
 * user, none with a password, or a wrong one, the answer and the time it takes are the same.
 */
function checkPassword(connection: StoreConnection, stream: number, message: Uint8Array): void {
  const { service } = connection;
  if (!service.auth.enabled) return connection.refuse(stream, "authNotEnabled");
  const { name, password } = decodeAuthenticateRequest(service.read(message));
  const user = service.areas.auth.users.user(name);
  const hash = user === undefined || user.noPassword ? "" : user.passwordHash;
  const resume = connection.suspend(stream);
  const asked = service.auth.passwords.verify(password, hash, (matches) =>
    resume(() => {
      if (matches === undefined) connection.refuse(stream, "tooManyRequests");
      else if (!matches || user === undefined) connection.refuse(stream, "authFailed");
      else giveToken(connection, stream, user);
    }),
  );
  if (!asked) resume(() => connection.refuse(stream, "tooManyRequests"));
}

function giveToken(connection: StoreConnection, stream: number, user: User): void {
  const { service } = connection;
  const { auth } = service;
  if (auth.jwt !== undefined) return signToken(connection, stream, user);
  const writer = new ProtobufWriter(64);
  const { name, credentialRevision } = user;
  encodeAssignToken(writer, { user: name, prefix: auth.newToken(), credentialRevision });
  connection.proposeOwn(AuthOpcode.assignToken, writer.finish(), stream, AUTHENTICATE);
}

function signToken(connection: StoreConnection, stream: number, user: User): void {
  const { service } = connection;
  const { users } = service.areas.auth;
  // Only for whom the password was checked, and not for another who has come by the name meanwhile.
  if (users.user(user.name)?.credentialRevision !== user.credentialRevision)
    return connection.refuse(stream, "authFailed");
  const resume = connection.suspend(stream);
  void service.auth.jwt?.sign(user.name, users.revision).then((token) =>
    resume(() => {
      if (token === undefined)
        return connection.finish(stream, GrpcStatus.UNKNOWN, "auth: token signing attempted with verify-only key");
      const writer = connection.grpc.begin(stream);
      service.header.write(writer, service.model.revision);
      writer.string(2, token);
      connection.grpc.endResponse();
    }),
  );
}

const AUTH_ENABLE: StoreMethod = { path: "/etcdserverpb.Auth/AuthEnable", handle: authEnable };
const AUTH_DISABLE: StoreMethod = { path: "/etcdserverpb.Auth/AuthDisable", handle: authDisable };
const AUTHENTICATE: StoreMethod = {
  path: "/etcdserverpb.Auth/Authenticate",
  access: "open",
  handle: authenticate,
  readable: checkPassword,
};

export const AUTH_METHODS: readonly StoreMethod[] = [
  AUTH_ENABLE,
  AUTH_DISABLE,
  { path: "/etcdserverpb.Auth/AuthStatus", access: "open", handle: authStatus },
  AUTHENTICATE,
  ...USER_METHODS,
  ...ROLE_METHODS,
];
