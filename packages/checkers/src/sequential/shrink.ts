import type { History, Operation } from "../history.ts";
import type { Model } from "../model.ts";
import type { Budget } from "./budget.ts";
import { makeProgram } from "./program.ts";
import { searchSequential } from "./search.ts";

/** Steps for one attempt: an attempt that is not proven in them counts as failed. */
const STEPS_PER_ATTEMPT = 20_000;

/**
 * Makes an impossible history smaller, so that what is left is impossible whatever else happened: operations on other
 * keys go first, then reads, and every other operation is loosened to one that may have happened or not.
 *
 * @returns the operations that cannot stand together, and those that explain them one by one, in order of call.
 */
export function shrinkSequential<State>(history: History, model: Model<State>, budget: Budget): Operation[] {
  const here = withoutKeys(history, model, budget);
  let binding = here.filter((operation) => operation.outcome === "ok");
  for (let chunk = Math.ceil(binding.length / 2); chunk >= 1; chunk = chunk === 1 ? 0 : Math.ceil(chunk / 2)) {
    for (let from = 0; from < binding.length; ) {
      const fewer = binding.toSpliced(from, chunk);
      if (isImpossible(here, model, budget, new Set(fewer))) binding = fewer;
      else from += chunk;
    }
  }
  const part = new Set(binding);
  for (const operation of binding)
    for (const other of explaining(here, model, binding, operation, budget)) part.add(other);
  return [...part].sort((a, b) => a.call - b.call);
}

function isImpossible<State>(
  history: History,
  model: Model<State>,
  budget: Budget,
  binding: ReadonlySet<Operation>,
): boolean {
  if (budget.isSpent) return false;
  const program = makeProgram(history, model, (operation) => binding.has(operation));
  return searchSequential(program, model, budget.part(STEPS_PER_ATTEMPT)).type === "impossible";
}

/** Every key is an object of its own, so an order of all operations is one of the operations on some keys, too. */
function withoutKeys<State>(history: History, model: Model<State>, budget: Budget): History {
  let left = history;
  for (const key of new Set(history.map((operation) => operation.key))) {
    const fewer = left.filter((operation) => operation.key !== key);
    if (isImpossible(fewer, model, budget, new Set(fewer))) left = fewer;
  }
  return left;
}

/** The loosened operations that the others need when one of them is left out. */
function explaining<State>(
  history: History,
  model: Model<State>,
  binding: readonly Operation[],
  without: Operation,
  budget: Budget,
): Operation[] {
  const program = makeProgram(history, model, (operation) => operation !== without && binding.includes(operation));
  const result = searchSequential(program, model, budget.part(STEPS_PER_ATTEMPT));
  if (result.type !== "found") return [];
  return result.order
    .filter((operation) => operation.outcome !== "ok")
    .map(({ process, call, f, key }) => {
      const isIt = (other: Operation): boolean =>
        other.process === process && other.call === call && other.f === f && other.key === key;
      return history.find(isIt) as Operation;
    });
}
