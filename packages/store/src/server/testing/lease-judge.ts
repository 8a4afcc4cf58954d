import type { Instant } from "@synod/protocols/protocol";

const MILLI = 1000;
const SECOND = 1_000_000;
/** From the end of a lease to its removal: a look for expired ones, a commit, and a leader that hands over in vain before. */
const TO_REMOVE = 1000 * MILLI;

/** A lease as its clients know it. All times are true ones, microseconds. */
export interface WatchedLease {
  readonly id: bigint;
  readonly ttl: Instant;
  /** Granted on some node. */
  began: boolean;
  /** A client knows that it was granted. */
  isKnown: boolean;
  /** It was told to live until then, and what may have been told at the latest. */
  promised: Instant;
  latest: Instant;
  /** When it was removed anywhere for the first time, and how. */
  endedAt: Instant | undefined;
  expired: boolean;
  /** Since when a client knows that. */
  knownDead: Instant;
}

/** Holds what clients were told of leases against what became of them. */
export class LeaseJudge {
  readonly leases: WatchedLease[] = [];
  readonly wrongs: string[] = [];
  readonly #now: () => Instant;
  readonly #isFair: () => boolean;
  readonly #hashes = new Map<number, number>();
  #newest = { index: 0, command: -1 };
  /** When something last happened that may have changed the leader. */
  #calmSince: Instant = 0;

  /** @param isFair nothing slows the net down */
  constructor(now: () => Instant, isFair: () => boolean) {
    this.#now = now;
    this.#isFair = isFair;
  }

  get known(): WatchedLease[] {
    return this.leases.filter(({ isKnown }) => isKnown);
  }

  get living(): number {
    return this.known.filter(({ endedAt }) => endedAt === undefined).length;
  }

  disturbed(): void {
    this.#calmSince = this.#now();
  }

  /** @returns whether this is the first node to apply the command at that place of the log */
  isNew(index: number, command: number): boolean {
    const newest = this.#newest;
    if (index < newest.index || (index === newest.index && command <= newest.command)) return false;
    this.#newest = { index, command };
    return true;
  }

  applied(index: number, hash: number): void {
    const known = this.#hashes.get(index);
    if (known === undefined) this.#hashes.set(index, hash);
    else if (known !== hash) this.#wrong(`the states differ at index ${index}`);
  }

  /** @returns a lease that has been asked for */
  wanted(id: bigint, ttl: Instant): WatchedLease {
    const lease: WatchedLease = {
      id,
      ttl,
      began: false,
      isKnown: false,
      promised: 0,
      latest: 0,
      endedAt: undefined,
      expired: false,
      knownDead: Number.POSITIVE_INFINITY,
    };
    this.leases.push(lease);
    return lease;
  }

  granted(lease: WatchedLease, asked: Instant): void {
    lease.isKnown = true;
    this.told(lease, asked, lease.ttl, 0);
  }

  /** It was granted, for the first time on any node. */
  began(id: bigint): void {
    for (const lease of this.leases) if (lease.id === id) lease.began = true;
  }

  /** Something was removed, for the first time on any node. */
  ended(expired: boolean, isGone: (id: bigint) => boolean): void {
    const now = this.#now();
    for (const lease of this.leases) {
      if (!lease.began || lease.endedAt !== undefined || !isGone(lease.id)) continue;
      lease.endedAt = now;
      lease.expired = expired;
      if (!expired) continue;
      if (lease.promised > now) this.#wrong(`lease ${lease.id} was removed ${lease.promised - now} µs too early`);
      const latest = Math.max(lease.latest + lease.ttl / 2, this.#calmSince + (3 * lease.ttl) / 2) + TO_REMOVE;
      if (lease.isKnown && this.#isFair() && now > latest)
        this.#wrong(`lease ${lease.id} was removed ${now - latest} µs too late`);
    }
  }

  /** A renewal's answer. @param before what had been promised when it was asked for */
  renewed(lease: WatchedLease, asked: Instant, ttl: Instant, before: Instant): void {
    if (ttl !== 0 && ttl !== lease.ttl) this.#wrong(`lease ${lease.id} was renewed for ${ttl} µs`);
    this.told(lease, asked, ttl, before);
  }

  /** It is said to have so long to live. */
  told(lease: WatchedLease, asked: Instant, ttl: Instant, before: Instant): void {
    const now = this.#now();
    const rounding = lease.ttl % SECOND === 0 ? SECOND : MILLI;
    if (ttl === 0) {
      if (lease.endedAt === undefined && before > now + rounding)
        this.#wrong(`lease ${lease.id} is said to have ended ${before - now} µs before what was promised`);
      return;
    }
    if (ttl > lease.ttl) this.#wrong(`lease ${lease.id} is said to have ${ttl} µs of ${lease.ttl}`);
    if (asked > lease.knownDead) this.#wrong(`lease ${lease.id} is said to live after a client knew it was dead`);
    const end = asked + ttl - (ttl === lease.ttl ? 0 : MILLI);
    if (lease.expired && end > lease.endedAt!)
      this.#wrong(`lease ${lease.id} had been removed ${end - lease.endedAt!} µs too early`);
    lease.promised = Math.max(lease.promised, end);
    lease.latest = Math.max(lease.latest, now + ttl);
  }

  /** It may have been renewed until now, or not. */
  uncertain(lease: WatchedLease): void {
    lease.latest = Math.max(lease.latest, this.#now() + 100 * MILLI + lease.ttl);
  }

  toldDead(lease: WatchedLease): void {
    const now = this.#now();
    if (lease.endedAt === undefined) this.#wrong(`lease ${lease.id} lives and is said not to exist`);
    else lease.knownDead = Math.min(lease.knownDead, now);
  }

  /** After a time of peace longer than any lease. */
  allEnded(): void {
    for (const { id, endedAt } of this.known) if (endedAt === undefined) this.#wrong(`lease ${id} never ends`);
  }

  #wrong(sentence: string): void {
    this.wrongs.push(`${sentence} (at ${this.#now()})`);
  }
}
