import type { AuthArea } from "../../areas/auth.ts";
import type { Access, KeysOf } from "../../model/auth/access.ts";
import type { Caller } from "../../model/auth/accesses.ts";
import { StoreError } from "../../model/errors.ts";
import type { StoreModel } from "../../model/store.ts";
import type { KeyRange } from "../../model/types.ts";
import type { MethodAccess } from "../method.ts";
import { type JwtSettings, JwtTokens } from "./jwt.ts";
import { Passwords } from "./passwords.ts";
import { type KnownCaller, SimpleTokens, type Tokens } from "./tokens.ts";

export interface AuthSettings {
  /** bcrypt's cost of new passwords. */
  readonly bcryptCost: number;
  /** Seconds without use after which a simple token counts no more. */
  readonly tokenTtl: number;
  /** Present: tokens are signed instead of remembered. */
  readonly jwt?: JwtSettings;
}

export const DEFAULT_AUTH: AuthSettings = { bcryptCost: 10, tokenTtl: 300 };

export interface AuthGateOptions {
  readonly area: AuthArea;
  readonly model: StoreModel;
  readonly settings: AuthSettings;
  now(): number;
  appliedIndex(): number;
  random64(): bigint;
}

/**
 * The door of a node: who calls, and whether that one may come in. What it may do behind the door is decided where it is
 * done: writes when they are applied, reads when they are served.
 */
export class AuthGate {
  readonly area: AuthArea;
  readonly tokens: Tokens;
  /** Absent: tokens are simple. */
  readonly jwt: JwtTokens | undefined;
  readonly passwords: Passwords;
  readonly keysOf: KeysOf;
  readonly #random64: () => bigint;

  constructor(options: AuthGateOptions) {
    const { area, model, settings } = options;
    this.area = area;
    this.passwords = new Passwords(settings.bcryptCost);
    this.keysOf = (lease) => model.leaseKeys(lease);
    this.#random64 = options.random64;
    if (settings.jwt !== undefined) {
      this.jwt = new JwtTokens(settings.jwt);
      this.tokens = this.jwt;
      return;
    }
    const tokens = new SimpleTokens({
      ttl: settings.tokenTtl * 1_000_000,
      now: options.now,
      clusterTime: () => model.time,
      authRevision: () => area.users.revision,
      appliedIndex: options.appliedIndex,
    });
    area.observer = tokens;
    this.tokens = tokens;
  }

  get enabled(): boolean {
    return this.area.enabled;
  }

  /** Changes with everything that may change who may watch what. */
  get changes(): number {
    return this.area.changes;
  }

  /** Who a verified client certificate is for. */
  certified(user: string): KnownCaller {
    return { user, authRevision: this.area.users.revision, expires: Number.POSITIVE_INFINITY };
  }

  /**
   * Called while authentication is on.
   * @param access absent: for root only.
   * @throws StoreError `userEmpty`, `permissionDenied`, `authOldRevision`
   */
  admit(caller: Caller | undefined, access: MethodAccess | undefined): void {
    if (access === "user") this.area.accesses.requireUser(caller);
    else if (access !== "open") this.area.accesses.requireAdmin(caller);
  }

  /** For reads. @returns undefined: everything. @throws StoreError as `admit` */
  access(caller: Caller | undefined): Access | undefined {
    return this.enabled ? this.area.accesses.of(caller) : undefined;
  }

  /** For a watch that is to begin. @throws StoreError `permissionDenied`, `invalidAuthToken`, as `admit` */
  admitWatch(caller: KnownCaller | undefined, range: KeyRange): void {
    if (!this.enabled) return;
    this.area.accesses.requireUser(caller);
    if (caller !== undefined && caller.expires <= Date.now()) throw new StoreError("invalidAuthToken");
    if (!this.mayWatch(caller?.user, range)) throw new StoreError("permissionDenied");
  }

  /** For a watch that runs, whoever's it is. */
  mayWatch(user: string | undefined, range: KeyRange): boolean {
    if (!this.enabled) return true;
    const access = this.area.accesses.ofName(user);
    return access === undefined || (access !== "none" && access.mayRead(range));
  }

  /** Sixteen letters that nobody can guess. */
  newToken(): string {
    let letters = "";
    for (let half = 0; half < 2; half += 1) {
      let rest = BigInt.asUintN(64, this.#random64());
      for (let i = 0; i < 8; i += 1) {
        letters += LETTERS[Number(rest % 52n)];
        rest /= 52n;
      }
    }
    return letters;
  }
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
