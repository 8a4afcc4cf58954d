import type { Requester, RequestFailure } from "../group.ts";

const FIRST_SIZE = 1024;

/**
 * Who waits for which request, by consecutive sequence number: a ring of parallel arrays, so that a request costs no
 * object. Grows by doubling up to its limit.
 */
export class Requests<Result, Waiter extends Requester<Result> = Requester<Result>> {
  readonly #limit: number;
  #mask: number;
  #requesters: (Waiter | undefined)[];
  #tokens: number[];
  #deadlines: number[];
  /** The oldest sequence number that may still wait, and the next to give. */
  #oldest = 1;
  #next = 1;
  #waiting = 0;
  /** Of the request that was taken last. */
  token = 0;
  /** Requests that failed after they were taken, and requests that were not taken: too many waited. */
  failures = 0;
  refusals = 0;

  /** @param limit the span from the oldest request that waits to the newest; a power of two */
  constructor(limit: number) {
    const size = Math.min(FIRST_SIZE, limit);
    this.#limit = limit;
    this.#mask = size - 1;
    this.#requesters = new Array(size).fill(undefined);
    this.#tokens = new Array(size).fill(0);
    this.#deadlines = new Array(size).fill(0);
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** @returns the request's sequence number, or 0: too many wait already. */
  add(requester: Waiter, token: number, deadline: number): number {
    if (this.#next - this.#oldest > this.#mask && !this.#grow()) {
      this.refusals++;
      return 0;
    }
    const slot = this.#next & this.#mask;
    this.#requesters[slot] = requester;
    this.#tokens[slot] = token;
    this.#deadlines[slot] = deadline;
    this.#waiting++;
    return this.#next++;
  }

  applied(sequence: number, result: Result): void {
    this.take(sequence)?.applied(this.token, result);
  }

  /** @returns who waited for it and does no more, by its `token`; undefined: nobody */
  take(sequence: number): Waiter | undefined {
    const slot = this.#waits(sequence);
    if (slot < 0) return undefined;
    const waiter = this.#requesters[slot]!;
    this.token = this.#tokens[slot]!;
    this.#free(slot);
    return waiter;
  }

  failed(sequence: number, reason: RequestFailure): void {
    const requester = this.take(sequence);
    if (requester === undefined) return;
    this.failures++;
    requester.failed(this.token, reason);
  }

  /** Fails what has waited beyond its deadline. Deadlines are given in the order of adding. */
  expire(now: number): void {
    for (let sequence = this.#oldest; sequence < this.#next; sequence++) {
      const slot = this.#waits(sequence);
      if (slot < 0) continue;
      if (this.#deadlines[slot]! > now) return;
      this.failed(sequence, "timedOut");
    }
  }

  /** Fails all that wait now; what a requester asks for anew while it is told so is not among them. */
  failAll(reason: RequestFailure): void {
    const end = this.#next;
    for (let sequence = this.#oldest; sequence < end; sequence++) this.failed(sequence, reason);
  }

  /** Whether any request of this range still waits. */
  anyWaits(first: number, count: number): boolean {
    for (let sequence = first; sequence < first + count; sequence++) if (this.#waits(sequence) >= 0) return true;
    return false;
  }

  #waits(sequence: number): number {
    if (sequence < this.#oldest || sequence >= this.#next) return -1;
    const slot = sequence & this.#mask;
    return this.#requesters[slot] === undefined ? -1 : slot;
  }

  #free(slot: number): void {
    this.#requesters[slot] = undefined;
    this.#waiting--;
    while (this.#oldest < this.#next && this.#requesters[this.#oldest & this.#mask] === undefined) this.#oldest++;
  }

  #grow(): boolean {
    const size = this.#mask + 1;
    if (size >= this.#limit) return false;
    const mask = 2 * size - 1;
    const requesters: (Waiter | undefined)[] = new Array(2 * size).fill(undefined);
    const tokens: number[] = new Array(2 * size).fill(0);
    const deadlines: number[] = new Array(2 * size).fill(0);
    for (let sequence = this.#oldest; sequence < this.#next; sequence++) {
      const from = sequence & this.#mask;
      const to = sequence & mask;
      requesters[to] = this.#requesters[from];
      tokens[to] = this.#tokens[from]!;
      deadlines[to] = this.#deadlines[from]!;
    }
    this.#mask = mask;
    this.#requesters = requesters;
    this.#tokens = tokens;
    this.#deadlines = deadlines;
    return true;
  }
}
