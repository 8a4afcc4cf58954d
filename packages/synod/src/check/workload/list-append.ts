import { type Doer, type Ended, mapped } from "./history-log.ts";
import { Keys } from "./keys.ts";
import { drawMicroOperations, type MicroOperation } from "./micro-operations.ts";
import { type TxnAnswer, txn } from "./txn.ts";
import type { Bench, Workload } from "./workload.ts";

/** A list grows with each append, and every read carries all of it. */
const OPERATIONS_PER_KEY = 120;
/** Others may change a list between the read and the write of it, again and again. */
const ATTEMPTS = 4;

/**
 * Transactions over lists: reads and appends of several keys as one. The store has no append, so a client reads all its
 * keys in one transaction and writes in a second one, which does nothing if a key was changed in between.
 */
export function listAppend({ log, random, distribution, prefix }: Bench): Workload {
  const keys = new Keys(distribution, OPERATIONS_PER_KEY, random.split("keys"));
  const chance = random.split("verbs");
  let appended = 0;
  const value = (): number => {
    appended += 1;
    return appended;
  };
  const perform = (doer: Doer, input: readonly MicroOperation[]): Promise<Ended<unknown>> =>
    log.record(doer, "txn", "", input, () => attempt(doer, input, prefix));
  return {
    model: "list-append",
    level: "strict-serializable",
    client: () => (doer) => perform(doer, drawMicroOperations(keys, chance, "append", value)),
    finish: async (doer) => {
      for (const key of keys.current()) await perform(doer, [["r", key, null]]);
    },
  };
}

async function attempt(doer: Doer, input: readonly MicroOperation[], prefix: string): Promise<Ended<unknown>> {
  const reads = input.map(([, key]) => ({ get: prefix + key }));
  for (let left = ATTEMPTS; left > 0; left -= 1) {
    const before = await txn(doer.api, [], reads);
    // Nothing was written yet: however this ended, the whole had no effect.
    if (before.type !== "ok") return { type: "fail", reason: before.reason };
    const { found } = before.output;
    const output = input.map(([verb, key, value], place): MicroOperation => {
      return [verb, key, verb === "r" ? listOf(found[place]?.value) : value];
    });
    const puts = input.flatMap(([verb, key, value], place) => {
      const list = [...(listOf(found[place]?.value) ?? []), value as number];
      return verb === "append" ? [{ put: prefix + key, value: list.join(" ") }] : [];
    });
    if (puts.length === 0) return { type: "ok", output };
    const compares = input.map(([, key], place) => ({ key: prefix + key, mod: found[place]?.revision ?? 0 }));
    const ended: Ended<TxnAnswer> = await txn(doer.api, compares, puts);
    if (ended.type !== "ok" || ended.output.succeeded) return mapped(ended, () => output);
  }
  return { type: "fail", reason: "others changed a key, each time" };
}

function listOf(value: string | null | undefined): number[] | null {
  return value === null || value === undefined ? null : value.split(" ").map(Number);
}
