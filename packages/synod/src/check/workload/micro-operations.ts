import type { Random } from "@synod/protocols/random";
import type { Keys } from "./keys.ts";

/** One step of a transaction, as Jepsen and Maelstrom write it: a read's value is null until it is answered. */
export type MicroOperation = readonly ["r" | "append" | "w", key: string, value: unknown];

const MOST = 4;

/** One to four steps on different keys, half of them reads. @param value draws what is written, each time anew. */
export function drawMicroOperations(
  keys: Keys,
  random: Random,
  verb: "append" | "w",
  value: () => number,
): readonly MicroOperation[] {
  return keys
    .some(random.between(1, MOST))
    .map((key): MicroOperation => (random.below(2) === 0 ? ["r", key, null] : [verb, key, value()]));
}
