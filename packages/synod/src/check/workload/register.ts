import type { EtcdApi } from "../cluster/etcd-api.ts";
import { type Doer, type Ended, endedBy, mapped } from "./history-log.ts";
import { Keys } from "./keys.ts";
import { txn } from "./txn.ts";
import type { Bench, Workload } from "./workload.ts";

/** A search for an order grows with the operations of a key whose end nobody knows; with so many there are few. */
const OPERATIONS_PER_KEY = 300;

/** Registers of whole numbers: reads, writes of numbers that nobody wrote before, and compare-and-set. */
export function registers({ log, random, distribution, prefix }: Bench): Workload {
  const keys = new Keys(distribution, OPERATIONS_PER_KEY, random.split("keys"));
  const chance = random.split("verbs");
  /** What anybody saw last: what a compare-and-set expects. */
  const seen = new Map<string, number | null>();
  let written = 0;

  const read = async (doer: Doer, key: string): Promise<Ended<unknown>> => {
    const ended = await log.record(doer, "read", key, null, () => get(doer.api, prefix + key));
    if (ended.type === "ok") seen.set(key, ended.output);
    return ended;
  };
  const write = (doer: Doer, key: string): Promise<Ended<unknown>> => {
    written += 1;
    const value = written;
    return log.record(doer, "write", key, value, async () =>
      mapped(endedBy(await doer.api.put(prefix + key, String(value))), () => null),
    );
  };
  const cas = (doer: Doer, key: string, from: number): Promise<Ended<unknown>> => {
    written += 1;
    const to = written;
    return log.record(doer, "cas", key, { from, to }, async () => {
      const compare = { key: prefix + key, value: String(from) };
      const ended = await txn(doer.api, [compare], [{ put: prefix + key, value: String(to) }]);
      return mapped(ended, ({ succeeded }) => succeeded);
    });
  };

  return {
    model: "cas-register",
    level: "linearizable",
    client: () => (doer) => {
      const key = keys.next();
      const verb = chance.below(10);
      const from = seen.get(key);
      if (verb < 5) return read(doer, key);
      if (verb < 8 || typeof from !== "number") return write(doer, key);
      return cas(doer, key, from);
    },
    finish: async (doer) => {
      for (const key of keys.current()) await read(doer, key);
    },
  };
}

async function get(api: EtcdApi, key: string): Promise<Ended<number | null>> {
  return mapped(endedBy(await api.get(key)), ({ value }) => (value === null ? null : Number(value)));
}
