import type { History } from "../history.ts";
import type { Model } from "../model.ts";
import type { Verdict } from "../verdict.ts";

/** What one step of the history's clock is worth; "unknown" when only the order of events is known. */
export type TimeUnit = "ns" | "us" | "ms" | "unknown";

/** Something that was done to the system while the history was recorded: a band in the picture. */
export interface FaultBand {
  /** "partition", "kill", "pause"… */
  readonly name: string;
  /** Whom it was about: "n1 | n2 n3". */
  readonly about?: string;
  /** In the history's time; `NEVER_RETURNED` as `to` if it never ended. */
  readonly from: number;
  readonly to: number;
}

/** What is to be drawn, and told. */
export interface PictureInput {
  readonly history: History;
  readonly verdict: Verdict;
  readonly faults?: readonly FaultBand[];
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
