import type { Operation } from "./history.ts";

/** What a system promises, as a sequential object. States are values: `step` never changes the one it is given. */
export interface Model<State, Input = unknown, Output = unknown> {
  readonly initial: State;
  /**
   * Carries out one operation.
   * @param operation its `output` is to be believed only if its `outcome` is `ok`; an `unknown` one may answer anything.
   * @returns the state afterwards, or undefined if the operation could not have answered what it did in this state.
   */
  step(state: State, operation: Operation<Input, Output>): State | undefined;
  equal(a: State, b: State): boolean;
  /** Equal states have equal hashes; a 32-bit integer. */
  hash(state: State): number;
  /**
   * True if the operation has no effect on the object. Its step may still narrow a state that stands for several (a read
   * can tell which write came last), but never so that an operation fits afterwards that would not have fitted before.
   */
  isRead(operation: Operation<Input, Output>): boolean;
  /** For a person: `read → 4`, `cas 1 → 2: true`. */
  describe(operation: Operation<Input, Output>): string;
  describeState(state: State): string;
}
