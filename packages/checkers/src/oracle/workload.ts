import type { Operation } from "../history.ts";
import type { Model } from "../model.ts";

export type Draw = (below: number) => number;

/** How to ask a model's object, and how the true object answers. */
export interface Workload<State> {
  readonly name: string;
  model(): Model<State>;
  /** @param nth of the history's operations, from 0: for values that are written once only. */
  ask(draw: Draw, nth: number): { f: string; input: unknown; key?: string };
  /** Undefined if the object cannot carry it out now. */
  answer(state: State, operation: Operation, draw: Draw): unknown;
  /** An answer of the same shape that may well be wrong. */
  spoil(draw: Draw, output: unknown): unknown;
}
