import { type Instant, NEVER } from "@synod/protocols/protocol";

/** One timer for all that falls due: set to an earlier instant it moves, a later one waits until it has rung. */
export class Alarm {
  readonly #now: () => Instant;
  readonly #ring: () => void;
  #timer: NodeJS.Timeout | undefined;
  #at: Instant = NEVER;

  constructor(now: () => Instant, ring: () => void) {
    this.#now = now;
    this.#ring = ring;
  }

  /** Rings at `at` or before; whoever is woken too early sets it again. */
  set(at: Instant): void {
    if (at >= this.#at) return;
    clearTimeout(this.#timer);
    this.#at = at;
    this.#timer = setTimeout(this.#onTimer, Math.max(0, (at - this.#now()) / 1000));
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }

  readonly #onTimer = (): void => {
    this.#at = NEVER;
    this.#ring();
  };
}
