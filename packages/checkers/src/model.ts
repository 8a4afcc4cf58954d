import type { History, Operation } from "./history.ts";

export type RegisterOperation =
  | { readonly type: "read"; readonly value: unknown }
  | { readonly type: "write"; readonly value: unknown }
  /** Done: a read of `from` and a write of `to` at one instant. */
  | { readonly type: "cas"; readonly from: unknown; readonly to: unknown };

/** What a system promises, as a sequential object. States are values: `step` never changes the one it is given. */
export interface Model<State, Input = unknown, Output = unknown> {
  readonly initial: State;
  /**
   * Carries out one operation.
   * Looks at the operation's verb, key, input, outcome and output only; at its process if the model says `usesProcess`.
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
  /** What `describeState` tells, for a sentence: "the value" unless said otherwise. */
  readonly subject?: string;
  /** Steps depend on which process asks. Without this, equal operations of different processes are taken as equal. */
  readonly usesProcess?: true;
  /** Parts of the history that cannot influence each other; by key unless the model knows better. */
  readonly partition?: (history: History) => readonly History[];
  /**
   * The same promise for this history alone, with fewer states: those that no operation of it can tell apart may be one.
   * States of it are only compared and described.
   */
  readonly specialize?: (history: History) => Model<State, Input, Output>;
  /**
   * Pairs of places in `history` of which the first comes before the second in every order that the model and real time
   * allow, if both happened. Spares the search wrong turns; may be empty. None may be given for operations equal to another of unknown outcome.
   */
  readonly precedence?: (history: History) => readonly (readonly [before: number, after: number])[];
  /** The operation as one on a register, for the quick way to judge registers whose written values are all different. */
  readonly asRegister?: (operation: Operation<Input, Output>) => RegisterOperation | undefined;
}
