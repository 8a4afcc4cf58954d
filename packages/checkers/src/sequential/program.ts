import { type History, malformed, type Operation } from "../history.ts";
import type { Model } from "../model.ts";

/** An operation that may stay out of the order for ever, and that nothing has to wait for. */
export interface Optional {
  readonly operation: Operation;
  readonly key: number;
  /** It comes after the first `after` operations of this session. */
  readonly session: number;
  readonly after: number;
}

/** A history as its processes saw it: what each must have seen happen, in its order. */
export interface Program {
  readonly sessions: readonly (readonly Operation[])[];
  /** The same shape: which key each operation is about. */
  readonly keys: readonly (readonly number[])[];
  readonly optional: readonly Optional[];
  readonly keyNames: readonly string[];
}

/** @returns what makes the history impossible to judge by program order, in a sentence; undefined if nothing does. */
export function withoutProgramOrder(history: History): string | undefined {
  const problem = malformed(history);
  if (problem !== undefined) return problem;
  for (const [process, operations] of byProcess(history)) {
    for (let at = 1; at < operations.length; at += 1) {
      const [before, after] = [operations[at - 1]!, operations[at]!];
      if (before.outcome === "unknown" || before.return <= after.call) continue;
      return `process ${process} has two operations under way at ${after.call}, so they have no order`;
    }
  }
  return undefined;
}

/** Operations by process, each in order of call; without those that failed. */
export function byProcess(history: History): Map<number, Operation[]> {
  const processes = new Map<number, Operation[]>();
  for (const operation of history) {
    if (operation.outcome === "fail") continue;
    const operations = processes.get(operation.process);
    if (operations === undefined) processes.set(operation.process, [operation]);
    else operations.push(operation);
  }
  for (const operations of processes.values()) operations.sort((a, b) => a.call - b.call);
  return processes;
}

/**
 * @param isBinding which of the answered operations must be in the order. Of the others a read is left out, which can
 * only make the history easier to explain, and anything else may be in the order or not, as if it had timed out.
 */
export function makeProgram<State>(
  history: History,
  model: Model<State>,
  isBinding: (operation: Operation) => boolean = () => true,
): Program {
  const keyNumbers = new Map<string, number>();
  const keyOf = (operation: Operation): number => {
    const known = keyNumbers.get(operation.key);
    if (known !== undefined) return known;
    keyNumbers.set(operation.key, keyNumbers.size);
    return keyNumbers.size - 1;
  };
  const sessions: Operation[][] = [];
  const optional: Optional[] = [];
  for (const operations of byProcess(history).values()) {
    const session: Operation[] = [];
    for (const operation of operations) {
      if (operation.outcome === "ok" && isBinding(operation)) session.push(operation);
      else if (!model.isRead(operation)) {
        const weak: Operation = { ...operation, outcome: "unknown", output: undefined };
        optional.push({ operation: weak, key: keyOf(operation), session: sessions.length, after: session.length });
      }
    }
    sessions.push(session);
  }
  optional.sort((a, b) => a.operation.call - b.operation.call);
  const keys = sessions.map((session) => session.map(keyOf));
  return { sessions, keys, optional, keyNames: [...keyNumbers.keys()] };
}
