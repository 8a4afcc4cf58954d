/**
 * A history: what clients asked, what they were told, and when. It is all that a checker may know of a system.
 *
 * Times are integers in any unit, from one clock for the whole history. An operation is taken to have been under way from
 * `call` to `return`, both included.
 */

/**
 * `ok`: answered. `fail`: certainly had no effect (refused, never sent). `unknown`: timed out or cut off; it may have
 * taken effect at any time after its call, may still do so, or never will. A time-out is never a failure.
 */
export type OperationOutcome = "ok" | "fail" | "unknown";

export interface Operation<Input = unknown, Output = unknown> {
  /** The client, which has one operation under way at a time. A client whose operation ended `unknown` goes on as a new process. */
  readonly process: number;
  /** What the operation is about. Operations on different keys are judged apart; give all the same key if they cannot be. */
  readonly key: string;
  /** The verb, as the model knows it: "read", "write", "cas"… */
  readonly f: string;
  readonly input: Input;
  /** Undefined unless `outcome` is `ok`. */
  readonly output: Output | undefined;
  readonly call: number;
  /** `NEVER_RETURNED` unless it was answered. */
  readonly return: number;
  readonly outcome: OperationOutcome;
  /** Which server answered, if somebody noted it. No checker needs it; pictures show it. */
  readonly node?: string;
}

export type History<Input = unknown, Output = unknown> = readonly Operation<Input, Output>[];

/** The return time of an operation that nobody heard of again. */
export const NEVER_RETURNED: number = Number.MAX_SAFE_INTEGER;

interface Open<Input, Output> {
  process: number;
  key: string;
  f: string;
  input: Input;
  output: Output | undefined;
  call: number;
  return: number;
  outcome: OperationOutcome;
}

/** Collects a history while it happens. Record a call before the request leaves, and a return after the answer arrived. */
export class Recorder<Input = unknown, Output = unknown> {
  readonly #operations: Open<Input, Output>[] = [];

  get size(): number {
    return this.#operations.length;
  }

  /** @returns a token for `ok`, `fail` or `unknown`. */
  call(time: number, process: number, f: string, key: string, input: Input): number {
    const outcome: OperationOutcome = "unknown";
    this.#operations.push({ process, key, f, input, output: undefined, call: time, return: NEVER_RETURNED, outcome });
    return this.#operations.length - 1;
  }

  ok(time: number, token: number, output: Output): void {
    this.#close(time, token, "ok").output = output;
  }

  fail(time: number, token: number): void {
    this.#close(time, token, "fail");
  }

  /** The same as never closing it: says in the code that the caller knows it does not know. */
  unknown(token: number): void {
    this.#close(NEVER_RETURNED, token, "unknown");
  }

  /** A copy of what was recorded, in order of call. Operations still under way are `unknown`. */
  history(): History<Input, Output> {
    return this.#operations.map((operation) => ({ ...operation }));
  }

  #close(time: number, token: number, outcome: OperationOutcome): Open<Input, Output> {
    const operation = this.#operations[token];
    if (operation === undefined) throw new RangeError(`no operation ${token} was recorded`);
    if (operation.return !== NEVER_RETURNED) throw new RangeError(`operation ${token} returned twice`);
    operation.outcome = outcome;
    operation.return = time;
    return operation;
  }
}

/** @returns what makes the history impossible to judge, in a sentence; undefined if it is well formed. */
export function malformed(history: History): string | undefined {
  for (const [index, operation] of history.entries()) {
    const areIntegers = Number.isSafeInteger(operation.call) && Number.isSafeInteger(operation.return);
    if (areIntegers && operation.return >= operation.call) continue;
    const where = `operation ${index} (process ${operation.process}, ${operation.f} of ${JSON.stringify(operation.key)})`;
    if (!areIntegers) return `${where} has a time that is not an integer`;
    return `${where} returned at ${operation.return}, before its call at ${operation.call}`;
  }
  return undefined;
}
