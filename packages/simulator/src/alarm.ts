import { type Instant, NEVER } from "@synod/protocols/protocol";
import type { NodeClock } from "./clock.ts";

/** More wakes than any sound member has at one instant. */
const SPIN_LIMIT = 1000;

/**
 * Turns a member's `wakeAt`, on its own clock, into events of the world. Most deadlines are put off long before they are
 * due, so an event in the queue is left there and asked again when it comes: nothing is ever taken out of the queue.
 */
export class Alarm {
  #scheduled: Instant = NEVER;
  #spins = 0;
  #spinTime = -1;

  /** @returns the world time at which an event must be scheduled; undefined where an earlier one already is. */
  set(wakeAt: Instant, clock: NodeClock, now: number): number | undefined {
    if (wakeAt === NEVER) return undefined;
    const due = Math.max(now, clock.world(wakeAt));
    if (due >= this.#scheduled) return undefined;
    this.#scheduled = due;
    return due;
  }

  /** An event set for `scheduled` has come. @returns false if an earlier one took its place meanwhile. */
  rings(scheduled: number): boolean {
    if (scheduled !== this.#scheduled) return false;
    this.#scheduled = NEVER;
    return true;
  }

  clear(): void {
    this.#scheduled = NEVER;
  }

  /** A member whose deadline never moves would stop the world's time. */
  watchSpin(now: number): void {
    this.#spins = now === this.#spinTime ? this.#spins + 1 : 0;
    this.#spinTime = now;
    if (this.#spins > SPIN_LIMIT) throw new Error(`a member wakes without end at ${now}`);
  }
}
