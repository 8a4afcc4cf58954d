/** Elections, the registry, cached reads and transactions: what others decided, read while it changes. */
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { withPrefix } from "../bytes.ts";
import { SynodError } from "../errors.ts";
import type { Store } from "../store-api.ts";
import type { StoreServer } from "../testing/servers.ts";
import { op } from "../txn.ts";
import { PrefixCache } from "./cache.ts";
import { Election } from "./election.ts";
import { type Instance, ServiceRegistry } from "./registry.ts";
import { behindRelay, ways } from "./testing/stores.ts";
import { transact } from "./transact.ts";

/** The ways wait for their leases side by side; on each, one thing happens after the other. */
suite("fresh", { concurrency: ways.length }, () => {
  for (const { name, start, connect } of ways)
    suite(name, { concurrency: 1 }, () => {
      let server: StoreServer;
      let store: Store;

      before(async () => {
        server = await start();
        store = connect(server.endpoint);
      });
      after(async () => {
        store.close();
        await server.stop();
      });

      const codeOf = async (attempt: Promise<unknown>): Promise<string> => {
        const error = await attempt.then(
          () => assert.fail("no error"),
          (thrown: unknown) => thrown,
        );
        assert.ok(error instanceof SynodError, String(error));
        return error.code;
      };

      test("one leads, proclaims and resigns, and observers see each leader", async () => {
        const election = new Election(store, "shard-7");
        const seen: (string | undefined)[] = [];
        const watching = (async () => {
          for await (const leader of election.observe()) {
            seen.push(leader?.kv.valueText);
            if (seen.at(-1) === undefined && seen.length > 1) return;
          }
        })();
        const ada = await election.campaign("Ada");
        assert.equal((await election.leader())?.token, ada.token);
        const grace = election.campaign("Grace");
        assert.equal(await codeOf(election.campaign("Barbara", { timeout: 50 })), "timeout");
        await ada.proclaim("Ada, busy");
        assert.equal((await election.leader())?.kv.valueText, "Ada, busy");
        await ada.resign();
        const next = await grace;
        assert.ok(next.token > ada.token);
        assert.equal(await codeOf(ada.proclaim("Ada again")), "lost");
        await next.resign();
        await watching;
        assert.deepEqual(seen.filter((value) => value !== undefined).at(-1), "Grace");
        assert.equal(await election.leader(), undefined);
      });

      test("a leader that is cut off is deposed, and what it writes is refused", async () => {
        const { store: far, relay, close } = await behindRelay(server);
        const old = await new Election(far, "cut").campaign("old", { ttl: 1 });
        const next = new Election(store, "cut").campaign("new");
        await relay.shut();
        const leader = await next;
        assert.equal(old.held, false);
        const write = async (guard: typeof old.guard): Promise<boolean> =>
          (await store.txn().when(guard).do(op.put("cut-state", "x")).commit()).succeeded;
        assert.deepEqual([await write(old.guard), await write(leader.guard)], [false, true]);
        await leader.resign();
        await close();
      });

      test("instances come and go, and observers see the list change", async () => {
        const registry = new ServiceRegistry(store);
        const control = new AbortController();
        let list: string | undefined;
        const watching = (async () => {
          for await (const instances of registry.watch("mail", { signal: control.signal })) {
            list = instances.map(({ id, address, metadata }) => `${id} ${address} ${metadata.zone ?? ""}`).join();
          }
        })();
        // A slow observer sees several changes as one, so each is waited for.
        const seen = async (wanted: string): Promise<void> => {
          while (list !== wanted) await registry.instances("mail");
        };
        await seen("");
        const one = await registry.register("mail", { address: "a:1", metadata: { zone: "east" } }, { id: "one" });
        const two = await registry.register("mail", { address: "b:2" }, { id: "two" });
        assert.deepEqual(
          (await registry.instances("mail")).map(({ id }) => id),
          ["one", "two"],
        );
        await seen("one a:1 east,two b:2 ");
        await one.update({ address: "a:9" });
        await seen("one a:9 ,two b:2 ");
        await two.unregister();
        await store.put("services/mail/broken", "no JSON"); // listed nowhere
        await seen("one a:9 ");
        await one.unregister();
        await seen("");
        assert.equal(await codeOf(registry.register("a/b", { address: "x" })), "invalid");
        control.abort();
        assert.equal(await codeOf(watching), "aborted");
      });

      test("an instance that was cut off, or deleted, registers again by itself", async () => {
        const { store: far, relay, close } = await behindRelay(server);
        const registry = new ServiceRegistry(store);
        const instance = await new ServiceRegistry(far).register("web", { address: "w:1" }, { ttl: 1, id: "w" });
        const sizes = registry.watch("web");
        const next = async (wanted: (list: readonly Instance[]) => boolean): Promise<Instance | undefined> => {
          for (;;) {
            const { value, done } = await sizes.next();
            assert.ok(done !== true, "the watch has ended");
            if (wanted(value)) return value[0];
          }
        };
        // A slow observer may see it go and come as one change, so each registration is told by its revision.
        const listedAfter = async (revision: number): Promise<number> =>
          (await next(([one]) => one !== undefined && one.since > revision))!.since;
        // Others may see it before it has its answer.
        const registered = async (times: number): Promise<void> => {
          while (instance.times < times) await registry.instances("web");
        };
        const first = await listedAfter(0);
        await store.delete("services/web/w");
        const second = await listedAfter(first);
        await registered(2);
        await relay.shut();
        await next((list) => list.length === 0);
        await relay.open();
        await listedAfter(second);
        await registered(3);
        await sizes.return();
        await instance.unregister();
        assert.deepEqual(await registry.instances("web"), []);
        await close();
      });

      test("a cache holds the prefix, follows it, and waits for what it is told to see", async () => {
        await store.put("c/a", "1");
        await using cache = await PrefixCache.open(store, "c/");
        assert.equal(cache.get("c/a")?.valueText, "1");
        const { header } = await store.put("c/b", "2");
        await cache.atLeast(header.revision);
        assert.deepEqual(
          cache.entries().map(({ keyText }) => keyText),
          ["c/a", "c/b"],
        );
        const elsewhere = await store.put("other", "x"); // raises the revision without an event below the prefix
        await cache.atLeast(elsewhere.header.revision);
        assert.ok(cache.revision >= elsewhere.header.revision);
        await store.delete("c/a");
        await cache.current();
        assert.equal(cache.get("c/a"), undefined);
        assert.throws(() => cache.get("d"), SynodError);
        assert.equal(await codeOf(cache.atLeast(1_000_000, { timeout: 50 })), "timeout");
        await cache.close();
        assert.throws(() => cache.get("c/b"), SynodError);
      });

      test("a cache that was cut off while its history was compacted reads anew, and never goes back", async () => {
        const { store: far, relay, close } = await behindRelay(server);
        for (let key = 0; key < 1_100; key += 100) {
          const puts = Array.from({ length: 100 }, (_, index) => op.put(`big/${key + index}`, "old"));
          await store
            .txn()
            .do(...puts)
            .commit();
        }
        await using cache = await PrefixCache.open(far, "big/");
        assert.equal(cache.size, 1_100);
        let last = 0;
        cache.onChange(({ revision }) => {
          assert.ok(revision >= last);
          last = revision;
        });
        await relay.shut();
        await store.delete("big/7");
        const { header } = await store.put("big/8", "new");
        await store.compact(header.revision);
        await relay.open();
        await cache.atLeast(header.revision, { timeout: 10_000 });
        assert.deepEqual([cache.size, cache.get("big/8")?.valueText, cache.resynchronised], [1_099, "new", 1]);
        await cache.close();
        await close();
      });

      test("a transaction is done again until nothing that it read has changed", async () => {
        const work = (count: number): Promise<unknown> =>
          Promise.all(
            Array.from({ length: count }, () =>
              transact(store, async (tx) => {
                const [a, b] = await Promise.all([tx.get("stm/a"), tx.get("stm/b")]);
                assert.equal(a?.valueText, b?.valueText, "never torn");
                const next = String(Number(a?.valueText ?? 0) + 1);
                tx.put("stm/a", next);
                tx.put("stm/b", next);
                assert.equal((await tx.get("stm/a"))?.valueText, next);
              }),
            ),
          );
        await Promise.all([work(5), work(5)]);
        assert.equal((await store.get("stm/b"))?.valueText, "10");
      });

      test("a transaction that read a range is done again when a key joins or leaves it", async () => {
        await store.put("sum/a", "1");
        await store.put("sum/b", "2");
        let tries = 0;
        await transact(store, async (tx) => {
          const kvs = await tx.range(withPrefix("sum/"));
          tries++;
          if (tries === 1) await store.put("sum/c", "4");
          if (tries === 2) await store.delete("sum/a");
          tx.put("total", String(kvs.reduce((sum, { valueText }) => sum + Number(valueText), 0)));
        });
        assert.equal(tries, 3);
        assert.equal((await store.get("total"))?.valueText, "6");
      });

      test("a transaction gives up when it is told to, when its guard fails, and when its work throws", async () => {
        const race = async (): Promise<void> =>
          transact(
            store,
            async (tx) => {
              await tx.get("hot");
              await store.put("hot", "again");
              tx.put("hot", "mine");
            },
            { attempts: 3 },
          );
        assert.equal(await codeOf(race()), "contended");
        const leadership = await new Election(store, "guards").campaign("x");
        await leadership.resign();
        const late = transact(store, async (tx) => tx.put("g", "1"), { guards: [leadership.guard] });
        assert.equal(await codeOf(late), "lost");
        const thrown = transact(store, () => Promise.reject(new RangeError("mine")));
        await assert.rejects(thrown, RangeError);
        assert.equal(await transact(store, async (tx) => (await tx.get("g"))?.valueText), undefined);
      });
    });
});
