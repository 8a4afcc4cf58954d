import type { KeyRange } from "../types.ts";

/** authpb.Permission.Type */
export const PermissionType = { READ: 0, WRITE: 1, READWRITE: 2 } as const;

/** authpb.Permission: what may be done with `[key, rangeEnd)`; the range is as in every other request. */
export interface Permission extends KeyRange {
  readonly type: number;
  readonly key: Uint8Array;
  /** Empty: the single key. "\0": every key from `key` on. */
  readonly rangeEnd: Uint8Array;
}

export interface Role {
  readonly name: string;
  /** By key; those of one key in the order in which they were granted. */
  readonly permissions: readonly Permission[];
}

export interface User {
  readonly name: string;
  /** bcrypt, as text; "" for one who has none. */
  readonly passwordHash: string;
  /** May not sign in by a password at all: a certificate says who it is. */
  readonly noPassword: boolean;
  /** In order. */
  readonly roles: readonly string[];
  /** The auth revision in which the user was made or last given a password: what was proven before it counts no more. */
  readonly credentialRevision: number;
}

/** The user that must exist, and the role it must hold, before authentication can be switched on. The role may everything. */
export const ROOT = "root";
