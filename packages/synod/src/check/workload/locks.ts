import { setTimeout as sleep } from "node:timers/promises";
import { type Doer, type Ended, mapped } from "./history-log.ts";
import { type TxnAnswer, txn } from "./txn.ts";
import type { Bench, Workload } from "./workload.ts";

const LOCKS = 3;
const TTL_SECONDS = 2;
/** A holder that does nothing for so long has lost its lock, and does not know. */
const ASLEEP_MS = 2500;
const WRITES = 3;

/**
 * Locks with fencing: a lock is a key on a lease, and its token is the revision that made it, which only grows. Who writes
 * what the lock protects says its token, and the store takes the write only while that lock is held. Holders lose their
 * locks while they sleep, and an administrator takes some away from them; neither is told.
 */
export function locks({ log, random, prefix }: Bench): Workload {
  const chance = random.split("locks");
  const leases = new Map<string, number>();
  let values = 0;

  const acquire = async (doer: Doer, lock: string, lease: number): Promise<Ended<number>> => {
    const granted = await doer.api.leaseGrant(lease, TTL_SECONDS);
    if (granted.type !== "ok") return { type: "fail", reason: "it got no lease" };
    return log.record(doer, "acquire", lock, null, async () => {
      const key = `${prefix}lock/${lock}`;
      const free = { key, create: 0 };
      const ended = await txn(doer.api, [free], [{ put: key, value: String(doer.process), lease }]);
      if (ended.type !== "ok") return ended;
      if (!ended.output.succeeded) return { type: "fail", reason: "somebody holds it" };
      leases.set(lock, lease);
      return { type: "ok", output: ended.output.revision };
    });
  };

  /** Something that only a holder may do. */
  const guarded = (doer: Doer, lock: string, token: number, op: Parameters<typeof txn>[2][number]) =>
    txn(doer.api, [{ key: `${prefix}lock/${lock}`, create: token }], [op]);

  const write = (doer: Doer, lock: string, token: number): Promise<Ended<unknown>> => {
    values += 1;
    const value = values;
    return log.record(doer, "write", lock, { token, value }, async () =>
      refusedIfNot(await guarded(doer, lock, token, { put: `${prefix}protected/${lock}`, value: String(value) })),
    );
  };

  const release = (doer: Doer, lock: string, token: number): Promise<Ended<unknown>> =>
    log.record(doer, "release", lock, token, async () =>
      refusedIfNot(await guarded(doer, lock, token, { delete: `${prefix}lock/${lock}` })),
    );

  /** One lock, from its acquisition to its release or until it goes wrong. */
  const hold = async (doer: Doer): Promise<Ended<unknown>> => {
    const lock = String(chance.below(LOCKS));
    const other = leases.get(lock);
    if (other !== undefined && chance.below(20) === 0) await doer.api.leaseRevoke(other);
    const lease = 1 + chance.below(2 ** 31 - 1);
    const held = await acquire(doer, lock, lease);
    if (held.type !== "ok") {
      // Nobody may use that lease any more, or the lock would be held by nobody for as long as it lasts.
      await doer.api.leaseRevoke(lease);
      return held;
    }
    const token = held.output;
    for (let left = chance.between(1, WRITES); left > 0; left -= 1) {
      if (chance.below(30) === 0) await sleep(ASLEEP_MS);
      const written = await write(doer, lock, token);
      if (written.type === "unknown") return written;
    }
    return release(doer, lock, token);
  };

  return { model: "locks", client: () => hold, finish: async () => {} };
}

function refusedIfNot(ended: Ended<TxnAnswer>): Ended<null> {
  if (ended.type === "ok" && !ended.output.succeeded) return { type: "fail", reason: "the lock is another's" };
  return mapped(ended, () => null);
}
