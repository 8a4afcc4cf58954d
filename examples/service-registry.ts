/**
 * Instances of a service that come and go, and a client that follows them: `node examples/service-registry.ts [endpoint…]`.
 */
import { ServiceRegistry } from "@synod/client/recipes/registry";
import { StoreClient } from "@synod/client/store";

const endpoints =
  process.argv.length > 2 ? process.argv.slice(2) : ["127.0.0.1:2379", "127.0.0.1:12379", "127.0.0.1:22379"];
const store = new StoreClient({ endpoints });
const registry = new ServiceRegistry(store, `services/example-${process.pid}/`);

const lists = registry.watch("mail");
async function show(count: number): Promise<void> {
  for (;;) {
    const { value: instances = [] } = await lists.next();
    if (instances.length !== count) continue;
    const shown = instances.map(({ id, address, metadata }) => `${id} at ${address} (${metadata.zone ?? "anywhere"})`);
    console.log(`listed: ${shown.join(", ") || "nobody"}`);
    return;
  }
}

const east = { address: "10.0.0.1:25", metadata: { zone: "east" } };
const first = await registry.register("mail", east, { id: "a", ttl: 10 });
await show(1);
const second = await registry.register("mail", { address: "10.0.0.2:25" }, { id: "b", ttl: 10 });
await show(2);
await first.unregister();
await show(1);
await second.unregister();
await show(0);
await lists.return();
store.close();
