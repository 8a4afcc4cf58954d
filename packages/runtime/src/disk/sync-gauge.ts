/** Above this a blocked event loop costs more than the detour through the thread pool. */
const BLOCKING_LIMIT_MICROS = 300;
/** Below this, as the best of a window, the disk is fast again. Lower, so that the choice does not flutter. */
const FAST_AGAIN_MICROS = 250;
/** One stall of many milliseconds says no more than this: a slow disk is one that is slow several times. */
const OUTLIER_MICROS = 1000;
const WINDOW = 64;
const WEIGHT = 1 / 32;

/**
 * How long syncs take, and whether the next one should block the event loop. On a disk that answers in 0.1 ms a blocking
 * sync is quicker and cheaper; on a slower one it would hold up everything else.
 */
export class SyncGauge {
  /** Syncs of all files in the thread pool at present. */
  underWay = 0;
  #average = 0;
  #blocks = true;
  /** The quickest of this window: waiting for a busy loop is part of an asynchronous sync's time, and not the disk's. */
  #quickest = Number.POSITIVE_INFINITY;
  #inWindow = 0;
  readonly #onSync: ((micros: number, file: string) => void) | undefined;

  constructor(onSync: ((micros: number, file: string) => void) | undefined) {
    this.#onSync = onSync;
  }

  get shouldBlock(): boolean {
    return this.#blocks;
  }

  /**
   * @param start in milliseconds of `performance.now()`
   * @param isTypical false for a sync that says nothing of the next one: of much data, or one that shared the disk
   */
  ended(start: number, isTypical: boolean, file: string): void {
    const micros = (performance.now() - start) * 1000;
    this.#onSync?.(micros, file);
    if (isTypical) this.note(micros);
  }

  /** Takes one measurement into the choice. */
  note(micros: number): void {
    if (this.#blocks) {
      this.#average += (Math.min(micros, OUTLIER_MICROS) - this.#average) * WEIGHT;
      if (this.#average > BLOCKING_LIMIT_MICROS) this.#blocks = false;
      return;
    }
    this.#quickest = Math.min(this.#quickest, micros);
    this.#inWindow += 1;
    if (this.#inWindow < WINDOW) return;
    if (this.#quickest < FAST_AGAIN_MICROS) {
      this.#blocks = true;
      this.#average = this.#quickest;
    }
    this.#quickest = Number.POSITIVE_INFINITY;
    this.#inWindow = 0;
  }
}
