import { StoreError } from "../errors.ts";
import { Access } from "./access.ts";
import { type Permission, ROOT, type User } from "./types.ts";
import type { Users } from "./users.ts";

/** Who asks, and what auth revision what proves it is from. */
export interface Caller {
  readonly user: string;
  readonly authRevision: number;
}

/** What each user may do, worked out when first asked for after a change. */
export class Accesses {
  readonly #users: Users;
  readonly #known = new Map<string, Access>();
  #revision = 0;

  constructor(users: Users) {
    this.#users = users;
  }

  /** The users have been replaced as a whole: a revision says nothing about what is remembered. */
  forget(): void {
    this.#known.clear();
  }

  /**
   * @returns undefined: everything (root).
   * @throws StoreError `userEmpty`, `authOldRevision`, `permissionDenied` (there is no such user)
   */
  of(caller: Caller | undefined): Access | undefined {
    const user = this.#user(caller);
    if (caller !== undefined && caller.authRevision < this.#users.revision) throw new StoreError("authOldRevision");
    return this.#ofUser(user);
  }

  /** Of the user as it is now, whatever it was when it began. @returns undefined: everything. "none": nothing at all. */
  ofName(name: string | undefined): Access | undefined | "none" {
    const user = name === undefined ? undefined : this.#users.user(name);
    return user === undefined ? "none" : this.#ofUser(user);
  }

  /**
   * As in etcd, the caller's revision may be old, because who manages users changes it with every step. But it must not be
   * older than the user's password.
   * @throws StoreError `userEmpty`, `permissionDenied`, `authOldRevision`
   */
  requireAdmin(caller: Caller | undefined): void {
    const user = this.#user(caller);
    if (!user.roles.includes(ROOT)) throw new StoreError("permissionDenied");
  }

  /** Any user will do. @throws StoreError `userEmpty`, `permissionDenied`, `authOldRevision` */
  requireUser(caller: Caller | undefined): void {
    this.#user(caller);
  }

  #user(caller: Caller | undefined): User {
    if (caller === undefined) throw new StoreError("userEmpty");
    const user = this.#users.user(caller.user);
    if (user === undefined) throw new StoreError("permissionDenied");
    if (caller.authRevision < user.credentialRevision) throw new StoreError("authOldRevision");
    return user;
  }

  #ofUser(user: User): Access | undefined {
    if (user.roles.includes(ROOT)) return undefined;
    if (this.#revision !== this.#users.revision) this.#known.clear();
    this.#revision = this.#users.revision;
    let access = this.#known.get(user.name);
    if (access === undefined) {
      access = new Access(this.#permissions(user));
      this.#known.set(user.name, access);
    }
    return access;
  }

  *#permissions(user: User): Generator<Permission, void, undefined> {
    for (const role of user.roles) yield* this.#users.role(role)?.permissions ?? [];
  }
}
