import { finishHash, hashInteger, hashWord } from "./bytes.ts";
import { StoreError } from "./errors.ts";
import type { IndexOrder } from "./index-node.ts";
import type { KeyHistory } from "./key-history.ts";
import { type Grant, LeaseQueue } from "./lease-queue.ts";
import { type IndexView, OrderedIndex } from "./ordered-index.ts";
import { hashLeaseId } from "./state-hash.ts";
import { type ClusterTime, type LeaseId, NO_LEASE, type Term } from "./types.ts";

/** etcd's MaxLeaseTTL, seconds. */
export const MAX_LEASE_TTL = 9_000_000_000;

/** Leases shorter than this would hang on the jitter of a tick. */
export const LEAST_MILLIS = 100;

const MICROSECONDS = 1_000_000;

export interface LeaseConfig {
  /** Seconds; shorter grants are lengthened to it. etcd: ceil(1.5 × election timeout) = 2 by default. */
  readonly minLeaseTtl: number;
}

/** A renewal that is in the log puts another in its place, so that frozen views keep theirs. */
export interface Lease extends Grant {
  /** Seconds, as granted; with a fraction only where milliseconds were asked for. */
  readonly ttl: number;
  /** As the log has it: a time to live after the last grant or renewal in it. */
  readonly expiry: ClusterTime;
  /** Leaders may have renewed it further than the log says, up to its bound (`boundOf`). */
  readonly isRenewed: boolean;

  // What one leader knows. No part of the state: not in snapshots, nor in the hash, nor to be seen by who does not lead.
  /** The term whose leader knows when exactly the lease ends. */
  knownIn: Term;
  /** When. */
  until: ClusterTime;
}

/**
 * Up to when leaders may renew a lease without the log: half a time to live beyond what that says, if it was ever renewed.
 * Nobody has been promised more, whoever leads (docs/adr/0010-lease-renewals.md).
 */
export function boundOf({ ttl, expiry, isRenewed }: Lease): ClusterTime {
  return isRenewed ? expiryAfter(ttl / 2, expiry) : expiry;
}

/** When it ends for the leader of `term`: that one knows, or must take it that all was promised that may have been. */
export function endOf(lease: Lease, term: Term): ClusterTime {
  return lease.knownIn === term ? lease.until : boundOf(lease);
}

/** Of `keep`: only a renewal in the log can promise so much. */
export const BY_LOG = -1;

/** No leader's. */
const NO_TERM: Term = -1;

export type LeaseView = IndexView<Lease, LeaseId>;

/** Ids in the order of numbers; their heads tell nothing apart. */
const byId: IndexOrder<Lease, LeaseId> = {
  compare: (lease, id) => (lease.id < id ? -1 : lease.id > id ? 1 : 0),
  probeOf: (lease) => lease.id,
  shared: () => 0,
  head: () => 0,
  headOf: () => 0,
};

/**
 * etcd's lessor, on replicated time: every replica knows the same bounds of lifetimes, and the leader the lifetimes.
 * `term` is the one of the entry that is applied, or in which this node leads.
 */
export class Leases {
  readonly #config: LeaseConfig;
  readonly #index: OrderedIndex<Lease, LeaseId> = new OrderedIndex(byId, () => 1);
  readonly #attached = new Map<LeaseId, Set<KeyHistory>>();
  readonly #queue = new LeaseQueue();
  #serial = 0;
  #hash = 0;

  constructor(config: LeaseConfig) {
    this.#config = config;
  }

  get count(): number {
    return this.#index.size;
  }

  /** Sum over all leases; independent of how they came to be. */
  get hash(): number {
    return this.#hash;
  }

  get(id: LeaseId): Lease | undefined {
    return this.#index.get(id);
  }

  /** @throws StoreError `leaseNotFound` */
  require(id: LeaseId): Lease {
    const lease = this.#index.get(id);
    if (lease === undefined) throw new StoreError("leaseNotFound");
    return lease;
  }

