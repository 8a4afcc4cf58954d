/**
 * A configuration that reloads itself and never misses a change: `node examples/configuration.ts [endpoint…]`.
 *
 * Read everything once, remember the revision at which it was read, and watch from the next one: between the reading and the
 * watching nothing can be lost, and after a lost connection the watch goes on where it was.
 */
import { withPrefix } from "@synod/client/bytes";
import { StoreClient } from "@synod/client/store";
import { op } from "@synod/client/txn";

const endpoints =
  process.argv.length > 2 ? process.argv.slice(2) : ["127.0.0.1:2379", "127.0.0.1:12379", "127.0.0.1:22379"];
const store = new StoreClient({ endpoints });
const folder = `configuration-${process.pid}/`;

await store.put(`${folder}colour`, "red");
await store.put(`${folder}size`, "10");

const { kvs, header } = await store.range(withPrefix(folder));
const settings = new Map(kvs.map(({ keyText, valueText }) => [keyText.slice(folder.length), valueText]));
console.log(`read at the start: ${shown()}`);

// Somebody changes two settings at once: whoever watches sees both in one batch, never the one without the other.
void store
  .txn()
  .do(op.put(`${folder}colour`, "blue"), op.put(`${folder}size`, "12"))
  .commit();

for await (const { events } of store.watch(withPrefix(folder), { startRevision: header.revision + 1 })) {
  for (const { type, kv } of events) {
    const name = kv.keyText.slice(folder.length);
    if (type === "put") settings.set(name, kv.valueText);
    else settings.delete(name);
  }
  console.log(`reloaded: ${shown()}`);
  break;
}
await store.delete(withPrefix(folder));
store.close();

function shown(): string {
  return [...settings].map(([name, value]) => `${name}=${value}`).join(", ");
}
