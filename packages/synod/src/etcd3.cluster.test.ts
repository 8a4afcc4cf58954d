/** An application's client that we did not write (etcd3 of npm), against three nodes of which the leader is killed. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Etcd3, isRecoverableError } from "etcd3";
import { Cluster } from "./cluster-test/cluster.ts";
import { synod } from "./cluster-test/programs.ts";

let cluster: Cluster;
let client: Etcd3;

before(async () => {
  cluster = await Cluster.start(synod);
  client = new Etcd3({ hosts: cluster.addresses.map((address) => `http://${address}`) });
});

after(async () => {
  client.close();
  await cluster.destroy();
});

test("puts, gets, ranges and deletes", async () => {
  await client.put("app/a").value("1");
  await client.put("app/b").value("2");
  assert.equal(await client.get("app/a").string(), "1");
  assert.deepEqual(await client.getAll().prefix("app/").strings(), { "app/a": "1", "app/b": "2" });
  assert.equal((await client.delete().prefix("app/")).deleted, "2");
  assert.equal(await client.get("app/a").string(), null);
});

test("a transaction commits one branch", async () => {
  await client.put("tx").value("old");
  const swap = (): ReturnType<ReturnType<Etcd3["if"]>["commit"]> =>
    client.if("tx", "Value", "==", "old").then(client.put("tx").value("new")).else(client.get("tx")).commit();
  assert.equal((await swap()).succeeded, true);
  assert.equal((await swap()).succeeded, false);
  assert.equal(await client.get("tx").string(), "new");
});

test("a watch sees writes in order", async () => {
  const watcher = await client.watch().prefix("seen/").create();
  const seen: string[] = [];
  const complete = new Promise<void>((resolve) => {
    watcher.on("put", (kv) => {
      seen.push(`${kv.key}=${kv.value}`);
      if (seen.length === 20) resolve();
    });
  });
  for (let index = 0; index < 20; index += 1) await client.put(`seen/${index % 3}`).value(index);
  await complete;
  assert.deepEqual(
    seen,
    Array.from({ length: 20 }, (_, index) => `seen/${index % 3}=${index}`),
  );
  await watcher.cancel();
});

test("a lease takes its keys along when it is revoked", async () => {
  const lease = client.lease(10);
  await lease.put("leased").value("x");
  assert.equal(await client.get("leased").string(), "x");
  await lease.revoke();
  assert.equal(await client.get("leased").string(), null);
});

test("a lock excludes a second holder", async () => {
  const first = await client.lock("door").ttl(5).acquire();
  await assert.rejects(client.lock("door").ttl(5).acquire(), /Failed to acquire a lock/);
  await first.release();
  const second = await client.lock("door").ttl(5).acquire();
  await second.release();
});

test("the client goes on when the leader is killed, and loses nothing it was told", { timeout: 30_000 }, async () => {
  const acknowledged: number[] = [];
  const leader = await cluster.leader();
  for (let index = 0; index < 200; index += 1) {
    if (index === 50) await leader.kill();
    try {
      await client.put(`kept/${index}`).value(index);
      acknowledged.push(index);
    } catch (error) {
      assert.ok(isRecoverableError(error as Error), `not an error to retry: ${error}`);
      index -= 1; // the same again: who was not told does not know
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  leader.start();
  await cluster.ready();
  const kept = await client.getAll().prefix("kept/").numbers();
  assert.deepEqual(
    Object.values(kept).sort((a, b) => a - b),
    acknowledged,
  );
});

test("a watch goes on, and the lead passes to who stays, when the store's leader is killed", {
  timeout: 40_000,
}, async () => {
  const seen: string[] = [];
  const watcher = await client.watch().prefix("resumed/").create();
  watcher.on("put", (kv) => seen.push(kv.value.toString()));
  const first = client.election("post", 5);
  const campaign = first.campaign("one");
  await once(campaign, "elected");

  const leader = await cluster.leader();
  await leader.kill();
  for (let index = 0; index < 20; index += 1) await again(() => client.put(`resumed/${index}`).value(index));
  for (const deadline = performance.now() + 15_000; !seen.includes("19"); await sleep(20))
    assert.ok(performance.now() < deadline, `the watch saw ${seen.join()}`);
  const once20 = Array.from({ length: 20 }, (_, index) => String(index));
  assert.deepEqual([...new Set(seen)], once20, "each write is seen, in its order; what was tried twice may be twice");

  assert.equal(await again(() => first.leader()), "one", "who led still leads");
  const next = client.election("post", 5).campaign("two");
  const elected = once(next, "elected");
  await again(() => campaign.resign());
  await elected;
  assert.equal(await again(() => first.leader()), "two");
  await next.resign();
  await watcher.cancel();
  leader.start();
  await cluster.ready();
});

/** Until no leader's death comes between. */
async function again<Value>(attempt: () => PromiseLike<Value>): Promise<Value> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      assert.ok(isRecoverableError(error as Error), `not an error to retry: ${error}`);
      await sleep(20);
    }
  }
}
