import type { History } from "../history.ts";

/** Of the times in a history; "unknown" also where there are none and the order of the events stands in for them. */
export type TimeUnit = "ns" | "us" | "ms" | "unknown";

/** Something that was done to the system while it ran; for pictures, not for judgement. */
export interface Fault {
  /** "partition", "kill", "start"… */
  readonly name: string;
  readonly from: number;
  /** `NEVER_RETURNED` if it lasted to the end. */
  readonly to: number;
  /** Whom it hit, in the words of the file: "n1 | n2 n3". */
  readonly about?: string;
}

/** What a file says. */
export interface HistoryFile {
  /** In order of call. */
  readonly history: History;
  readonly unit: TimeUnit;
  readonly faults: readonly Fault[];
  /** What the file says, or its verbs suggest, that the history is one of; see `models/named.ts`. "txn" for transactions. */
  readonly model?: string;
}

export type HistoryFormat = "edn" | "json" | "log" | "porcupine" | "synod";

/** Something that a client or a fault injector did, as Jepsen's histories have it. */
export interface HistoryEvent {
  /** Where it stands in the file. */
  readonly at: number;
  readonly type: "invoke" | "ok" | "fail" | "info";
  /** A client's number, or the name of who injects faults. */
  readonly process: number | string;
  readonly f: string;
  readonly value: unknown;
  readonly key: string | undefined;
  readonly time: number | bigint | undefined;
  readonly node: string | undefined;
}
