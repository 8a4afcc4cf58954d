import type { History } from "./history.ts";
import type { Model } from "./model.ts";
import { type SearchLimits, search } from "./search.ts";
import { judgeUniqueWrites } from "./unique-writes.ts";

export type Decision = { type: "ok" } | { type: "illegal" } | { type: "gaveUp"; limit: "steps" | "time" | "memory" };

/** Whether an order exists, in the quickest way. @param history of one partition; no failed operations, no unanswered reads. */
export function decide<State>(history: History, model: Model<State>, limits: SearchLimits): Decision {
  const quick = judgeUniqueWrites(history, model);
  if (quick !== undefined) return { type: quick };
  const result = search(history, model, limits);
  if (result.type === "gaveUp") return result;
  return { type: result.type === "found" ? "ok" : "illegal" };
}
