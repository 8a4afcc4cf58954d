/** How far one measurement moves the estimate: some seventy slow syncs, or twenty quick ones, change it by a factor of three. */
const STEP = 1 / 64;
/** Leaving is easier than coming back, so that the choice does not flutter. */
const COME_BACK = 0.8;
/** However long the disk stood still, it is believed again after some forty quick syncs. */
const WORST = 8;

/**
 * Whether syncs of one kind should block, by the time that the quickest quarter of them takes. Not by the mean: on a busy
 * machine the others have waited for a processor too, and a sync that does not block waits for one more often.
 */
export class SyncChoice {
  readonly #limit: number;
  /** A quarter of the syncs take less, in microseconds. */
  #quick: number;
  blocks = true;

  /** @param limit in microseconds: a disk that takes longer must not hold up the event loop */
  constructor(limit: number) {
    this.#limit = limit;
    this.#quick = limit / 2;
  }

  note(micros: number): void {
    // Three times as far down as up: it rests where one of four is below.
    const moved = this.#quick * (micros < this.#quick ? 1 - 3 * STEP : 1 + STEP);
    this.#quick = Math.min(moved, WORST * this.#limit);
    if (this.#quick > this.#limit) this.blocks = false;
    else if (this.#quick < COME_BACK * this.#limit) this.blocks = true;
  }
}
