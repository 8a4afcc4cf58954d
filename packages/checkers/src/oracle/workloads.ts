import type { Operation } from "../history.ts";
import type { Model } from "../model.ts";
import { casRegister, type Value } from "../models/register.ts";

/** How to ask a model's object, and how the true object answers. */
export interface Workload<State> {
  readonly name: string;
  model(): Model<State>;
  ask(draw: (below: number) => number, process: number): { f: string; input: unknown };
  /** Undefined if the object cannot carry it out now. */
  answer(state: State, operation: Operation): unknown;
  /** An answer of the same shape that may well be wrong. */
  spoil(draw: (below: number) => number, output: unknown): unknown;
}

const casRegisterWorkload: Workload<Value> = {
  name: "cas-register",
  model: casRegister,
  ask(draw) {
    const verb = draw(3);
    if (verb === 0) return { f: "read", input: null };
    if (verb === 1) return { f: "write", input: draw(3) };
    return { f: "cas", input: { from: draw(3), to: draw(3) } };
  },
  answer(state, { f, input }) {
    if (f === "read") return state;
    return f === "cas" ? (input as { from: Value }).from === state : null;
  },
  spoil: (draw, output) => (typeof output === "boolean" ? !output : draw(3)),
};

// Each workload has a state type of its own, which nobody outside needs to know.
export const WORKLOADS: readonly Workload<unknown>[] = [casRegisterWorkload as Workload<unknown>];
