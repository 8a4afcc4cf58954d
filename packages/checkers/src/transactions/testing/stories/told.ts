import type { ConsistencyModel } from "../../models.ts";

/** A small history with an anomaly, and its twin that differs in one thing and has none. */
export interface Told {
  readonly name: string;
  readonly history: string;
  /** Every anomaly that is found, by name. */
  readonly finds: readonly string[];
  /** The weakest models that it rules out. */
  readonly weakest: readonly ConsistencyModel[];
  /** What is replaced to repair it. */
  readonly repair: readonly [find: string, replace: string];
  /** The repaired history cannot be judged. */
  readonly unclear?: true;
}
