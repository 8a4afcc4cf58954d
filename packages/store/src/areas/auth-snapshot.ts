import type { ProtobufReader } from "@synod/wire/protobuf";
import type { ProtobufWriter } from "@synod/wire/protobuf-writer";
import { decodePermission, encodePermission } from "../api/auth.ts";
import type { Permission, Role, User } from "../model/auth/types.ts";
import type { Users } from "../model/auth/users.ts";

/**
 *     1 = enabled, 2 = revision - 1
 *     3 = user { 1 = name, 2 = password's hash, 3 = no password, 4 = role …, 5 = credential revision }, by name
 *     4 = role { 1 = name, 2 = permission … }, by name
 */
export function encodeUsers(writer: ProtobufWriter, users: Users): void {
  writer.bool(1, users.enabled);
  writer.varint(2, users.revision - 1);
  for (const name of users.userNames()) {
    const user = users.requireUser(name);
    const mark = writer.begin(3);
    writer.string(1, user.name);
    writer.string(2, user.passwordHash);
    writer.bool(3, user.noPassword);
    for (const role of user.roles) writer.string(4, role);
    writer.varint(5, user.credentialRevision);
    writer.end(mark);
  }
  for (const name of users.roleNames()) {
    const mark = writer.begin(4);
    writer.string(1, name);
    for (const permission of users.requireRole(name).permissions) encodePermission(writer, 2, permission);
    writer.end(mark);
  }
}

/** @returns replaces the users by what was read. */
export function decodeUsers(reader: ProtobufReader, into: Users): () => void {
  let enabled = false;
  let revision = 1;
  const users: User[] = [];
  const roles: Role[] = [];
  while (reader.next()) {
    if (reader.field === 1) enabled = reader.bool();
    else if (reader.field === 2) revision = reader.uint64() + 1;
    else if (reader.field === 3) users.push(decodeUser(reader));
    else if (reader.field === 4) roles.push(decodeRole(reader));
    else reader.skip();
  }
  return () => into.restore(enabled, revision, users, roles);
}

function decodeUser(reader: ProtobufReader): User {
  const user = { name: "", passwordHash: "", noPassword: false, roles: [] as string[], credentialRevision: 0 };
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.field === 1) user.name = reader.string();
    else if (reader.field === 2) user.passwordHash = reader.string();
    else if (reader.field === 3) user.noPassword = reader.bool();
    else if (reader.field === 4) user.roles.push(reader.string());
    else if (reader.field === 5) user.credentialRevision = reader.uint64();
    else reader.skip();
  }
  reader.leave(outer);
  return user;
}

function decodeRole(reader: ProtobufReader): Role {
  let name = "";
  const permissions: Permission[] = [];
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.field === 1) name = reader.string();
    else if (reader.field === 2) permissions.push(decodePermission(reader));
    else reader.skip();
  }
  reader.leave(outer);
  return { name, permissions };
}
