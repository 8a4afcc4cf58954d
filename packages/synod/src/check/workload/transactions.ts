import { type Doer, type Ended, mapped } from "./history-log.ts";
import { Keys } from "./keys.ts";
import { drawMicroOperations, type MicroOperation } from "./micro-operations.ts";
import { txn } from "./txn.ts";
import type { Bench, Workload } from "./workload.ts";

const OPERATIONS_PER_KEY = 200;

/** Transactions over registers: reads and writes of several keys, each transaction one request to the store. */
export function transactions({ log, random, distribution, prefix }: Bench): Workload {
  const keys = new Keys(distribution, OPERATIONS_PER_KEY, random.split("keys"));
  const chance = random.split("verbs");
  let written = 0;
  const value = (): number => {
    written += 1;
    return written;
  };
  const perform = (doer: Doer, input: readonly MicroOperation[]): Promise<Ended<unknown>> =>
    log.record(doer, "txn", "", input, async () => {
      const ops = input.map(([verb, key, value]) =>
        verb === "r" ? { get: prefix + key } : { put: prefix + key, value: String(value) },
      );
      return mapped(await txn(doer.api, [], ops), ({ found }) =>
        input.map(([verb, key, value], place): MicroOperation => {
          const read = found[place]?.value ?? null;
          return [verb, key, verb === "r" ? (read === null ? null : Number(read)) : value];
        }),
      );
    });
  return {
    model: "rw-register",
    level: "strict-serializable",
    client: () => (doer) => perform(doer, drawMicroOperations(keys, chance, "w", value)),
    finish: async (doer) => {
      for (const key of keys.current()) await perform(doer, [["r", key, null]]);
    },
  };
}
