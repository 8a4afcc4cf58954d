import type { ClusterTime, LeaseId } from "./types.ts";

/** A lease from grant to revocation; granting the same id again is another one. */
export interface Grant {
  readonly id: LeaseId;
  readonly serial: number;
}

interface Due {
  readonly time: ClusterTime;
  readonly grant: Grant;
}

/** Entries that one look may move: a new leader finds all that were renewed since they were last moved. */
const MOST_MOVED = 4096;

/**
 * Leases by the time at which they are next to be looked at: a binary heap with one entry per lease, which may be too early.
 * An entry that is due is moved to where its lease belongs by now; renewing is therefore free.
 */
export class LeaseQueue {
  readonly #heap: Due[] = [];

  add(grant: Grant, time: ClusterTime): void {
    this.#heap.push({ time, grant });
    this.#up(this.#heap.length - 1);
  }

  /**
   * At most `limit` leases that belong at `time` or earlier, in the order of where they belong, then of ids; or fewer, if there
   * was much to move. They stay in the queue.
   * @param placeOf where a grant belongs, not before where it was last; undefined when it is gone.
   */
  due(time: ClusterTime, limit: number, placeOf: (grant: Grant) => ClusterTime | undefined): Grant[] {
    const found: Due[] = [];
    for (let moved = 0; found.length < limit && moved < MOST_MOVED; ) {
      const top = this.#heap[0];
      if (top === undefined || top.time > time) break;
      this.#pop();
      const place = placeOf(top.grant);
      if (place === top.time) found.push(top);
      else moved++;
      if (place !== undefined && place !== top.time) this.add(top.grant, place);
    }
    for (const due of found) this.add(due.grant, due.time);
    return found.map((due) => due.grant);
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
