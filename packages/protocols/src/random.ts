/**
 * Seeded random numbers: xoshiro128** (Blackman & Vigna), 32-bit integer arithmetic only, so every engine draws the same.
 *
 * Streams are split by purpose: removing one fault from a run must not reshuffle the draws of all others.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** @param seed any string or integer; `new Random("7").split("disk")` is one stream of world 7. */
  constructor(seed: string | number) {
    let hash = hash32(String(seed));
    const next = (): number => {
      hash = (hash + 0x9e3779b9) | 0; // splitmix32 spreads one word over the state
      let z = hash;
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
      return (z ^ (z >>> 16)) >>> 0;
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next() | 1;
    this.#name = String(seed);
  }

  readonly #name: string;

  /** An independent stream for one purpose. It depends on the seed and the names alone, not on draws made so far. */
  split(purpose: string | number): Random {
    return new Random(`${this.#name}/${purpose}`);
  }

  /** Uniform over 0 … 2³²−1. */
  uint32(): number {
    const scrambled = Math.imul(rotateLeft(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const t = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= t;
    this.#d = rotateLeft(this.#d, 11);
    return scrambled;
  }

  /** Uniform over the integers 0 … bound−1; `bound` up to 2³². */
  below(bound: number): number {
    return Math.floor((this.uint32() / 0x1_0000_0000) * bound);
  }

  /** Uniform over the integers low … high, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True with the given chance in a million: faults are rates, and rates are integers. */
  chance(perMillion: number): boolean {
    return this.below(1_000_000) < perMillion;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** Fisher–Yates, in place. */
  shuffle<T>(items: T[]): T[] {
    for (let last = items.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      [items[last], items[other]] = [items[other]!, items[last]!];
    }
    return items;
  }
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** FNV-1a with a final mix; for seeds and trace hashes, not for security. */
export function hash32(text: string, from = 0x811c9dc5): number {
  let hash = from;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
