import type { FlushDone } from "./types.ts";

const COMPACT_AFTER = 1024;

/** Flushes that have not ended, in call order, each with the amount of log it waits for. */
export class Waiters {
  #targets: number[] = [];
  #dones: FlushDone[] = [];
  #head = 0;

  get isWaiting(): boolean {
    return this.#head < this.#dones.length;
  }

  get firstTarget(): number {
    return this.#targets[this.#head]!;
  }

  add(target: number, done: FlushDone): void {
    this.#targets.push(target);
    this.#dones.push(done);
  }

  /** Ends all that wait for no more than `durable`. What they call may add others. */
  settle(durable: number, error: Parameters<FlushDone>[0]): void {
    while (this.isWaiting && this.firstTarget <= durable) {
      const done = this.#dones[this.#head]!;
      this.#head += 1;
      done(error);
    }
    if (this.isWaiting && this.#head < COMPACT_AFTER) return;
    this.#targets.splice(0, this.#head);
    this.#dones.splice(0, this.#head);
    this.#head = 0;
  }
}
