import { setTimeout as sleep } from "node:timers/promises";
import { type Doer, type Ended, mapped } from "./history-log.ts";
import { type TxnAnswer, txn } from "./txn.ts";
import type { Bench, Workload } from "./workload.ts";

const LOCKS = 5;
const TTL_SECONDS = 2;
/** A holder that does nothing for so long after its lease has lost its lock, and does not know. */
const ASLEEP_MS = 300;
/** One write in so many. */
const SLEEPS = 15;
const WRITES = 3;

/** What a holder knows of its lock. */
interface Held {
  readonly token: number;
  /** Microseconds from the call on for which nobody else may be given it; 0 where clocks are not to be believed. */
  readonly lease: number;
}

/**
 * Locks with fencing: a lock is a key on a lease, and its token is the revision that made it, which only grows. Who writes
 * what the lock protects says its token, and the store takes the write only while that lock is held. Holders that sleep too
 * long lose their locks without being told, and try to write all the same.
 */
export function locks({ log, random, prefix, clocksLie }: Bench): Workload {
  const chance = random.split("locks");
  let values = 0;

  const acquire = async (doer: Doer, lock: string, lease: number): Promise<Ended<Held>> => {
    const asked = log.now();
    const granted = await doer.api.leaseGrant(lease, TTL_SECONDS);
    if (granted.type !== "ok") return { type: "fail", reason: "it got no lease" };
    return log.record(doer, "acquire", lock, null, async () => {
      // It began to run out when it was granted, or later.
      const left = granted.value.ttlSeconds * 1_000_000 - (log.now() - asked);
      const key = `${prefix}lock/${lock}`;
      const free = { key, create: 0 };
      const ended = await txn(doer.api, [free], [{ put: key, value: String(doer.process), lease }]);
      if (ended.type !== "ok") return ended;
      if (!ended.output.succeeded) return { type: "fail", reason: "somebody holds it" };
      return { type: "ok", output: { token: ended.output.revision, lease: clocksLie ? 0 : Math.max(0, left) } };
    });
  };

  const write = (doer: Doer, lock: string, token: number): Promise<Ended<unknown>> => {
    values += 1;
    const put = { put: `${prefix}protected/${lock}`, value: String(values) };
    const fence = { key: `${prefix}lock/${lock}`, create: token };
    return log.record(doer, "write", lock, { token, value: values }, async () =>
      refusedIfNot(await txn(doer.api, [fence], [put])),
    );
  };

  const release = (doer: Doer, lock: string, token: number): Promise<Ended<unknown>> => {
    const key = `${prefix}lock/${lock}`;
    return log.record(doer, "release", lock, token, async () =>
      refusedIfNot(await txn(doer.api, [{ key, mod: token }], [{ delete: key }])),
    );
  };

  /** One lock, from its acquisition to its release or until it goes wrong. */
  const hold = async (doer: Doer): Promise<Ended<unknown>> => {
    const lock = String(chance.below(LOCKS));
    const lease = 1 + chance.below(2 ** 31 - 1);
    const held = await acquire(doer, lock, lease);
    if (held.type !== "ok") {
      // Should the lock be held by that lease after all, nobody would have it for as long as that lasts.
      await doer.api.leaseRevoke(lease);
      return held;
    }
    const { token } = held.output;
    for (let left = chance.between(1, WRITES); left > 0; left -= 1) {
      if (chance.below(SLEEPS) === 0) await sleep(TTL_SECONDS * 1000 + ASLEEP_MS);
      const written = await write(doer, lock, token);
      if (written.type === "unknown") return written;
    }
    return release(doer, lock, token);
  };

  return { model: "lock", level: "mutual exclusion", client: () => hold, finish: async () => {} };
}

function refusedIfNot(ended: Ended<TxnAnswer>): Ended<null> {
  if (ended.type === "ok" && !ended.output.succeeded) return { type: "fail", reason: "the lock is another's" };
  return mapped(ended, () => null);
}
