import { SyncChoice } from "./sync-choice.ts";

/** Up to here a sync carries few requests. Nothing else is under way then that a blocked event loop could hold up for long. */
const LITTLE_BYTES = 8 << 10;
/** Above these a blocked event loop costs more than the detour through the thread pool. */
const LITTLE_LIMIT_MICROS = 1000;
const MUCH_LIMIT_MICROS = 300;

/**
 * How long syncs take, and whether the next one should block the event loop. On a disk that answers in 0.1 ms a blocking
 * sync is quicker and cheaper; on a slower one it would hold up everything else. The detour costs five changes between
 * threads, each of which waits for a processor: where few requests are under way that is most of their time, where many
 * are the next ones are read meanwhile. So the two are judged apart.
 */
export class SyncGauge {
  /** Syncs of all files in the thread pool at present. */
  underWay = 0;
  readonly #little = new SyncChoice(LITTLE_LIMIT_MICROS);
  readonly #much = new SyncChoice(MUCH_LIMIT_MICROS);
  readonly #onSync: ((micros: number, file: string) => void) | undefined;

  constructor(onSync: ((micros: number, file: string) => void) | undefined) {
    this.#onSync = onSync;
  }

  /** @param bytes written since the last sync */
  shouldBlock(bytes: number): boolean {
    return this.#choice(bytes).blocks;
  }

  /**
   * @param start in milliseconds of `performance.now()`
   * @param bytes that it made durable
   * @param isTypical false for a sync that says nothing of the next one: of much data, or one that shared the disk
   */
  ended(start: number, bytes: number, isTypical: boolean, file: string): void {
    const micros = (performance.now() - start) * 1000;
    this.#onSync?.(micros, file);
    if (isTypical) this.#choice(bytes).note(micros);
  }

  #choice(bytes: number): SyncChoice {
    return bytes <= LITTLE_BYTES ? this.#little : this.#much;
  }
}
