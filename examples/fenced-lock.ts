/**
 * A lock whose holder may sleep too long without doing harm: `node examples/fenced-lock.ts [endpoint…]`.
 *
 * The recipe does what `examples/lock.ts` does by hand, and more: a fair queue, a signal for the loss, an end of patience.
 */
import { Locks } from "@synod/client/recipes/lock";
import { StoreClient } from "@synod/client/store";
import { op } from "@synod/client/txn";

const endpoints =
  process.argv.length > 2 ? process.argv.slice(2) : ["127.0.0.1:2379", "127.0.0.1:12379", "127.0.0.1:22379"];
const store = new StoreClient({ endpoints });
const locks = new Locks(store);
const name = `locks/example-${process.pid}`;

const sleeper = await locks.acquire(name, { ttl: 10, value: "Ada" });
console.log(`Ada holds the lock; Grace, who only tries, gets ${await locks.tryAcquire(name)}`);

// Somebody takes the lock away from Ada, as the store does when she sleeps for longer than ten seconds.
await store.delete(sleeper.key);

{
  await using lock = await locks.acquire(name, { ttl: 10, timeout: 5_000, value: "Grace" });
  console.log(`Grace holds it, with a higher token: ${lock.token > sleeper.token}`);
  const write = store
    .txn()
    .when(lock.guard)
    .do(op.put(`${name}-page`, "Grace's page"));
  console.log(`Grace writes: ${(await write.commit()).succeeded}`);
} // released here

const late = store
  .txn()
  .when(sleeper.guard)
  .do(op.put(`${name}-page`, "Ada's page"));
console.log(`Ada wakes up and writes: ${(await late.commit()).succeeded}`);
console.log(`on the page: ${(await store.get(`${name}-page`))?.valueText}`);
await sleeper.release();
store.close();
