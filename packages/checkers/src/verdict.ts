import { type History, NEVER_RETURNED, type Operation } from "./history.ts";

/** One edge of a cycle; `from` and `to` are places in the violation's `operations`. */
export interface ViolationEdge {
  readonly from: number;
  readonly to: number;
  /** The field's short name: "ww", "wr", "rw", "realtime", "process"… */
  readonly kind: string;
  /** Why the one comes before the other, in a sentence. */
  readonly because: string;
}

/** One thing that went wrong, provable from the history alone. */
export interface Violation {
  /** The field's term: "not linearizable", "G1c", "lost update", "CyclicCO", "monotonic reads", "lost message"… */
  readonly anomaly: string;
  /** One or more plain sentences that name process, verb, value and times. */
  readonly reason: string;
  /** The shortest part of the history known to be impossible by itself, by call time. */
  readonly operations: History;
  readonly key?: string;
  /** The operation that nothing explains, if one is to blame. */
  readonly culprit?: Operation;
  /** Linearizability: the longest order of operations that still made sense. */
  readonly order?: History;
  /** Transactions, causality: a cycle, edge by edge. */
  readonly edges?: readonly ViolationEdge[];
}

/** What a checker says of a history. "I gave up" is never "ok", and a proven fault is never hidden by giving up elsewhere. */
export type Verdict =
  | {
      readonly type: "ok";
      /** Transactions: the strongest of the models that were looked at and not ruled out. */
      readonly weakest?: string;
    }
  | {
      readonly type: "illegal";
      readonly violations: readonly [Violation, ...Violation[]];
      /** Transactions: the models that are ruled out, weakest first. */
      readonly not?: readonly string[];
    }
  | { readonly type: "unknown"; readonly reason: string };

/** When a checker is to stop with "unknown". Pure code has no clock, so whoever has one may ask it to stop. */
export interface Limits {
  /** Steps of work in all; each checker says what it counts. */
  readonly maxSteps?: number;
  /** True once time is up; asked every few thousand steps. */
  readonly isOver?: () => boolean;
}

/** "412..430", or "412.." for an operation that was never answered. */
export function interval(operation: Operation): string {
  return operation.return === NEVER_RETURNED ? `${operation.call}..` : `${operation.call}..${operation.return}`;
}

/** All that the verdict says against the history, a line for each violation; "" if it is ok. */
export function reasonOf(verdict: Verdict): string {
  if (verdict.type === "ok") return "";
  if (verdict.type === "unknown") return verdict.reason;
  return verdict.violations.map((violation) => violation.reason).join("\n");
}
