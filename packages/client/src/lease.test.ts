/** Leases over connections that the test cuts. */
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { StoreClient } from "./store.ts";
import { Relay } from "./testing/relay.ts";
import { type StoreServer, servers } from "./testing/servers.ts";

for (const [name, start] of Object.entries(servers))
  suite(name, () => {
    let server: StoreServer;
    let client: StoreClient;

    before(async () => {
      server = await start();
      client = new StoreClient({ endpoints: [server.endpoint] });
    });
    after(async () => {
      client.close();
      await server.stop();
    });

    test("a lease that cannot be renewed is reported lost before the server can think so", async () => {
      const relay = await Relay.start(server.endpoint);
      const behind = new StoreClient({ endpoints: [relay.endpoint], timeout: 300 });
      const lease = (await behind.grantLease(2)).keepAlive();
      const begun = performance.now();
      await relay.shut();
      assert.match(await lease.lost, /no renewal came through in time/);
      assert.ok(performance.now() - begun < 3_500);
      behind.close();
    });

    test("a kept lease outlives its time", async () => {
      const lease = (await client.grantLease(2)).keepAlive();
      await client.put("kept", "x", { lease: lease.id });
      const outlived = new Promise((resolve) => setTimeout(resolve, 2_800, "outlived"));
      assert.equal(await Promise.race([lease.lost, outlived]), "outlived");
      assert.equal((await client.get("kept"))?.valueText, "x");
      await lease.revoke();
    });
  });
