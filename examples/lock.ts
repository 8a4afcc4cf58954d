/**
 * A lock that stays safe when its holder pauses: `node examples/lock.ts [endpoint…]`.
 *
 * Whoever creates the key holds the lock, until it lets go or its lease runs out. A holder that was paused may not notice that
 * it has lost the lock, so the lock alone protects nothing outside the store. What protects is the fence: the revision at which
 * the lock was taken goes with every write, and the write happens only while the lock still has that revision.
 */
import { StoreClient } from "@synod/client/store";
import { compare, op } from "@synod/client/txn";

const endpoints =
  process.argv.length > 2 ? process.argv.slice(2) : ["127.0.0.1:2379", "127.0.0.1:12379", "127.0.0.1:22379"];
const store = new StoreClient({ endpoints });
const key = `locks/printer-${process.pid}`;

interface Held {
  readonly fence: number;
  release(): Promise<void>;
}

async function acquire(name: string): Promise<Held> {
  const lease = (await store.grantLease(5)).keepAlive();
  for (;;) {
    const attempt = await store
      .txn()
      .when(compare.version(key, "=", 0))
      .do(op.put(key, name, { lease: lease.id }))
      .else(op.get(key))
      .commit();
    if (attempt.succeeded) return { fence: attempt.header.revision, release: () => lease.revoke() };
    console.log(`${name} waits`);
    for await (const { events } of store.watch(key, { startRevision: attempt.header.revision + 1, only: "deletes" }))
      if (events.length > 0) break;
  }
}

/** @returns whether it was printed: not if somebody else has held the lock since. */
async function print(text: string, held: Held): Promise<boolean> {
  const fenced = await store
    .txn()
    .when(compare.createRevision(key, "=", held.fence))
    .do(op.put(`${key}/paper`, text))
    .commit();
  return fenced.succeeded;
}

const first = await acquire("Ada");
const second = acquire("Grace");
console.log(`Ada prints: ${await print("Ada's page", first)}`);
await first.release();
const held = await second;
console.log(`Grace prints: ${await print("Grace's page", held)}`);
console.log(`Ada, who slept and thinks she still holds the lock, prints: ${await print("Ada again", first)}`);
console.log(`on the paper: ${(await store.get(`${key}/paper`))?.valueText}`);
await held.release();
store.close();
