import type { History, Operation } from "../history.ts";
import type { Model } from "../model.ts";

/**
 * The definition of sequential consistency itself, by trying every interleaving: for histories of a handful of operations.
 * Judges what `checkSequential` judges, and shares nothing with it but the model.
 */
export function isSequentialByDefinition<State>(history: History, model: Model<State>): boolean {
  const done = new Set<Operation>();
  const failed = history.filter((operation) => operation.outcome === "fail");
  for (const operation of failed) done.add(operation);
  const precedes = (a: Operation, b: Operation): boolean =>
    a !== b && a.process === b.process && a.outcome === "ok" && a.call <= b.call && a.return <= b.call;
  const extend = (states: ReadonlyMap<string, State>): boolean => {
    if (history.every((operation) => done.has(operation) || operation.outcome !== "ok")) return true;
    return history.some((operation) => {
      if (done.has(operation)) return false;
      if (history.some((other) => precedes(other, operation) && !done.has(other))) return false;
      const next = model.step(states.get(operation.key) ?? model.initial, operation);
      if (next === undefined) return false;
      done.add(operation);
      const possible = extend(new Map(states).set(operation.key, next));
      done.delete(operation);
      return possible;
    });
  };
  return extend(new Map());
}
