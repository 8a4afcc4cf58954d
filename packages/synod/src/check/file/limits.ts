import { memoryUsage } from "node:process";
import { getHeapStatistics } from "node:v8";

/** When judging is to stop with "unknown". */
export interface CheckLimits {
  readonly milliseconds?: number;
  readonly bytes?: number;
}

const TIMES: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const SIZES: Readonly<Record<string, number>> = { MiB: 2 ** 20, MB: 1e6, GiB: 2 ** 30, GB: 1e9 };
const DEFAULT_MS = 60_000;
/** Of the heap that there can be: beyond it the process would be ended without a word. */
const HEAP_PART = 0.8;
const PROBE_EVERY_MS = 50;

/** "30s", "2GiB", "30s,2GiB". @returns undefined if it is none of these. */
export function parseLimits(text: string): CheckLimits | undefined {
  const limits: { milliseconds?: number; bytes?: number } = {};
  for (const part of text.split(",")) {
    const [, number, unit = ""] = /^\s*(\d{1,9}(?:\.\d{1,3})?)\s*([a-zA-Z]+)\s*$/.exec(part) ?? [];
    const value = Number(number);
    if (!(value > 0)) return undefined;
    if (Object.hasOwn(TIMES, unit) && limits.milliseconds === undefined)
      limits.milliseconds = value * (TIMES[unit] as number);
    else if (Object.hasOwn(SIZES, unit) && limits.bytes === undefined) limits.bytes = value * (SIZES[unit] as number);
    else return undefined;
  }
  return limits;
}

/** A limit on its way: asked again and again by a checker, which hears when to stop; and who watches hears how far it is. */
export class Deadline {
  readonly milliseconds: number;
  readonly #bytes: number;
  readonly #began: number = performance.now();
  readonly #watch: (elapsed: number) => void;
  #probed = Number.NEGATIVE_INFINITY;
  #reached: string | undefined;

  /** @param watch called some times a second with the milliseconds so far. */
  constructor({ milliseconds = DEFAULT_MS, bytes }: CheckLimits, watch: (elapsed: number) => void) {
    this.milliseconds = milliseconds;
    this.#bytes = Math.min(bytes ?? Number.POSITIVE_INFINITY, HEAP_PART * getHeapStatistics().heap_size_limit);
    this.#watch = watch;
  }

  readonly isOver = (): boolean => {
    const elapsed = this.elapsed;
    if (this.#reached !== undefined) return true;
    if (elapsed >= this.milliseconds) this.#reached = `after ${this.milliseconds / 1000} s`;
    else if (elapsed - this.#probed >= PROBE_EVERY_MS) {
      this.#probed = elapsed;
      this.#watch(elapsed);
      if (memoryUsage().heapUsed > this.#bytes) this.#reached = `with ${Math.round(this.#bytes / 2 ** 20)} MiB in use`;
    }
    return this.#reached !== undefined;
  };

  /** Milliseconds. */
  get elapsed(): number {
    return performance.now() - this.#began;
  }

  /** "after 60 s"; undefined if no limit was reached. */
  get reached(): string | undefined {
    return this.#reached;
  }
}
