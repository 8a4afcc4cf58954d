import type { StoreConnection } from "../connection.ts";
import type { StoreMethod } from "../method.ts";

/** How many requests one user may make, or one connection of nobody. */
export interface RateLimit {
  readonly perSecond: number;
  /** Requests that may come at once after a quiet time. */
  readonly burst: number;
}

/** A token bucket: it fills at the rate of the limit and holds as much as its burst. */
export class TokenBucket {
  #tokens: number;
  #filledAt: number;

  constructor({ burst }: RateLimit, now: number) {
    this.#tokens = burst;
    this.#filledAt = now;
  }

  /** @param now microseconds on a monotonic clock. @returns false: there is none left */
  take({ perSecond, burst }: RateLimit, now: number): boolean {
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#filledAt) * perSecond) / 1_000_000);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

/**
 * Refuses what comes faster than its user may ask. Users have one bucket for all of their connections to this node, others
 * one for each connection. Whatever is open for long is free: watches, renewals of leases; and so is signing in.
 */
export class Admission {
  readonly limit: RateLimit;
  /** Requests that were refused. */
  refusals = 0;
  readonly #now: () => number;
  readonly #users = new Map<string, TokenBucket>();
  readonly #connections = new WeakMap<StoreConnection, TokenBucket>();

  /** @param now microseconds on a monotonic clock */
  constructor(limit: RateLimit, now: () => number) {
    this.limit = limit;
    this.#now = now;
  }

  /** @param user whose request it is; undefined: nobody's. @returns false: refuse it. */
  admits(connection: StoreConnection, user: string | undefined, method: StoreMethod): boolean {
    if (method.clientStreaming === true || method.access === "open") return true;
    const now = this.#now();
    const admitted = this.#bucket(connection, user, now).take(this.limit, now);
    if (!admitted) this.refusals++;
    return admitted;
  }

  #bucket(connection: StoreConnection, user: string | undefined, now: number): TokenBucket {
    const known = user === undefined ? this.#connections.get(connection) : this.#users.get(user);
    if (known !== undefined) return known;
    const created = new TokenBucket(this.limit, now);
    if (user === undefined) this.#connections.set(connection, created);
    else this.#users.set(user, created);
    return created;
  }
}
