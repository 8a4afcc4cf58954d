import { type History, NEVER_RETURNED, type Operation } from "./history.ts";

/** What a checker says of a history. "I gave up" is never "ok", and a proven fault is never hidden by giving up elsewhere. */
export type Verdict =
  | { type: "ok" }
  | {
      type: "illegal";
      /** One or more plain sentences. */
      reason: string;
      key: string;
      /** The first operation whose answer nothing explains. */
      culprit: Operation;
      /** The longest order of operations that still made sense, up to the culprit. */
      order: History;
    }
  | { type: "unknown"; reason: string };

/** "412..430", or "412.." for an operation that was never answered. */
export function interval(operation: Operation): string {
  return operation.return === NEVER_RETURNED ? `${operation.call}..` : `${operation.call}..${operation.return}`;
}
