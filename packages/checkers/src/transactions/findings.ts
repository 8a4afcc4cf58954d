import type { ViolationEdge } from "../verdict.ts";

/** One anomaly, in terms of rows of the table. */
export interface Finding {
  readonly anomaly: string;
  /** Names in the table of models: what this proves. */
  readonly rules: readonly string[];
  readonly reason: string;
  /** Rows, those of a cycle in its order. */
  readonly transactions: readonly number[];
  readonly key?: string;
  readonly culprit?: number;
  /** `from` and `to` are places in `transactions`. */
  readonly edges?: readonly ViolationEdge[];
}

/** Keeps the first few of each anomaly, counts all. */
export class Findings {
  readonly kept: Finding[] = [];
  readonly counts: Map<string, number> = new Map<string, number>();
  readonly rules: Set<string> = new Set<string>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @param make puts it into words; not asked once there are enough of this kind. */
  add(anomaly: string, make: () => Omit<Finding, "anomaly" | "rules">, rules: readonly string[] = [anomaly]): void {
    const count = (this.counts.get(anomaly) ?? 0) + 1;
    this.counts.set(anomaly, count);
    const provesMore = rules.some((rule) => !this.rules.has(rule));
    for (const rule of rules) this.rules.add(rule);
    if (count <= this.#limit || provesMore) this.kept.push({ anomaly, rules, ...make() });
  }
}