  /**
   * @param id chosen by the caller; 0 is none.
   * @param millis if not 0: in place of `ttl`, and may be less than the least TTL in seconds.
   * @throws StoreError `leaseNotFound` (id 0), `leaseTTLTooLarge`, `leaseExist`
   */
  grant(id: LeaseId, ttl: number, time: ClusterTime, term: Term, millis = 0): Lease {
    if (id === NO_LEASE) throw new StoreError("leaseNotFound");
    if (ttl > MAX_LEASE_TTL || millis > MAX_LEASE_TTL * 1000) throw new StoreError("leaseTTLTooLarge");
    if (this.#index.get(id) !== undefined) throw new StoreError("leaseExist");
    const granted = millis > 0 ? Math.max(millis, LEAST_MILLIS) / 1000 : Math.max(ttl, this.#config.minLeaseTtl);
    return this.restore(id, granted, expiryAfter(granted, time), false, term);
  }

  /** Puts a lease of a snapshot in its place. */
  restore(id: LeaseId, ttl: number, expiry: ClusterTime, isRenewed = false, knownIn: Term = NO_TERM): Lease {
    this.#serial += 1;
    const lease: Lease = { id, serial: this.#serial, ttl, expiry, isRenewed, knownIn, until: expiry };
    this.#index.set(id, lease);
    this.#hash = (this.#hash + hashLease(lease)) | 0;
    this.#queue.add(lease, expiry);
    return lease;
  }

  /**
   * A renewal that is in the log.
   * @returns the granted TTL in seconds; 0 if there is no such lease or it has expired (it is about to be revoked).
   */
  renew(id: LeaseId, time: ClusterTime, term: Term): number {
    const lease = this.#index.get(id);
    if (lease === undefined || boundOf(lease) <= time) return 0;
    const { serial, ttl } = lease;
    const expiry = expiryAfter(ttl, time);
    const until = lease.knownIn === term ? Math.max(lease.until, expiry) : expiry;
    const renewed: Lease = { id, serial, ttl, expiry, isRenewed: true, knownIn: term, until };
    this.#index.set(id, renewed);
    this.#hash = (this.#hash - hashLease(lease) + hashLease(renewed)) | 0;
    return ttl;
  }

  /** A renewal by the leader of `term` alone. @returns as `renew`; `BY_LOG`: it is to be put into the log instead */
  keep(id: LeaseId, time: ClusterTime, term: Term): number {
    const lease = this.#index.get(id);
    if (lease === undefined || endOf(lease, term) <= time) return 0;
    const until = expiryAfter(lease.ttl, time);
    if (until > boundOf(lease)) return BY_LOG;
    lease.until = until;
    lease.knownIn = term;
    return lease.ttl;
  }

  /** Forgets a lease whose keys are already deleted. */
  remove(lease: Lease): void {
    this.#index.delete(lease.id);
    this.#hash = (this.#hash - hashLease(lease)) | 0;
    this.#attached.delete(lease.id);
  }

  attach(id: LeaseId, key: KeyHistory): void {
    const keys = this.#attached.get(id);
    if (keys === undefined) this.#attached.set(id, new Set([key]));
    else keys.add(key);
  }

  detach(id: LeaseId, key: KeyHistory): void {
    this.#attached.get(id)?.delete(key);
  }

  /** The keys that live by the lease, in no particular order. */
  attached(id: LeaseId): Iterable<KeyHistory> {
    return this.#attached.get(id) ?? [];
  }

  /** All leases, the one that expires first at the front; equal expiry, by id. */
  list(): LeaseId[] {
    const leases: Lease[] = [];
    const cursor = this.#index.cursor();
    for (cursor.seekFirst(); cursor.entry !== undefined; cursor.next()) leases.push(cursor.entry);
    return leases.sort((a, b) => a.expiry - b.expiry).map((lease) => lease.id);
  }

  /** For the leader of `term`: what has ended, the first one at the front; equal ends, by id. */
  expired(time: ClusterTime, limit: number, term: Term): Lease[] {
    const due = this.#queue.due(time, limit, ({ id, serial }) => {
      const lease = this.#index.get(id);
      if (lease?.serial !== serial) return undefined;
      return lease.expiry > time ? lease.expiry : endOf(lease, term);
    });
    return due.map(({ id }) => this.#index.get(id)!);
  }

  freeze(): LeaseView {
    return this.#index.freeze();
  }
}

/** The longest leases end at the end of time. */
function expiryAfter(ttl: number, time: ClusterTime): ClusterTime {
  return Math.min(time + Math.round(ttl * MICROSECONDS), Number.MAX_SAFE_INTEGER);
}

function hashLease(lease: Lease): number {
  const hash = hashInteger(hashLeaseId(0x6c656173, lease.id), Math.floor(lease.ttl));
  const exact = Number.isInteger(lease.ttl) ? hash : hashInteger(hash, Math.round(lease.ttl * 1000));
  return finishHash(hashWord(hashInteger(exact, lease.expiry), lease.isRenewed ? 1 : 0));
}
