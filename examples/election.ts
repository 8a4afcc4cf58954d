/**
 * Several workers, one of whom leads: `node examples/election.ts [endpoint…]`.
 *
 * Each candidate puts a key under the same prefix with its own lease; the one whose key is oldest leads. Everybody else waits
 * for the key just before its own to vanish, so that the end of a leader wakes one worker and not all.
 */
import { withPrefix } from "@synod/client/bytes";
import { StoreClient } from "@synod/client/store";

const endpoints =
  process.argv.length > 2 ? process.argv.slice(2) : ["127.0.0.1:2379", "127.0.0.1:12379", "127.0.0.1:22379"];
const store = new StoreClient({ endpoints });
const election = `elections/example-${process.pid}/`;

interface Leadership {
  resign(): Promise<void>;
}

async function campaign(name: string): Promise<Leadership> {
  const lease = (await store.grantLease(5)).keepAlive();
  const own = `${election}${lease.id.toString(16)}`;
  const { header } = await store.put(own, name, { lease: lease.id });
  for (;;) {
    const { kvs, header: read } = await store.range(withPrefix(election), {
      orderBy: "createRevision",
      order: "ascending",
    });
    const before = kvs.filter(({ createRevision }) => createRevision < header.revision).at(-1);
    if (before === undefined) return { resign: () => lease.revoke() };
    for await (const { events } of store.watch(before.key, { startRevision: read.revision + 1, only: "deletes" }))
      if (events.length > 0) break;
  }
}

const first = await campaign("one");
console.log("worker one leads");
const queue = [
  ["two", campaign("two")],
  ["three", campaign("three")],
] as const;
await first.resign();
const [winner, leadership] = await Promise.race(queue.map(async ([name, wait]) => [name, await wait] as const));
console.log("worker one resigned and exactly one of the others leads");
await leadership.resign();
for (const [name, wait] of queue) if (name !== winner) await (await wait).resign();
console.log("and then the last one");
store.close();
