import type { Difference } from "./compare.ts";
import type { Operation } from "./operation.ts";

export interface Shrinking {
  /** Of a list: whether it shows a difference, too. */
  attempt(operations: readonly Operation[]): Promise<Difference | undefined>;
  readonly forMs: number;
  say(line: string): void;
}

/**
 * Delta debugging (Zeller and Hildebrandt, 2002, without the complements of small parts): leaves out half, then quarters, …
 * then single operations, as long as some difference remains. Each attempt begins with two empty stores.
 */
export async function shrink(
  operations: readonly Operation[],
  difference: Difference,
  { attempt, forMs, say }: Shrinking,
): Promise<{ operations: readonly Operation[]; difference: Difference }> {
  const deadline = performance.now() + forMs;
  let best = { operations, difference };
  const better = async (fewer: readonly Operation[]): Promise<boolean> => {
    const found = await attempt(fewer);
    if (found === undefined) return false;
    best = { operations: fewer.slice(0, found.index + 1), difference: found };
    say(`${best.operations.length} operations show it`);
    return true;
  };
  for (let part = Math.ceil(operations.length / 2); ; part = Math.ceil(part / 2)) {
    let from = 0;
    while (from < best.operations.length && performance.now() < deadline) {
      const fewer = [...best.operations.slice(0, from), ...best.operations.slice(from + part)];
      // What is left out makes room for what comes next.
      if (fewer.length === 0 || !(await better(fewer))) from += part;
    }
    if (part === 1 || performance.now() > deadline) return best;
  }
}
