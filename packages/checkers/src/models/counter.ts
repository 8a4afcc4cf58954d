import type { Operation } from "../history.ts";
import type { Model } from "../model.ts";
import { mix, shown } from "../values.ts";

/**
 * A counter.
 *
 * - `add`: input how much, which may be negative; `increment` and `decrement`: input how much, null is 1. Their outputs do not
 *   matter.
 * - `add-and-get`: output the number afterwards.
 * - `read`: output the number.
 */
export function counter(initial: number = 0): Model<number> {
  return {
    initial,
    step(state, operation) {
      const answered = operation.outcome === "ok";
      if (operation.f === "read") return !answered || operation.output === state ? state : undefined;
      const change = changeOf(operation);
      if (change === undefined) return undefined;
      const after = state + change;
      return operation.f === "add-and-get" && answered && operation.output !== after ? undefined : after;
    },
    equal: Object.is,
    hash: mix,
    isRead: ({ f }) => f === "read",
    describe(operation) {
      const answered = operation.outcome === "ok";
      if (operation.f === "read") return answered ? `read ${shown(operation.output)}` : "asked to read";
      const told = operation.f === "add-and-get" && answered ? ` and got ${shown(operation.output)}` : "";
      return `${answered ? "added" : "asked to add"} ${changeOf(operation) ?? shown(operation.input)}${told}`;
    },
    describeState: String,
    subject: "the counter",
  };
}

function changeOf({ f, input }: Operation): number | undefined {
  const amount = input ?? 1;
  if (typeof amount !== "number") return undefined;
  if (f === "decrement") return -amount;
  return f === "add" || f === "add-and-get" || f === "increment" ? amount : undefined;
}
