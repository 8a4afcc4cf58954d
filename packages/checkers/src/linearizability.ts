import { type History, malformed, type Operation } from "./history.ts";
import type { Model } from "./model.ts";
import { search } from "./search.ts";
import { interval, type Verdict } from "./verdict.ts";

export interface LinearizabilityOptions {
  /** Calls of `model.step` in all before the answer is "unknown". */
  readonly maxSteps: number;
}

export const DEFAULT_LINEARIZABILITY_OPTIONS: LinearizabilityOptions = { maxSteps: 5_000_000 };

/**
 * Does the history look as if each operation had happened at one instant between its call and its return?
 * (Herlihy and Wing, "Linearizability: A Correctness Condition for Concurrent Objects", 1990.)
 *
 * Keys are judged apart, which is sound because linearizability is local (their theorem 1) and what makes it affordable.
 */
export function checkLinearizability<State>(
  history: History,
  model: Model<State>,
  options: LinearizabilityOptions = DEFAULT_LINEARIZABILITY_OPTIONS,
): Verdict {
  const problem = malformed(history);
  if (problem !== undefined) return { type: "unknown", reason: `The history cannot be judged: ${problem}.` };

  const gaveUp: string[] = [];
  for (const [key, operations] of partitionByKey(relevant(history, model))) {
    const result = search(operations, model, options);
    if (result.type === "gaveUp") gaveUp.push(JSON.stringify(key));
    if (result.type !== "impossible") continue;
    const { culprit, order, states } = result;
    const reason = explain(key, culprit, order, states, model);
    const violation = { anomaly: "not linearizable", reason, operations: [...order, culprit], key, culprit, order };
    return { type: "illegal", violations: [violation] };
  }
  if (gaveUp.length === 0) return { type: "ok" };
  const keys = `${gaveUp.length === 1 ? "key" : "keys"} ${gaveUp.slice(0, 5).join(", ")}`;
  return { type: "unknown", reason: `Gave up on ${keys} after ${options.maxSteps} steps each.` };
}

/** What failed changed nothing; a read that was never answered says nothing. */
function relevant<State>(history: History, model: Model<State>): History {
  return history.filter(
    (operation) => operation.outcome === "ok" || (operation.outcome === "unknown" && !model.isRead(operation)),
  );
}

function partitionByKey(history: History): Map<string, Operation[]> {
  const partitions = new Map<string, Operation[]>();
  for (const operation of history) {
    const partition = partitions.get(operation.key);
    if (partition === undefined) partitions.set(operation.key, [operation]);
    else partition.push(operation);
  }
  return partitions;
}

const RECENT = 3;

/** Everything that returned before the culprit can be put in order; the culprit can not be added to any such order. */
function explain<State>(
  key: string,
  culprit: Operation,
  order: readonly Operation[],
  states: readonly State[],
  model: Model<State>,
): string {
  const tell = (operation: Operation): string =>
    `process ${operation.process} ${model.describe(operation)} (${interval(operation)})`;
  const possible = states.map((state) => model.describeState(state)).join(" or ");
  const recent = order.slice(-RECENT).map(tell).join("; ");
  const before = recent === "" ? "Nothing happened before it" : `The last that fit were: ${recent}`;
  return `Key ${JSON.stringify(key)}: nothing explains ${tell(culprit)}. By then the value could only be ${possible}. ${before}.`;
}
