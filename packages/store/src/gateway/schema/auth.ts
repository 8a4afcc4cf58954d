import { headerOnly, ResponseHeader } from "./common.ts";
import { type EnumSchema, type FieldEntry, type MessageSchema, many, message, one } from "./message.ts";

/** A request of strings alone, numbered in the order given. */
function strings(name: string, ...names: readonly string[]): MessageSchema {
  return message(name, () =>
    Object.fromEntries(names.map((field, i): [string, FieldEntry] => [field, one(i + 1, "string")])),
  );
}

export const AuthEnableRequest: MessageSchema = message("etcdserverpb.AuthEnableRequest", () => ({}));
export const AuthEnableResponse: MessageSchema = headerOnly("etcdserverpb.AuthEnableResponse");
export const AuthDisableRequest: MessageSchema = message("etcdserverpb.AuthDisableRequest", () => ({}));
export const AuthDisableResponse: MessageSchema = headerOnly("etcdserverpb.AuthDisableResponse");
export const AuthStatusRequest: MessageSchema = message("etcdserverpb.AuthStatusRequest", () => ({}));

export const AuthStatusResponse: MessageSchema = message("etcdserverpb.AuthStatusResponse", () => ({
  header: one(1, ResponseHeader),
  enabled: one(2, "bool"),
  authRevision: one(3, "uint64"),
}));

export const AuthenticateRequest: MessageSchema = strings("etcdserverpb.AuthenticateRequest", "name", "password");

export const AuthenticateResponse: MessageSchema = message("etcdserverpb.AuthenticateResponse", () => ({
  header: one(1, ResponseHeader),
  token: one(2, "string"),
}));

const UserAddOptions = message("authpb.UserAddOptions", () => ({ no_password: one(1, "bool") }));

export const UserAddRequest: MessageSchema = message("etcdserverpb.AuthUserAddRequest", () => ({
  name: one(1, "string"),
  password: one(2, "string"),
  options: one(3, UserAddOptions),
  hashedPassword: one(4, "string"),
}));

export const UserAddResponse: MessageSchema = headerOnly("etcdserverpb.AuthUserAddResponse");
export const UserGetRequest: MessageSchema = strings("etcdserverpb.AuthUserGetRequest", "name");

export const UserGetResponse: MessageSchema = message("etcdserverpb.AuthUserGetResponse", () => ({
  header: one(1, ResponseHeader),
  roles: many(2, "string"),
}));

export const UserListRequest: MessageSchema = message("etcdserverpb.AuthUserListRequest", () => ({}));

export const UserListResponse: MessageSchema = message("etcdserverpb.AuthUserListResponse", () => ({
  header: one(1, ResponseHeader),
  users: many(2, "string"),
}));

export const UserDeleteRequest: MessageSchema = strings("etcdserverpb.AuthUserDeleteRequest", "name");
export const UserDeleteResponse: MessageSchema = headerOnly("etcdserverpb.AuthUserDeleteResponse");

export const UserChangePasswordRequest: MessageSchema = strings(
  "etcdserverpb.AuthUserChangePasswordRequest",
  "name",
  "password",
  "hashedPassword",
);

export const UserChangePasswordResponse: MessageSchema = headerOnly("etcdserverpb.AuthUserChangePasswordResponse");
export const UserGrantRoleRequest: MessageSchema = strings("etcdserverpb.AuthUserGrantRoleRequest", "user", "role");
export const UserGrantRoleResponse: MessageSchema = headerOnly("etcdserverpb.AuthUserGrantRoleResponse");
export const UserRevokeRoleRequest: MessageSchema = strings("etcdserverpb.AuthUserRevokeRoleRequest", "name", "role");
export const UserRevokeRoleResponse: MessageSchema = headerOnly("etcdserverpb.AuthUserRevokeRoleResponse");

const PermissionType: EnumSchema = { name: "authpb.Permission.Type", values: ["READ", "WRITE", "READWRITE"] };

const Permission = message("authpb.Permission", () => ({
  permType: one(1, PermissionType),
  key: one(2, "bytes"),
  range_end: one(3, "bytes"),
}));

export const RoleAddRequest: MessageSchema = strings("etcdserverpb.AuthRoleAddRequest", "name");
export const RoleAddResponse: MessageSchema = headerOnly("etcdserverpb.AuthRoleAddResponse");
export const RoleGetRequest: MessageSchema = strings("etcdserverpb.AuthRoleGetRequest", "role");

export const RoleGetResponse: MessageSchema = message("etcdserverpb.AuthRoleGetResponse", () => ({
  header: one(1, ResponseHeader),
  perm: many(2, Permission),
}));

export const RoleListRequest: MessageSchema = message("etcdserverpb.AuthRoleListRequest", () => ({}));

export const RoleListResponse: MessageSchema = message("etcdserverpb.AuthRoleListResponse", () => ({
  header: one(1, ResponseHeader),
  roles: many(2, "string"),
}));

export const RoleDeleteRequest: MessageSchema = strings("etcdserverpb.AuthRoleDeleteRequest", "role");
export const RoleDeleteResponse: MessageSchema = headerOnly("etcdserverpb.AuthRoleDeleteResponse");

export const RoleGrantPermissionRequest: MessageSchema = message("etcdserverpb.AuthRoleGrantPermissionRequest", () => ({
  name: one(1, "string"),
  perm: one(2, Permission),
}));

export const RoleGrantPermissionResponse: MessageSchema = headerOnly("etcdserverpb.AuthRoleGrantPermissionResponse");

export const RoleRevokePermissionRequest: MessageSchema = message(
  "etcdserverpb.AuthRoleRevokePermissionRequest",
  () => ({ role: one(1, "string"), key: one(2, "bytes"), range_end: one(3, "bytes") }),
);

export const RoleRevokePermissionResponse: MessageSchema = headerOnly("etcdserverpb.AuthRoleRevokePermissionResponse");
