import type { History } from "@synod/checkers/history";
import type { Fault, TimeUnit } from "@synod/checkers/readers/history-file";
import type { Verdict } from "@synod/checkers/verdict";

/** One question that was put to the history, and its answer: a line of the table, and a picture. */
export interface Check {
  /** What the operations are believed to do: "cas-register", "queue", "list-append"… */
  readonly model: string;
  /** What was promised: "linearizable", "serializable", "read your writes"… */
  readonly level: string;
  readonly verdict: Verdict;
  /** What was judged, where it is not the report's whole history: one of several workloads. */
  readonly history?: History;
  /** How long judging took. */
  readonly milliseconds?: number;
}

/** All that a person is told after `synod check`, of a file or of a live endpoint. */
export interface Report {
  /** What was judged: a file's name, or an endpoint. */
  readonly subject: string;
  readonly history: History;
  readonly unit: TimeUnit;
  readonly faults: readonly Fault[];
  readonly checks: readonly [Check, ...Check[]];
  /** Lines above the verdicts, by name: ["operations", "12,031 answered, 8 unknown"], ["faults", "kill 3, pause 2"]. */
  readonly rows: readonly (readonly [name: string, value: string])[];
}

/** 1 if anything is proven wrong, 2 if something could not be judged, 0 if all holds. */
export function exitCodeOf(checks: readonly Check[]): 0 | 1 | 2 {
  if (checks.some(({ verdict }) => verdict.type === "illegal")) return 1;
  return checks.some(({ verdict }) => verdict.type === "unknown") ? 2 : 0;
}
