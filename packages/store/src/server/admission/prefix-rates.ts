import type { PrefixUsage } from "../../api/limits.ts";
import type { PrefixStat } from "../../model/prefix-stats.ts";
import type { StoreModel } from "../../model/store.ts";

/** Microseconds from one look to the next. */
const INTERVAL = 10_000_000;

interface Seen {
  writes: number;
  milliWrites: number;
}

/** How often what lies under each prefix is written: over the last whole ten seconds. */
export class PrefixRates {
  readonly #model: StoreModel;
  readonly #now: () => number;
  #seen = new WeakMap<PrefixStat, Seen>();
  #lookedAt: number;

  /** @param now microseconds on a monotonic clock */
  constructor(model: StoreModel, now: () => number) {
    this.#model = model;
    this.#now = now;
    this.#lookedAt = now();
  }

  tick(): void {
    const now = this.#now();
    if (now - this.#lookedAt < INTERVAL) return;
    const seconds = (now - this.#lookedAt) / 1_000_000;
    this.#lookedAt = now;
    const stats = this.#model.prefixStats;
    if (stats === undefined) return;
    for (const stat of [...stats.list(), stats.others]) {
      const seen = this.#seen.get(stat) ?? { writes: 0, milliWrites: 0 };
      const writes = Math.max(0, stat.writes - seen.writes);
      this.#seen.set(stat, { writes: stat.writes, milliWrites: Math.round((writes * 1000) / seconds) });
    }
  }

  /** The largest, and all those for which there was no place in the statistics. */
  list(limit: number): { readonly prefixes: PrefixUsage[]; readonly others: PrefixUsage } | undefined {
    const stats = this.#model.prefixStats;
    if (stats === undefined) return undefined;
    const prefixes = stats.list().slice(0, limit);
    return { prefixes: prefixes.map((stat) => this.#usage(stat)), others: this.#usage(stats.others) };
  }

  #usage(stat: PrefixStat): PrefixUsage {
    const { prefix, keys, bytes, writes } = stat;
    return { prefix, keys, bytes, writes, milliWrites: this.#seen.get(stat)?.milliWrites ?? 0 };
  }
}
