import type { Random } from "@synod/protocols/random";
import type { Distribution } from "../choices.ts";

const KEYS: Readonly<Record<Distribution, number>> = { uniform: 10, zipf: 100, conflict: 2 };

/**
 * Keys to work on. Each is given up for a new one after a while: what a checker has to keep in mind of a key grows with
 * every operation on it whose end nobody knows.
 */
export class Keys {
  readonly #random: Random;
  readonly #most: number;
  /** Chances in a million, added up. */
  readonly #upTo: readonly number[];
  readonly #used: number[];
  readonly #generation: number[];

  /** @param most how often one key is given. */
  constructor(distribution: Distribution, most: number, random: Random) {
    const weights = Array.from({ length: KEYS[distribution] }, (_, n) => (distribution === "zipf" ? 1 / (n + 1) : 1));
    const sum = weights.reduce((a, b) => a + b, 0);
    let soFar = 0;
    this.#upTo = weights.map((weight) => {
      soFar += weight;
      return Math.round((soFar / sum) * 1_000_000);
    });
    this.#used = weights.map(() => 0);
    this.#generation = weights.map(() => 0);
    this.#most = most;
    this.#random = random;
  }

  next(): string {
    const drawn = this.#random.below(1_000_000);
    const index = Math.max(
      0,
      this.#upTo.findIndex((limit) => drawn < limit),
    );
    const used = (this.#used[index] as number) + 1;
    this.#used[index] = used % this.#most;
    const name = this.#name(index);
    if (used === this.#most) this.#generation[index] = (this.#generation[index] as number) + 1;
    return name;
  }

  /** `count` different ones. */
  some(count: number): string[] {
    const keys = new Set<string>();
    for (let tries = 0; keys.size < count && tries < 8 * count; tries += 1) keys.add(this.next());
    return [...keys];
  }

  /** Those that are in use now. */
  current(): string[] {
    return this.#used.map((_, index) => this.#name(index));
  }

  #name(index: number): string {
    return `${index}.${this.#generation[index]}`;
  }
}
