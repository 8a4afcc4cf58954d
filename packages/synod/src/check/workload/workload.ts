import type { Random } from "@synod/protocols/random";
import type { Distribution } from "../choices.ts";
import type { Doer, Ended, HistoryLog } from "./history-log.ts";

/** What all clients of one run share. */
export interface Bench {
  readonly log: HistoryLog;
  readonly random: Random;
  readonly distribution: Distribution;
  /** Before each key in the store; the history has the key without it. */
  readonly prefix: string;
  /** Nodes' clocks run fast or slow: nothing is certain for the length of a lease. */
  readonly clocksLie: boolean;
}

/** What the clients of a run do. One client has one operation under way at a time. */
export interface Workload {
  /** What the history is to be judged by, as the file's header says it. */
  readonly model: string;
  /** What was promised. */
  readonly level: string;
  /** One client's work: each call is one operation, or a short sequence, done by `doer`. */
  client(): (doer: Doer) => Promise<Ended<unknown>>;
  /** When all faults are healed: reads, by way of each node, what there is to read. */
  finish(doer: Doer): Promise<void>;
}

export type MakeWorkload = (bench: Bench) => Workload;
