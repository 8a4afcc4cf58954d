import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { freePort } from "@synod/runtime/testing/ports";
import { withPrefix } from "./bytes.ts";
import { SynodError } from "./errors.ts";
import { StoreClient } from "./store.ts";
import { refusal } from "./testing/refusal.ts";
import { Relay } from "./testing/relay.ts";
import { type StoreServer, servers } from "./testing/servers.ts";
import type { Watch, WatchEvent } from "./watch.ts";

/** Watches, leases and failover over connections that the test cuts. The same for etcd itself and for Synod. */
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

    async function take(watch: Watch, count: number): Promise<WatchEvent[]> {
      const events: WatchEvent[] = [];
      for await (const batch of watch) {
        events.push(...batch.events);
        if (events.length >= count) break;
      }
      return events;
    }
    const shown = ({ type, kv }: WatchEvent): string => `${type} ${kv.keyText}=${kv.valueText}`;

    test("a watch sees puts and deletes of its prefix, with what was there before", async () => {
      const watch = client.watch(withPrefix("w/"), { previous: true });
      await watch.created;
      await client.put("w/a", "1");
      await client.put("elsewhere", "x");
      await client.put("w/a", "2");
      await client.delete("w/a");
      const events = await take(watch, 3);
      assert.deepEqual(events.map(shown), ["put w/a=1", "put w/a=2", "delete w/a="]);
      assert.deepEqual(
        events.map(({ previous }) => previous?.valueText),
        [undefined, "1", "2"],
      );
    });

    test("a watch can begin in the past and hear of one kind only", async () => {
      const { header } = await client.put("past", "1");
      await client.put("past", "2");
      await client.delete("past");
      const puts = await take(client.watch("past", { startRevision: header.revision, only: "puts" }), 2);
      assert.deepEqual(puts.map(shown), ["put past=1", "put past=2"]);
      const [deleted] = await take(client.watch("past", { startRevision: header.revision, only: "deletes" }), 1);
      assert.equal(deleted?.type, "delete");
    });

    test("a watch misses nothing and repeats nothing over cut connections", async () => {
      const relay = await Relay.start(server.endpoint);
      const behind = new StoreClient({ endpoints: [relay.endpoint] });
      const watch = behind.watch(withPrefix("cut/"));
      await watch.created;
      const seen = take(watch, 30);
      for (let count = 0; count < 30; count++) {
        await client.put(`cut/${count}`, String(count));
        if (count % 10 === 5) relay.cut();
      }
      assert.deepEqual(
        (await seen).map(({ kv }) => kv.valueText),
        Array.from({ length: 30 }, (_, count) => String(count)),
      );
      assert.ok(relay.connections > 1, "the connection was indeed cut");
      behind.close();
      await relay.shut();
    });

    test("a watch on compacted history ends with what is left", async () => {
      const { header } = await client.put("gone", "1");
      await client.put("gone", "2");
      await client.compact(header.revision + 1);
      await assert.rejects(take(client.watch("gone", { startRevision: header.revision }), 1), (error) => {
        assert.ok(error instanceof SynodError);
        assert.equal(error.code, "compacted");
        assert.match(error.message, new RegExp(`the oldest is ${header.revision + 1}`));
        return true;
      });
    });

    test("a closed watch ends its loop", async () => {
      const watch = client.watch("closed");
      const seen = take(watch, 1);
      await watch.created;
      watch.close();
      assert.deepEqual(await seen, []);
    });

    test("requests go to the next endpoint when one is not there", async () => {
      const nobody = `127.0.0.1:${await freePort()}`;
      const failing = new StoreClient({ endpoints: [nobody, server.endpoint] });
      await failing.put("failover", "1"); // a write too: a refused connection certainly did not apply it
      assert.equal((await failing.get("failover"))?.valueText, "1");
      failing.close();
    });

    test("nobody there at all is an error that says so, and nothing was applied", async () => {
      const nobody = new StoreClient({ endpoints: [`127.0.0.1:${await freePort()}`], timeout: 200 });
      await assert.rejects(nobody.put("x", "1"), (error) => {
        assert.ok(error instanceof SynodError);
        assert.equal(error.code, "notApplied");
        assert.match(
          error.message,
          /^put "x" at 127\.0\.0\.1:\d+: no connection to 127\.0\.0\.1:\d+ \(ECONNREFUSED\)$/,
        );
        return true;
      });
      nobody.close();
    });

    test("a write without an answer is unknown, a read goes elsewhere", async () => {
      const paused = await start();
      const both = new StoreClient({ endpoints: [paused.endpoint, server.endpoint], timeout: 600 });
      await both.put("warm", "1");
      paused.pause();
      const { code, outcome } = await refusal(() => both.put("x", "1"));
      assert.deepEqual([code, outcome], ["unknown", "unknown"]);
      await client.put("elsewhere", "yes");
      assert.equal((await both.get("elsewhere"))?.valueText, "yes");
      both.close();
      paused.resume();
      await paused.stop();
    });
  });
