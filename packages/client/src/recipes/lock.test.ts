import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { withPrefix } from "../bytes.ts";
import { SynodError } from "../errors.ts";
import type { Store } from "../store-api.ts";
import type { StoreServer } from "../testing/servers.ts";
import { compare, op } from "../txn.ts";
import { type Lock, Locks } from "./lock.ts";
import { judgeExclusion, type Turn } from "./testing/exclusion.ts";
import { behindRelay, ways } from "./testing/stores.ts";

test("the judge sees two holders at once, and a token that falls", () => {
  const ada = { who: "Ada", token: 5, from: 1, to: 3 };
  assert.equal(judgeExclusion([ada, { who: "Grace", token: 6, from: 3, to: 4 }]), undefined);
  assert.match(judgeExclusion([ada, { who: "Grace", token: 6, from: 2, to: 4 }]) ?? "", /Grace came in beside Ada/);
  assert.match(judgeExclusion([ada, { who: "Grace", token: 4, from: 3, to: 4 }]) ?? "", /Grace has token 4, Ada/);
  assert.equal(judgeExclusion([ada, { who: "Grace", token: 6, from: 2, to: 4 }], 2), undefined);
});

/** The ways wait for their leases side by side; on each, one thing happens after the other. */
suite("lock", { concurrency: ways.length }, () => {
  for (const { name, start, connect } of ways)
    suite(name, { concurrency: 1 }, () => {
      let server: StoreServer;
      let store: Store;
      let locks: Locks;

      before(async () => {
        server = await start();
        store = connect(server.endpoint);
        locks = new Locks(store);
      });
      after(async () => {
        store.close();
        await server.stop();
      });

      const waiting = async (lock: string, count: number): Promise<void> => {
        const watch = store.watch(withPrefix(`${lock}/`));
        await watch.created;
        for (;;) {
          if ((await store.range(withPrefix(`${lock}/`), { countOnly: true })).count >= count) break;
          for await (const _ of watch) break;
        }
        watch.close();
      };

      test("many contend, one holds, and tokens rise from holder to holder", async () => {
        const history: Turn[] = [];
        const contend = async (who: string): Promise<void> => {
          for (let turn = 0; turn < 3; turn++) {
            await using lock = await locks.acquire("many");
            const from = performance.now();
            const counted = Number((await store.get("many-counter"))?.valueText ?? 0);
            const { succeeded } = await store
              .txn()
              .when(lock.guard)
              .do(op.put("many-counter", String(counted + 1)))
              .commit();
            assert.equal(succeeded, true);
            history.push({ who, token: lock.token, from, to: performance.now() });
          }
        };
        await Promise.all(["Ada", "Grace", "Barbara", "Frances"].map(contend));
        assert.equal(judgeExclusion(history), undefined);
        assert.equal((await store.get("many-counter"))?.valueText, "12");
        assert.equal((await store.range(withPrefix("many/"), { countOnly: true })).count, 0);
      });

      test("who asks first is served first", async () => {
        const first = await locks.acquire("fair");
        const order: string[] = [];
        const queue: Promise<void>[] = [];
        for (const [place, who] of ["Ada", "Grace", "Barbara"].entries()) {
          const turn = async (lock: Lock): Promise<void> => {
            order.push(who);
            await lock.release();
          };
          queue.push(locks.acquire("fair").then(turn));
          await waiting("fair", place + 2);
        }
        await first.release();
        await Promise.all(queue);
        assert.deepEqual(order, ["Ada", "Grace", "Barbara"]);
      });

      test("who only tries does not wait, and leaves no trace", async () => {
        const held = await locks.tryAcquire("tried");
        assert.ok(held?.held);
        assert.equal(await locks.tryAcquire("tried"), undefined);
        assert.equal((await store.range(withPrefix("tried/"))).count, 1);
        await held.release();
        assert.equal(held.held, false);
      });

      test("patience and signals end the waiting, and the place in the queue goes to the next", async () => {
        const held = await locks.acquire("patience");
        const thrown = async (attempt: Promise<Lock>): Promise<SynodError> => {
          const error = await attempt.then(
            () => assert.fail("acquired"),
            (reason: unknown) => reason,
          );
          assert.ok(error instanceof SynodError, String(error));
          return error;
        };
        const late = await thrown(locks.acquire("patience", { timeout: 50 }));
        assert.deepEqual([late.code, late.outcome], ["timeout", "refused"]);
        assert.match(late.message, /^lock "patience": not within 50 ms$/);
        const control = new AbortController();
        const aborted = thrown(locks.acquire("patience", { signal: control.signal }));
        await waiting("patience", 2);
        const next = locks.acquire("patience");
        await waiting("patience", 3);
        control.abort();
        assert.equal((await aborted).code, "aborted");
        await held.release();
        await (await next).release();
      });

      test("a time to live is whole seconds, or an error that says so", async () => {
        for (const ttl of [0, 0.5, -1, Number.NaN])
          await assert.rejects(locks.acquire("ttl", { ttl }), (error) => {
            assert.ok(error instanceof SynodError);
            assert.equal(error.code, "invalid");
            assert.match(error.message, /^lock "ttl": ttl is whole seconds from 1 on, not/);
            return true;
          });
      });

      test("a lock named as a folder of another is another lock", async () => {
        await using outer = await locks.acquire("a");
        await using inner = await locks.acquire("a/b");
        await using deeper = await locks.acquire("a/b/c");
        assert.ok(outer.held && inner.held && deeper.held);
      });

      test("a holder that was cut off is told so, and is fenced off", async () => {
        const { store: far, relay, close } = await behindRelay(server);
        const stale = await new Locks(far).acquire("cut", { ttl: 1 });
        const next = locks.acquire("cut");
        await relay.shut();
        await new Promise((resolve) => stale.lost.addEventListener("abort", resolve));
        assert.equal((stale.lost.reason as SynodError).code, "lost");
        assert.equal(stale.held, false);
        const lock = await next;
        assert.ok(lock.token > stale.token);
        const write = (holder: Lock, value: string): Promise<{ succeeded: boolean }> =>
          store.txn().when(holder.guard).do(op.put("cut-paper", value)).commit();
        assert.equal((await write(lock, "new")).succeeded, true);
        assert.equal((await write(stale, "stale")).succeeded, false);
        assert.equal((await store.get("cut-paper"))?.valueText, "new");
        await lock.release();
        await close();
      });

      test("who loses the lease while waiting does not come in", async () => {
        const held = await locks.acquire("ended");
        const waiter = locks.acquire("ended", { ttl: 1 });
        await waiting("ended", 2);
        const { kvs } = await store.range(withPrefix("ended/"), { orderBy: "createRevision", order: "ascending" });
        await store.revokeLease(kvs[1]?.lease ?? 0n);
        await held.release();
        await assert.rejects(waiter, (error) => error instanceof SynodError && error.code === "lost");
      });

      test("etcd's own lock service queues together with the recipe", async () => {
        const ask = async (path: string, request: object): Promise<{ key?: string }> => {
          const body = JSON.stringify(request);
          const response = await fetch(`http://${server.endpoint}/v3/lock/${path}`, { method: "POST", body });
          assert.equal(response.status, 200, await response.clone().text());
          return (await response.json()) as { key?: string };
        };
        const lease = await store.grantLease(60);
        const { key } = await ask("lock", { name: btoa("both"), lease: lease.id.toString() });
        assert.equal(await locks.tryAcquire("both"), undefined);
        const own = locks.acquire("both");
        await waiting("both", 2);
        await ask("unlock", { key });
        const lock = await own;
        const theirs = ask("lock", { name: btoa("both"), lease: lease.id.toString() });
        await waiting("both", 2);
        await lock.release();
        assert.equal((await theirs).key, key);
        await lease.revoke();
      });

      test("the guard of a lock stands in a transaction beside other conditions", async () => {
        await using lock = await locks.acquire("beside");
        const { succeeded } = await store
          .txn()
          .when(lock.guard, compare.version("beside-key", "=", 0))
          .do(op.put("beside-key", "1"))
          .commit();
        assert.equal(succeeded, true);
      });
    });
});
