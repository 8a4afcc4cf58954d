import type { Level } from "./format.ts";

/**
 * Keeps a storm of equal log lines readable. The first few lines of a kind within a window pass; the rest are counted, and
 * the count is reported once when the window ends. Lines are of a kind when they differ only in digits.
 */
export class Repeats {
  readonly #windowMs: number;
  readonly #burst: number;
  readonly #kinds: Map<string, Kind> = new Map();

  constructor(windowMs = 10_000, burst = 10) {
    this.#windowMs = windowMs;
    this.#burst = burst;
  }

  /** @returns true: write it. `now` in milliseconds, never decreasing. */
  allow(level: Level, sentence: string, now: number): boolean {
    const key = `${level} ${sentence.replace(/\d+/g, "#")}`;
    let kind = this.#kinds.get(key);
    if (kind === undefined) {
      // Reports come from `expired`; when there are too many kinds to remember, saying more is better than saying less.
      if (this.#kinds.size >= MAX_KINDS) return true;
      kind = { ends: now + this.#windowMs, seen: 0, level, sentence };
      this.#kinds.set(key, kind);
    }
    kind.seen++;
    kind.sentence = sentence;
    return kind.seen <= this.#burst;
  }

  /** Reports and forgets the kinds whose window has ended by `now`; those that suppressed nothing are only forgotten. */
  expired(now: number, report: (level: Level, sentence: string, suppressed: number) => void): void {
    for (const [key, kind] of this.#kinds) {
      if (kind.ends > now) continue;
      this.#kinds.delete(key);
      if (kind.seen > this.#burst) report(kind.level, kind.sentence, kind.seen - this.#burst);
    }
  }

  get windowMs(): number {
    return this.#windowMs;
  }
}

const MAX_KINDS = 256;

interface Kind {
  readonly ends: number;
  readonly level: Level;
  /** The latest of its kind, so that the report shows real figures. */
  sentence: string;
  seen: number;
}
