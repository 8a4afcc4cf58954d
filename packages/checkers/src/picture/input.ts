import type { History } from "../history.ts";
import type { Model } from "../model.ts";
import type { Fault, TimeUnit } from "../readers/history-file.ts";
import type { Verdict } from "../verdict.ts";

/** What is to be drawn, and told. */
export interface PictureInput {
  readonly history: History;
  readonly verdict: Verdict;
  readonly faults?: readonly Fault[];
  readonly unit?: TimeUnit;
  /** What was judged: a file's name, an address. */
  readonly title?: string;
  /** The level that was asked for: "linearizable", "serializable"… */
  readonly checker?: string;
  /** The model's name: "cas-register". */
  readonly model?: string;
  /** The model itself, for the states before and after each operation of a partial order. */
  readonly object?: Model<unknown>;
}
