import { BY_LOG, endOf } from "./leases.ts";
import { OperationCounts } from "./operation-counts.ts";
import { attachedKeys, revoke, type StoreState } from "./state.ts";
import type { ClusterTime, ExpiredLease, LeaseGrantResponse, LeaseId, LeaseTimeToLiveResponse, Term } from "./types.ts";

const MICROSECONDS = 1_000_000;

/** What of the store's state is about leases: etcd's lessor. */
export abstract class LeasedStore {
  readonly counts: OperationCounts = new OperationCounts();
  /** Another one after each restore. */
  protected abstract state: StoreState;
  /** Cluster time of the last write. */
  abstract readonly time: ClusterTime;

  /** A write of this time: it never runs backwards. @returns the store's time from now on */
  protected abstract advance(time: ClusterTime): ClusterTime;

  /**
   * @param id chosen by the caller, not 0.
   * @param ttl seconds.
   * @param millis if not 0, milliseconds in its place; all answers about the lease may then have a fraction.
   * @param term of the entry, here and wherever it is about leases: its leader knows what the log says of them.
   * @throws StoreError `leaseExist`, `leaseTTLTooLarge`, `leaseNotFound` (id 0)
   */
  leaseGrant(id: LeaseId, ttl: number, time: ClusterTime, millis = 0, term: Term = 0): LeaseGrantResponse {
    const lease = this.state.leases.grant(id, ttl, this.advance(time), term, millis);
    this.counts.leaseGrant++;
    return { id: lease.id, ttl: lease.ttl };
  }

  /**
   * Deletes the lease and, in one revision and in key order, the keys attached to it.
   * @returns the current revision.
   * @throws StoreError `leaseNotFound`
   */
  leaseRevoke(id: LeaseId, time: ClusterTime): number {
    this.advance(time);
    revoke(this.state, id);
    this.counts.leaseRevoke++;
    return this.state.keyspace.commit();
  }

  /** @returns the TTL in seconds, 0 if the lease does not exist or has expired. */
  leaseKeepAlive(id: LeaseId, time: ClusterTime, term: Term = 0): number {
    this.counts.leaseRenew++;
    return this.state.leases.renew(id, this.advance(time), term);
  }

  /**
   * The same beside the log, for the leader of `term` alone: nothing of the replicated state changes.
   * @param time now, by its clock.
   * @returns as `leaseKeepAlive`; `BY_LOG`: it takes a renewal in the log.
   */
  leaseKeep(id: LeaseId, time: ClusterTime, term: Term): number {
    const ttl = this.state.leases.keep(id, Math.max(time, this.time), term);
    if (ttl !== BY_LOG) this.counts.leaseRenew++;
    return ttl;
  }

  /**
   * For the leader of `term`. A lease that does not exist has TTL -1.
   * @param time now, by cluster time.
   */
  leaseTimeToLive(id: LeaseId, keys: boolean, time: ClusterTime, term: Term = 0): LeaseTimeToLiveResponse {
    const lease = this.state.leases.get(id);
    if (lease === undefined) return { id, ttl: -1, grantedTtl: 0, keys: [] };
    const exact = Math.min(lease.ttl, Math.max(0, (endOf(lease, term) - time) / MICROSECONDS));
    const remaining = Number.isInteger(lease.ttl) ? Math.floor(exact) : exact;
    const attached = keys ? attachedKeys(this.state.leases, id).map((history) => history.latest.key) : [];
    return { id, ttl: remaining, grantedTtl: lease.ttl, keys: attached };
  }

  /** The keys attached to a lease now, in no order; none if it does not exist. */
  *leaseKeys(id: LeaseId): Generator<Uint8Array, void, undefined> {
    for (const history of this.state.leases.attached(id)) yield history.latest.key;
  }

  /** Ids of all leases, the one that expires first at the front. */
  leaseLeases(): LeaseId[] {
    return this.state.leases.list();
  }

  /**
   * Leases to revoke, at most `limit`, by expiry: those that have expired at `time`, as the leader of `term` knows. It
   * proposes `leaseExpire` for them.
   */
  expiredLeases(time: ClusterTime, limit: number, term: Term = 0): ExpiredLease[] {
    return this.state.leases.expired(time, limit, term).map(({ id, expiry }) => ({ id, expiry }));
  }

  /**
   * Revokes leases as a leader has found them, each in a revision of its own; not those that were renewed, or granted anew,
   * since.
   * @returns how many.
   */
  leaseExpire(expired: readonly ExpiredLease[], time: ClusterTime): number {
    const now = this.advance(time);
    let revoked = 0;
    for (const { id, expiry } of expired) {
      const lease = this.state.leases.get(id);
      if (lease?.expiry !== expiry || expiry > now) continue;
      this.leaseRevoke(id, time);
      revoked += 1;
    }
    this.counts.leaseExpire += revoked;
    return revoked;
  }
}
