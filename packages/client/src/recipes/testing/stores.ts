import { GatewayClient } from "../../gateway-client.ts";
import { StoreClient } from "../../store.ts";
import type { Store } from "../../store-api.ts";
import { Relay } from "../../testing/relay.ts";
import { type StoreServer, servers } from "../../testing/servers.ts";

/** A way to a store that the recipes are tried over. */
export interface Way {
  readonly name: string;
  start(): Promise<StoreServer>;
  connect(endpoint: string): Store;
}

/** Real etcd and Synod, over gRPC and over the JSON gateway. */
export const ways: readonly Way[] = [
  { name: "etcd", start: servers.etcd, connect: (endpoint) => new StoreClient({ endpoints: [endpoint] }) },
  { name: "synod", start: servers.synod, connect: (endpoint) => new StoreClient({ endpoints: [endpoint] }) },
  {
    name: "synod's gateway",
    start: servers.synod,
    connect: (endpoint) => new GatewayClient({ endpoints: [endpoint] }),
  },
];

/** A client whose network the test can cut. */
export async function behindRelay(
  server: StoreServer,
): Promise<{ store: Store; relay: Relay; close(): Promise<void> }> {
  const relay = await Relay.start(server.endpoint);
  const store = new StoreClient({ endpoints: [relay.endpoint], timeout: 300 });
  const close = async (): Promise<void> => {
    store.close();
    relay.cut();
    await relay.shut().catch(() => {});
  };
  return { store, relay, close };
}
