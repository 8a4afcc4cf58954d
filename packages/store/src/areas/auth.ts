import type { ProtobufReader } from "@synod/wire/protobuf";
import type { ProtobufWriter } from "@synod/wire/protobuf-writer";
import {
  decodeName,
  decodeRoleGrantPermissionRequest,
  decodeRoleRevokePermissionRequest,
  decodeUserAddRequest,
  decodeUserChangePasswordRequest,
  decodeUserRoleRequest,
} from "../api/auth.ts";
import type { Area, AreaResult, Entry } from "../area.ts";
import type { CommandNeeds, Guard } from "../envelope.ts";
import type { Access } from "../model/auth/access.ts";
import { Accesses, type Caller } from "../model/auth/accesses.ts";
import { Users } from "../model/auth/users.ts";
import { StoreError } from "../model/errors.ts";
import type { ClusterTime } from "../model/types.ts";
import { decodeUsers, encodeUsers } from "./auth-snapshot.ts";

export const AUTH_AREA = 2;

/** Each is followed by the message of its request, in which a password stands as its hash only; 0x20 is an envelope. */
export const AuthOpcode = {
  enable: 0x22,
  disable: 0x23,
  userAdd: 0x24,
  userDelete: 0x25,
  userChangePassword: 0x26,
  userGrantRole: 0x27,
  userRevokeRole: 0x28,
  roleAdd: 0x29,
  roleDelete: 0x2a,
  roleGrantPermission: 0x2b,
  roleRevokePermission: 0x2c,
  /** A server has checked a password. `encodeAssignToken` */
  assignToken: 0x2d,
} as const;

/** A token that has been given to a user whose password was right. */
export interface AssignToken {
  user: string;
  /** What the token begins with, chosen by the server; it ends in "." and the index of the entry. */
  prefix: string;
  /** That of the user when the password was checked: a new password, or a new user of the name, undoes the check. */
  credentialRevision: number;
}

/** What a node that keeps tokens wants to know of what is applied. Nothing here is part of the replicated state. */
export interface AuthObserver {
  /** @param time of the entry. */
  assigned(user: string, token: string, time: ClusterTime): void;
  /** Its tokens count no more: the user is gone, or has another password. */
  invalidated(user: string): void;
  /** No token counts any more. */
  reset(): void;
}

const NOBODY: AuthObserver = { assigned: () => {}, invalidated: () => {}, reset: () => {} };

/** Users, roles and whether they count, replicated; and who may have which command applied. */
export class AuthArea implements Area, Guard {
  readonly id: number = AUTH_AREA;
  readonly users: Users = new Users();
  readonly accesses: Accesses = new Accesses(this.users);
  observer: AuthObserver = NOBODY;
  /** Changes with everything that may change who may do what; differs between replicas. */
  changes = 0;

  get enabled(): boolean {
    return this.users.enabled;
  }

  needs(opcode: number): CommandNeeds {
    return opcode === AuthOpcode.assignToken ? "server" : "admin";
  }

  admit(caller: Caller, needs: "user" | "admin"): void {
    if (needs === "admin") this.accesses.requireAdmin(caller);
    else this.accesses.requireUser(caller);
  }

  access(caller: Caller): Access | undefined {
    return this.accesses.of(caller);
  }

  apply(opcode: number, reader: ProtobufReader, entry: Entry): AreaResult {
    const { revision } = entry.store;
    if (opcode === AuthOpcode.assignToken) return this.#assignToken(decodeAssignToken(reader), entry);
    this.#perform(opcode, reader);
    this.changes += 1;
    return { type: "area", revision };
  }

  hash(): number {
    return this.users.hash();
  }

  encode(writer: ProtobufWriter): void {
    encodeUsers(writer, this.users);
  }

  decode(reader: ProtobufReader): () => void {
    const adopt = decodeUsers(reader, this.users);
    return () => {
      adopt();
      this.accesses.forget();
      this.changes += 1;
      this.observer.reset();
    };
  }

  #perform(opcode: number, reader: ProtobufReader): void {
    const { users } = this;
    switch (opcode) {
      case AuthOpcode.enable:
        users.enable();
        return;
      case AuthOpcode.disable:
        if (users.disable()) this.observer.reset();
        return;
      case AuthOpcode.userAdd: {
        const { name, noPassword, hashedPassword } = decodeUserAddRequest(reader);
        return users.addUser(name, hashedPassword, noPassword);
      }
      case AuthOpcode.userDelete: {
        const name = decodeName(reader);
        users.deleteUser(name);
        return this.observer.invalidated(name);
      }
      case AuthOpcode.userChangePassword: {
        const { name, hashedPassword } = decodeUserChangePasswordRequest(reader);
        users.changePassword(name, hashedPassword);
        return this.observer.invalidated(name);
      }
      case AuthOpcode.userGrantRole: {
        const { user, role } = decodeUserRoleRequest(reader);
        return users.grantRole(user, role);
      }
      case AuthOpcode.userRevokeRole: {
        const { user, role } = decodeUserRoleRequest(reader);
        return users.revokeRole(user, role);
      }
      default:
        return this.#performOnRole(opcode, reader);
    }
  }

  #performOnRole(opcode: number, reader: ProtobufReader): void {
    const { users } = this;
    switch (opcode) {
      case AuthOpcode.roleAdd:
        return users.addRole(decodeName(reader));
      case AuthOpcode.roleDelete:
        return users.deleteRole(decodeName(reader));
      case AuthOpcode.roleGrantPermission: {
        const { role, permission } = decodeRoleGrantPermissionRequest(reader);
        if (permission === undefined) throw new StoreError("permissionNotGiven");
        return users.grantPermission(role, permission);
      }
      case AuthOpcode.roleRevokePermission: {
        const request = decodeRoleRevokePermissionRequest(reader);
        return users.revokePermission(request.role, request);
      }
      default:
        throw new Error(
          `the log holds a command of kind ${opcode}, which this version does not know: upgrade this node`,
        );
    }
  }

  #assignToken({ user, prefix, credentialRevision }: AssignToken, { index, time, store }: Entry): AreaResult {
    if (!this.enabled) throw new StoreError("authNotEnabled");
    if (this.users.user(user)?.credentialRevision !== credentialRevision) throw new StoreError("authFailed");
    const token = `${prefix}.${index}`;
    this.observer.assigned(user, token, time);
    return { type: "area", revision: store.revision, write: (writer) => writer.string(2, token) };
  }
}

export function encodeAssignToken(writer: ProtobufWriter, { user, prefix, credentialRevision }: AssignToken): void {
  writer.string(1, user);
  writer.string(2, prefix);
  writer.varint(3, credentialRevision);
}

function decodeAssignToken(reader: ProtobufReader): AssignToken {
  const request: AssignToken = { user: "", prefix: "", credentialRevision: 0 };
  while (reader.next()) {
    if (reader.field === 1) request.user = reader.string();
    else if (reader.field === 2) request.prefix = reader.string();
    else if (reader.field === 3) request.credentialRevision = reader.uint64();
    else reader.skip();
  }
  return request;
}
