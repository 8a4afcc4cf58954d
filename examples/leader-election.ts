/**
 * Workers of whom one leads, and an observer who always knows which: `node examples/leader-election.ts [endpoint…]`.
 */
import { Election } from "@synod/client/recipes/election";
import { StoreClient } from "@synod/client/store";
import { op } from "@synod/client/txn";

const endpoints =
  process.argv.length > 2 ? process.argv.slice(2) : ["127.0.0.1:2379", "127.0.0.1:12379", "127.0.0.1:22379"];
const store = new StoreClient({ endpoints });
const election = new Election(store, `elections/example-${process.pid}`);
const terms = `terms/example-${process.pid}`;

const observing = (async () => {
  let led = false;
  for await (const leader of election.observe()) {
    if (led && leader === undefined) return;
    led ||= leader !== undefined;
    if (leader !== undefined) console.log(`observed: ${leader.kv.valueText}`);
  }
})();

async function work(name: string): Promise<void> {
  await using leadership = await election.campaign(name, { ttl: 10 });
  // What a leader does is fenced by its guard: a leader of the past cannot do it any more.
  const step = await store.txn().when(leadership.guard).do(op.put(terms, name)).commit();
  console.log(`${name} leads and works: ${step.succeeded}`);
  for await (const leader of election.observe()) if (leader?.token === leadership.token) break;
}

await Promise.all(["one", "two", "three"].map(work));
await observing;
console.log("nobody leads any more");
store.close();
