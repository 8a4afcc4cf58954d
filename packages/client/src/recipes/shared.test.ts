/** Read-write locks, semaphores, barriers and monitors: several who share something. */
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { withPrefix } from "../bytes.ts";
import { SynodError } from "../errors.ts";
import type { Store } from "../store-api.ts";
import type { StoreServer } from "../testing/servers.ts";
import { op } from "../txn.ts";
import { Barrier, DoubleBarrier } from "./barrier.ts";
import { follow } from "./follow.ts";
import type { Holding } from "./holding.ts";
import { Monitor } from "./monitor.ts";
import { ReadWriteLocks } from "./read-write-lock.ts";
import { Semaphore } from "./semaphore.ts";
import { judgeExclusion, type Turn } from "./testing/exclusion.ts";
import { ways } from "./testing/stores.ts";

/** The ways wait for their leases side by side; on each, one thing happens after the other. */
suite("shared", { concurrency: ways.length }, () => {
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

      /** Returns once so many keys are below the prefix. */
      const gathered = async (prefix: string, count: number): Promise<void> => {
        for await (const { keys } of follow(store, withPrefix(prefix))) if (keys.size === count) return;
      };
      const codeOf = async (attempt: Promise<unknown>): Promise<string> => {
        const error = await attempt.then(
          () => assert.fail("no error"),
          (thrown: unknown) => thrown,
        );
        assert.ok(error instanceof SynodError, String(error));
        return error.code;
      };

      test("readers read together, writers write alone, and nobody overtakes", async () => {
        const locks = new ReadWriteLocks(store);
        const first = await locks.acquireRead("rw");
        const second = await locks.tryAcquireRead("rw");
        assert.ok(second?.held);
        assert.equal(await locks.tryAcquireWrite("rw"), undefined);
        const order: string[] = [];
        const note =
          (who: string) =>
          (lock: Holding): Holding => {
            order.push(who);
            return lock;
          };
        const writer = locks.acquireWrite("rw").then(note("writer"));
        await gathered("rw/", 3);
        assert.equal(await locks.tryAcquireRead("rw"), undefined, "a writer waits before");
        const reader = locks.acquireRead("rw").then(note("reader"));
        await gathered("rw/", 4);
        await first.release();
        await second.release();
        const writing = await writer;
        assert.deepEqual(order, ["writer"]);
        await writing.release();
        await (await reader).release();
        assert.deepEqual(order, ["writer", "reader"]);
      });

      test("a history of readers and writers has no writer beside anybody", async () => {
        const locks = new ReadWriteLocks(store);
        const history: Turn[] = [];
        const contend = async (who: string, shared: boolean): Promise<void> => {
          for (let turn = 0; turn < 2; turn++) {
            await using lock = await (shared ? locks.acquireRead("mixed") : locks.acquireWrite("mixed"));
            const from = performance.now();
            await store.get("mixed-paper");
            history.push({ who, shared, token: lock.token, from, to: performance.now() });
          }
        };
        await Promise.all([
          contend("reader 1", true),
          contend("writer 1", false),
          contend("reader 2", true),
          contend("writer 2", false),
        ]);
        assert.equal(history.length, 8);
        assert.equal(judgeExclusion(history), undefined);
      });

      test("a semaphore lets in so many and no more, and a lost permit is another's", async () => {
        const semaphore = new Semaphore(store, "pool", 2);
        const history: Turn[] = [];
        const contend = async (who: string): Promise<void> => {
          await using permit = await semaphore.acquire();
          const from = performance.now();
          assert.equal((await store.txn().when(permit.guard).do(op.put("pool-paper", who)).commit()).succeeded, true);
          history.push({ who, token: permit.token, from, to: performance.now() });
        };
        await Promise.all(["Ada", "Grace", "Barbara", "Frances", "Jean"].map(contend));
        assert.equal(judgeExclusion(history, 2), undefined);
        const one = await semaphore.acquire();
        const two = await semaphore.acquire();
        assert.equal(await semaphore.tryAcquire(), undefined);
        assert.equal(await codeOf(semaphore.acquire({ timeout: 30 })), "timeout");
        const next = semaphore.acquire();
        await gathered("pool/", 3);
        await store.delete(one.key); // an operator takes the permit away
        const three = await next;
        assert.equal((await store.txn().when(one.guard).commit()).succeeded, false);
        assert.equal((await store.txn().when(two.guard, three.guard).commit()).succeeded, true);
        for (const permit of [one, two, three]) await permit.release();
        assert.throws(() => new Semaphore(store, "pool", 0), SynodError);
      });

      test("a barrier stops whoever comes until it is released", async () => {
        const barrier = new Barrier(store, "gate");
        await barrier.wait(); // nobody holds it
        assert.equal(await barrier.hold(), true);
        assert.equal(await barrier.hold(), false);
        assert.equal(await codeOf(barrier.wait({ timeout: 30 })), "timeout");
        assert.equal(await codeOf(barrier.holdAlive()), "failed");
        const passed = Promise.all([barrier.wait(), barrier.wait()]);
        await barrier.release();
        await passed;
        const alive = await barrier.holdAlive();
        const waiting = barrier.wait();
        await alive.release();
        await waiting;
      });

      test("a double barrier lets all begin together and end together, again and again", async () => {
        const together = new DoubleBarrier(store, "together", 3);
        const events: string[] = [];
        const work = async (who: string): Promise<void> => {
          for (let round = 1; round <= 2; round++) {
            events.push(`${round} comes`);
            const participant = await together.enter();
            events.push(`${round} works`);
            await store.put(`together-paper/${who}`, String(round));
            events.push(`${round} done`);
            await participant.leave();
            events.push(`${round} leaves`);
          }
        };
        await Promise.all(["Ada", "Grace", "Barbara"].map(work));
        for (const round of [1, 2]) {
          const last = (what: string): number => events.lastIndexOf(`${round} ${what}`);
          assert.ok(last("comes") < events.indexOf(`${round} works`), events.join(", "));
          assert.ok(last("done") < events.indexOf(`${round} leaves`), events.join(", "));
        }
      });

      test("who gives up before all are there is not counted", async () => {
        const together = new DoubleBarrier(store, "impatient", 2);
        assert.equal(await codeOf(together.enter({ timeout: 40 })), "timeout");
        assert.equal(await codeOf(together.enter({ timeout: 40 })), "timeout");
        const both = await Promise.all([together.enter(), together.enter()]);
        await Promise.all(both.map((participant) => participant.leave()));
      });

      test("consumers wait inside a monitor until a producer notifies", async () => {
        const monitor = new Monitor(store, "jobs");
        const taken: string[] = [];
        const consume = async (): Promise<void> => {
          await using inside = await monitor.enter();
          for (;;) {
            const { kvs } = await store.range(withPrefix("job/"), { limit: 1 });
            const [job] = kvs;
            if (job !== undefined) {
              const { succeeded } = await store.txn().when(inside.guard).do(op.delete(job.key)).commit();
              assert.equal(succeeded, true);
              taken.push(job.keyText);
              return;
            }
            assert.equal(await inside.wait(), true);
          }
        };
        const consumers = [consume(), consume(), consume()];
        await gathered("jobs/waiting/", 3);
        for (const job of ["job/1", "job/2"]) {
          await using inside = await monitor.enter();
          await store.txn().when(inside.guard).do(op.put(job, "")).commit();
          assert.equal(await inside.notify(), true);
        }
        await gathered("jobs/waiting/", 1);
        {
          await using inside = await monitor.enter();
          await store.txn().when(inside.guard).do(op.put("job/3", "")).commit();
          assert.equal(await inside.notifyAll(), 1);
          assert.equal(await inside.notify(), false);
        }
        await Promise.all(consumers);
        assert.deepEqual(taken.sort(), ["job/1", "job/2", "job/3"]);
      });

      test("who waits in a monitor with a time-out comes in again by itself, with a new guard", async () => {
        const monitor = new Monitor(store, "late");
        await using inside = await monitor.enter();
        const { guard, token } = inside;
        assert.equal(await inside.wait({ timeout: 30 }), false);
        assert.ok(inside.token > token);
        assert.equal((await store.txn().when(guard).commit()).succeeded, false);
        assert.equal((await store.txn().when(inside.guard).commit()).succeeded, true);
      });
    });
});
