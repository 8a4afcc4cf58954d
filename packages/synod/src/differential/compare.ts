import { equal } from "./answers.ts";
import type { Operation } from "./operation.ts";
import type { Side } from "./side.ts";

export interface Difference {
  /** Of the first operation that was answered differently. */
  readonly index: number;
  readonly operation: Operation;
  readonly said: readonly [string, string];
}

/** Asks both for the same, each in this order, and both at the same time. @returns the first difference. */
export async function compare(
  operations: readonly Operation[],
  [one, other]: readonly [Side, Side],
): Promise<Difference | undefined> {
  const run = async (side: Side): Promise<Awaited<ReturnType<Side["ask"]>>[]> => {
    const all = [];
    for (const operation of operations) {
      try {
        all.push(await side.ask(operation));
      } catch (error) {
        all.push({ text: `${side.name} failed: ${(error as Error).message}` });
        break;
      }
    }
    return all;
  };
  const [ones, others] = await Promise.all([run(one), run(other)]);
  for (const [index, operation] of operations.entries()) {
    const [a, b] = [ones[index], others[index]];
    const said = [a?.text ?? "nothing", b?.text ?? "nothing"] as const;
    if (a === undefined || b === undefined || !equal(a, b)) {
      const left = a?.ttl === b?.ttl ? "" : `, ${a?.ttl} and ${b?.ttl} seconds left`;
      return { index, operation, said: [said[0] + left, said[1]] };
    }
  }
  return undefined;
}
