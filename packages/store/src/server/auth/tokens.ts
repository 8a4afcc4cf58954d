import type { AuthObserver } from "../../areas/auth.ts";
import type { Caller } from "../../model/auth/accesses.ts";
import type { ClusterTime } from "../../model/types.ts";

/** A caller who has shown a token, or a certificate. */
export interface KnownCaller extends Caller {
  /** Milliseconds since 1970 by this node's clock: until when a stream that it opened may be used for something new. */
  readonly expires: number;
}

/** What a node knows of the tokens that clients show. */
export interface Tokens {
  /** Whose token it is; undefined: nobody's, or it is not known yet. */
  find(token: string): KnownCaller | undefined;
  /**
   * Asked for a token that `find` did not find.
   * @param decided called once, later: `find` knows by then what there is to know.
   * @returns false: it will never be known.
   */
  wait(token: string, decided: () => void): boolean;
  /** Something was applied, or time has passed. */
  progress(): void;
}

export interface SimpleTokensOptions {
  /** Microseconds without use after which a token counts no more. */
  readonly ttl: number;
  /** Microseconds on this node's monotonic clock. */
  now(): number;
  /** Replicated time of what was applied last. */
  clusterTime(): ClusterTime;
  authRevision(): number;
  appliedIndex(): number;
}

interface Token {
  user: string;
  authRevision: number;
  expires: number;
  usedAt: number;
  usedAtClusterTime: ClusterTime;
}

interface Waiting {
  readonly index: number;
  readonly deadline: number;
  readonly decided: () => void;
}

/** Tokens that a node remembers; the oldest one makes room for another. Whoever held it signs in again. */
const MOST_TOKENS = 20_000;
const MOST_WAITING = 1000;
const PATIENCE = 5_000_000;
const SWEEP_EVERY = 10_000_000;

/**
 * etcd's simple tokens: sixteen letters, ".", and the index of the entry that gave it. Every member learns of a token when
 * it applies that entry, and waits for the entry when a client comes with a token that it does not know yet. How long one
 * lives is each member's own affair, because its use is not replicated. A token that is replayed from the log long after
 * does not live again: it is also judged by the replicated time, which then has passed.
 */
export class SimpleTokens implements Tokens, AuthObserver {
  readonly #options: SimpleTokensOptions;
  readonly #tokens = new Map<string, Token>();
  #waiting: Waiting[] = [];
  #lastAssigned: ClusterTime = 0;
  #sweepAt = 0;

  constructor(options: SimpleTokensOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#tokens.size;
  }

  find(token: string): KnownCaller | undefined {
    const found = this.#tokens.get(token);
    if (found === undefined) return undefined;
    if (this.#hasExpired(found)) {
      this.#tokens.delete(token);
      return undefined;
    }
    found.usedAt = this.#options.now();
    found.usedAtClusterTime = this.#clusterTime();
    found.authRevision = this.#options.authRevision();
    return found;
  }

  wait(token: string, decided: () => void): boolean {
    const digits = /^[A-Za-z]{16}\.(\d{1,15})$/.exec(token)?.[1];
    const index = Number(digits ?? 0);
    if (index <= this.#options.appliedIndex() || this.#waiting.length >= MOST_WAITING) return false;
    this.#waiting.push({ index, deadline: this.#options.now() + PATIENCE, decided });
    return true;
  }

  progress(): void {
    const now = this.#options.now();
    if (now >= this.#sweepAt) this.#sweep(now);
    if (this.#waiting.length === 0) return;
    const applied = this.#options.appliedIndex();
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(({ index, deadline }) => index > applied && now < deadline);
    for (const { index, deadline, decided } of waiting) if (index <= applied || now >= deadline) decided();
  }

  assigned(user: string, token: string, time: ClusterTime): void {
    this.#lastAssigned = Math.max(this.#lastAssigned, time);
    if (this.#tokens.size >= MOST_TOKENS) {
      const [oldest = ""] = this.#tokens.keys();
      this.#tokens.delete(oldest);
    }
    const { now, authRevision } = this.#options;
    this.#tokens.set(token, {
      user,
      authRevision: authRevision(),
      expires: Number.POSITIVE_INFINITY,
      usedAt: now(),
      usedAtClusterTime: time,
    });
  }

  invalidated(user: string): void {
    for (const [token, found] of this.#tokens) if (found.user === user) this.#tokens.delete(token);
  }

  reset(): void {
    this.#tokens.clear();
  }

  #clusterTime(): ClusterTime {
    return Math.max(this.#options.clusterTime(), this.#lastAssigned);
  }

  #hasExpired({ usedAt, usedAtClusterTime }: Token): boolean {
    const { ttl, now } = this.#options;
    return now() - usedAt > ttl || this.#clusterTime() - usedAtClusterTime > ttl;
  }

  #sweep(now: number): void {
    this.#sweepAt = now + SWEEP_EVERY;
    for (const [token, found] of this.#tokens) if (this.#hasExpired(found)) this.#tokens.delete(token);
  }
}
