import type { ClusterTime, LeaseId } from "./types.ts";

/** A lease from grant to revocation; granting the same id again is another one. */
export interface Grant {
  readonly id: LeaseId;
  readonly serial: number;
}

interface Due {
  /** Not later than the lease's expiry: a renewal does not touch the queue. */
  readonly time: ClusterTime;
  readonly grant: Grant;
}

/**
 * Leases by expiry: a binary heap with one entry per lease, which may be too early. An entry that comes to the top is
 * moved to where its lease belongs by now; renewing is therefore free.
 */
export class LeaseQueue {
  readonly #heap: Due[] = [];
  readonly #expiryOf: (grant: Grant) => ClusterTime | undefined;

  /** @param expiryOf the expiry of a grant, undefined when it is gone. It never becomes earlier. */
  constructor(expiryOf: (grant: Grant) => ClusterTime | undefined) {
    this.#expiryOf = expiryOf;
  }

  add(grant: Grant, expiry: ClusterTime): void {
    this.#heap.push({ time: expiry, grant });
    this.#up(this.#heap.length - 1);
  }

  /** When the next lease expires; undefined if there is none. */
  nextExpiry(): ClusterTime | undefined {
    this.#settleTop();
    return this.#heap[0]?.time;
  }

  /** At most `limit` leases whose expiry is not after `time`, by expiry, then by id. They stay in the queue. */
  expired(time: ClusterTime, limit: number): LeaseId[] {
    const found: Due[] = [];
    while (found.length < limit) {
      this.#settleTop();
      const top = this.#heap[0];
      if (top === undefined || top.time > time) break;
      found.push(top);
      this.#pop();
    }
    for (const due of found) this.add(due.grant, due.time);
    return found.map((due) => due.grant.id);
  }

  /** Until the top is a lease that exists, at its true expiry. */
  #settleTop(): void {
    for (;;) {
      const top = this.#heap[0];
      if (top === undefined) return;
      const expiry = this.#expiryOf(top.grant);
      if (expiry === top.time) return;
      this.#pop();
      if (expiry !== undefined) this.add(top.grant, expiry);
    }
  }

  #pop(): void {
    const last = this.#heap.pop()!;
    if (this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#down();
  }

  #up(from: number): void {
    const heap = this.#heap;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(heap[at]!, heap[parent]!)) return;
      [heap[at], heap[parent]] = [heap[parent]!, heap[at]!];
      at = parent;
    }
  }

  #down(): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      const left = at * 2 + 1;
      const right = left + 1;
      let first = at;
      if (left < heap.length && isBefore(heap[left]!, heap[first]!)) first = left;
      if (right < heap.length && isBefore(heap[right]!, heap[first]!)) first = right;
      if (first === at) return;
      [heap[at], heap[first]] = [heap[first]!, heap[at]!];
      at = first;
    }
  }
}

function isBefore(a: Due, b: Due): boolean {
  return a.time < b.time || (a.time === b.time && a.grant.id < b.grant.id);
}
