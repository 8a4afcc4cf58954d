import type { History, Operation } from "../history.ts";
import type { Model } from "../model.ts";
import type { Limits, Verdict, Violation } from "../verdict.ts";
import { Budget } from "./budget.ts";
import { byProcess, makeProgram, withoutProgramOrder } from "./program.ts";
import { type SequentialSearchResult, searchSequential } from "./search.ts";
import { shrinkSequential } from "./shrink.ts";

const DEFAULT_MAX_STEPS = 2_000_000;

/**
 * Is there one order of all operations, on all keys, that keeps the order of each process and gives every answer?
 * (Lamport, "How to Make a Multiprocessor Computer That Correctly Executes Multiprocess Programs", 1979.) Times between
 * processes do not count: an answer may be arbitrarily old.
 *
 * Unlike linearizability it is not local: each key by itself may be sequential and the whole not. So all keys are judged
 * together; the problem is NP-complete, hence the limits.
 *
 * @param model what one key does; every key starts in its initial state.
 * @param limits `maxSteps` counts calls of `model.step`, in all.
 */
export function checkSequential<State>(history: History, model: Model<State>, limits: Limits = {}): Verdict {
  const problem = withoutProgramOrder(history);
  if (problem !== undefined) return { type: "unknown", reason: `The history cannot be judged: ${problem}.` };
  const maxSteps = limits.maxSteps ?? DEFAULT_MAX_STEPS;
  const budget = new Budget(maxSteps, limits.isOver);
  let result: SequentialSearchResult<State> | undefined;
  const keys = oneKeyEach(history);
  // One key that no order explains proves as much as the whole, and is found sooner; together they get half of the steps.
  for (const part of [...keys, history]) {
    const share = part === history ? budget : budget.part(Math.ceil(maxSteps / 2 / keys.length));
    result = searchSequential(makeProgram(part, model), model, share);
    if (result.type === "impossible") {
      const smallest = shrinkSequential(part, model, new Budget(maxSteps, limits.isOver));
      return { type: "illegal", violations: [explain(smallest, part, model)] };
    }
  }
  if (result?.type === "found") return { type: "ok" };
  return {
    type: "unknown",
    reason: `Gave up on an order of all ${history.length} operations after ${maxSteps} steps.`,
  };
}

function oneKeyEach(history: History): History[] {
  const keys = new Map<string, Operation[]>();
  for (const operation of history) {
    const operations = keys.get(operation.key);
    if (operations === undefined) keys.set(operation.key, [operation]);
    else operations.push(operation);
  }
  return keys.size < 2 ? [] : [...keys.values()];
}

const FEW = 12;

function explain<State>(operations: readonly Operation[], part: History, model: Model<State>): Violation {
  const again = searchSequential(makeProgram(operations, model), model, new Budget(DEFAULT_MAX_STEPS, undefined));
  const names = [...new Set(operations.map(({ key }) => key))];
  const tell = (operation: Operation): string =>
    `${names.length > 1 ? `at ${JSON.stringify(operation.key)} ` : ""}${model.describe(operation)}`;
  const lines = [...byProcess(operations)].map(
    ([process, own]) => `process ${process} ${own.map(tell).join(", then ")}`,
  );
  const where = names.length === 1 ? ` of key ${JSON.stringify(names[0])}` : "";
  const what =
    operations.length <= FEW ? `: ${lines.join("; ")}` : `; they are ${operations.length} of ${part.length} operations`;
  const violation: Violation = {
    anomaly: "not sequential",
    reason: `No one order${where} keeps the order of every process and gives these answers${what}.`,
    operations,
    ...(names.length === 1 ? { key: names[0] as string } : {}),
  };
  if (again.type !== "impossible") return violation;
  const states = again.states.map((state) => model.describeState(state)).join(" or ");
  const blame = `process ${again.culprit.process} ${tell(again.culprit)}`;
  return {
    ...violation,
    reason: `${violation.reason} The longest order that fits leaves the value ${states}, and then ${blame}.`,
    culprit: again.culprit,
    order: again.order,
  };
}
