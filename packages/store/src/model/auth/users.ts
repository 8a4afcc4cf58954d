import { compareBytes, finishHash, hashBytes, hashInteger, hashWord } from "../bytes.ts";
import { StoreError } from "../errors.ts";
import { isSingleKey, upperEnd } from "../scan.ts";
import { type Permission, PermissionType, ROOT, type Role, type User } from "./types.ts";

/**
 * etcd's auth store as a deterministic machine: users, roles, and whether they count. Every change of it makes a new
 * `revision`. A refused call throws StoreError and changes nothing; the refusals and their order are etcd's.
 */
export class Users {
  #enabled = false;
  #revision = 1;
  #users = new Map<string, User>();
  #roles = new Map<string, Role>();
  #hash: number | undefined;

  get enabled(): boolean {
    return this.#enabled;
  }

  /** etcd's authRevision: 1 in the beginning. */
  get revision(): number {
    return this.#revision;
  }

  /** @returns false if nothing changes. @throws StoreError `rootUserNotExist`, `rootRoleNotExist` */
  enable(): boolean {
    if (this.#enabled) return false;
    const root = this.#users.get(ROOT);
    if (root === undefined) throw new StoreError("rootUserNotExist");
    if (!root.roles.includes(ROOT)) throw new StoreError("rootRoleNotExist");
    this.#enabled = true;
    this.#hash = undefined;
    return true;
  }

  /** @returns false if nothing changes. */
  disable(): boolean {
    if (!this.#enabled) return false;
    this.#enabled = false;
    this.#changed();
    return true;
  }

  user(name: string): User | undefined {
    return this.#users.get(name);
  }

  /** @throws StoreError `userNotFound` */
  requireUser(name: string): User {
    const user = this.#users.get(name);
    if (user === undefined) throw new StoreError("userNotFound");
    return user;
  }

  /** @throws StoreError `roleNotFound` */
  requireRole(name: string): Role {
    const role = this.#roles.get(name);
    if (role === undefined) throw new StoreError("roleNotFound");
    return role;
  }

  role(name: string): Role | undefined {
    return this.#roles.get(name);
  }

  /** In order. */
  userNames(): string[] {
    return [...this.#users.keys()].sort();
  }

  /** In order. */
  roleNames(): string[] {
    return [...this.#roles.keys()].sort();
  }

  /** @throws StoreError `userEmpty`, `userAlreadyExist` */
  addUser(name: string, passwordHash: string, noPassword: boolean): void {
    if (name === "") throw new StoreError("userEmpty");
    if (this.#users.has(name)) throw new StoreError("userAlreadyExist");
    this.#changed();
    this.#users.set(name, { name, passwordHash, noPassword, roles: [], credentialRevision: this.#revision });
  }

  /** @throws StoreError `invalidAuthMgmt`, `userNotFound` */
  deleteUser(name: string): void {
    if (this.#enabled && name === ROOT) throw new StoreError("invalidAuthMgmt");
    this.requireUser(name);
    this.#users.delete(name);
    this.#changed();
  }

  /** As in etcd, who may not sign in by a password may not do so with a new one either. @throws StoreError `userNotFound` */
  changePassword(name: string, passwordHash: string): void {
    const user = this.requireUser(name);
    this.#changed();
    this.#users.set(name, { ...user, passwordHash, credentialRevision: this.#revision });
  }

  /** To grant twice changes nothing. The root role need not exist. @throws StoreError `userNotFound`, `roleNotFound` */
  grantRole(name: string, role: string): void {
    const user = this.requireUser(name);
    if (role !== ROOT) this.requireRole(role);
    if (user.roles.includes(role)) return;
    this.#users.set(name, { ...user, roles: [...user.roles, role].sort() });
    this.#changed();
  }

  /** @throws StoreError `invalidAuthMgmt`, `userNotFound`, `roleNotGranted` */
  revokeRole(name: string, role: string): void {
    if (this.#enabled && name === ROOT && role === ROOT) throw new StoreError("invalidAuthMgmt");
    const user = this.requireUser(name);
    if (!user.roles.includes(role)) throw new StoreError("roleNotGranted");
    this.#users.set(name, { ...user, roles: user.roles.filter((other) => other !== role) });
    this.#changed();
  }

  /** @throws StoreError `roleEmpty`, `roleAlreadyExist` */
  addRole(name: string): void {
    if (name === "") throw new StoreError("roleEmpty");
    if (this.#roles.has(name)) throw new StoreError("roleAlreadyExist");
    this.#roles.set(name, { name, permissions: [] });
    this.#changed();
  }

  /** Takes it from whoever holds it. @throws StoreError `invalidAuthMgmt`, `roleNotFound` */
  deleteRole(name: string): void {
    if (this.#enabled && name === ROOT) throw new StoreError("invalidAuthMgmt");
    this.requireRole(name);
    this.#roles.delete(name);
    for (const user of this.#users.values()) {
      if (!user.roles.includes(name)) continue;
      this.#users.set(user.name, { ...user, roles: user.roles.filter((other) => other !== name) });
    }
    this.#changed();
  }

  /**
   * Of one range there is one permission: a second one replaces its type.
   * @throws StoreError `invalidAuthMgmt` (no key, a range without keys, an unknown type), `roleNotFound`
   */
  grantPermission(name: string, permission: Permission): void {
    if (!isMeaningful(permission)) throw new StoreError("invalidAuthMgmt");
    const role = this.requireRole(name);
    const others = role.permissions.filter((other) => !sameRange(other, permission));
    const at = others.findIndex(({ key }) => compareBytes(key, permission.key) > 0);
    const permissions = others.toSpliced(at < 0 ? others.length : at, 0, permission);
    this.#roles.set(name, { name, permissions });
    this.#changed();
  }

  /** @throws StoreError `roleNotFound`, `permissionNotGranted` */
  revokePermission(name: string, range: { readonly key: Uint8Array; readonly rangeEnd: Uint8Array }): void {
    const role = this.requireRole(name);
    const permissions = role.permissions.filter((other) => !sameRange(other, range));
    if (permissions.length === role.permissions.length) throw new StoreError("permissionNotGranted");
    this.#roles.set(name, { name, permissions });
    this.#changed();
  }

  /** Puts the state of a snapshot in the place of this one. */
  restore(enabled: boolean, revision: number, users: readonly User[], roles: readonly Role[]): void {
    this.#enabled = enabled;
    this.#revision = revision;
    this.#users = new Map(users.map((user) => [user.name, user]));
    this.#roles = new Map(roles.map((role) => [role.name, role]));
    this.#hash = undefined;
  }

  /** Of everything, 32 bits; computed once for each change, of which there are few. */
  hash(): number {
    this.#hash ??= this.#computeHash();
    return this.#hash;
  }

  #changed(): void {
    this.#revision += 1;
    this.#hash = undefined;
  }

  #computeHash(): number {
    let hash = hashInteger(this.#enabled ? 1 : 0, this.#revision);
    for (const name of this.userNames()) hash = hashUser(hash, this.requireUser(name));
    for (const name of this.roleNames()) hash = hashRole(hash, this.requireRole(name));
    return finishHash(hash);
  }
}

function isMeaningful({ type, key, rangeEnd }: Permission): boolean {
  if (key.length === 0 || type < PermissionType.READ || type > PermissionType.READWRITE) return false;
  if (isSingleKey({ key, rangeEnd })) return true;
  const end = upperEnd(rangeEnd);
  return end === undefined || compareBytes(key, end) < 0;
}

type Range = Pick<Permission, "key" | "rangeEnd">;

function sameRange(a: Range, b: Range): boolean {
  return compareBytes(a.key, b.key) === 0 && compareBytes(a.rangeEnd, b.rangeEnd) === 0;
}

function hashUser(before: number, { name, passwordHash, noPassword, roles, credentialRevision }: User): number {
  let hash = hashText(hashText(before, name), passwordHash);
  hash = hashInteger(hashWord(hash, noPassword ? 1 : 0), credentialRevision);
  hash = hashWord(hash, roles.length);
  for (const role of roles) hash = hashText(hash, role);
  return hash;
}

function hashRole(before: number, { name, permissions }: Role): number {
  let hash = hashWord(hashText(before, name), permissions.length);
  for (const { type, key, rangeEnd } of permissions) {
    hash = hashWord(hash, type);
    hash = hashBytes(key, 0, key.length, hash);
    hash = hashBytes(rangeEnd, 0, rangeEnd.length, hash);
  }
  return hash;
}

function hashText(before: number, text: string): number {
  let hash = hashWord(before, text.length);
  for (let i = 0; i < text.length; i += 1) hash = hashWord(hash, text.charCodeAt(i));
  return hash;
}
