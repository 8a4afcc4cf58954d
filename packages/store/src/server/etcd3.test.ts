/** A client that we did not write, with recipes that use everything: npm's etcd3 over grpc-js. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Etcd3, EtcdLockFailedError, STMConflictError } from "etcd3";
import { StoreServer } from "./testing/store-server.ts";

let server: StoreServer;
let client: Etcd3;
before(async () => {
  server = await StoreServer.start();
  client = new Etcd3({ hosts: server.url });
});
after(async () => {
  client.close();
  await server.close();
});

test("put, get, list, delete", async () => {
  await client.put("user/1").value("Ada");
  await client.put("user/2").value("Grace");
  assert.equal(await client.get("user/1").string(), "Ada");
  assert.deepEqual(await client.getAll().prefix("user/").strings(), { "user/1": "Ada", "user/2": "Grace" });
  assert.deepEqual(await client.getAll().prefix("user/").sort("Key", "Descend").limit(1).keys(), ["user/2"]);
  const { deleted } = await client.delete().prefix("user/");
  assert.equal(Number(deleted), 2);
  assert.equal(await client.get("user/1").string(), null);
});

test("transactions and software transactional memory", async () => {
  await client.put("balance").value(10);
  const done = await client.if("balance", "Value", "==", 10).then(client.put("balance").value(20)).commit();
  assert.equal(done.succeeded, true);
  await client.stm().transact(async (tx) => {
    const balance = Number(await tx.get("balance").string());
    await tx.put("balance").value(balance + 5);
  });
  assert.equal(await client.get("balance").number(), 25);
  const conflicting = client.stm({ retries: 0 }).transact(async (tx) => {
    await tx.get("balance");
    await client.put("balance").value(0);
    await tx.put("balance").value(1);
  });
  await assert.rejects(conflicting, STMConflictError);
});

test("a watcher sees puts and deletes", async () => {
  const watcher = await client.watch().prefix("watched/").create();
  const seen: string[] = [];
  const done = new Promise<void>((resolve) => {
    watcher.on("put", (kv) => seen.push(`${kv.key}=${kv.value}`));
    watcher.on("delete", (kv) => {
      seen.push(`-${kv.key}`);
      resolve();
    });
  });
  await client.put("watched/a").value("1");
  await client.delete().key("watched/a");
  await done;
  assert.deepEqual(seen, ["watched/a=1", "-watched/a"]);
  await watcher.cancel();
});

test("leases, locks and an election", async () => {
  const lease = client.lease(10);
  await lease.put("leased").value("here");
  assert.equal(await client.get("leased").string(), "here");
  await lease.revoke();
  assert.equal(await client.get("leased").string(), null);

  const lock = await client.lock("mutex").ttl(10).acquire();
  await assert.rejects(client.lock("mutex").ttl(10).acquire(), EtcdLockFailedError);
  await lock.release();

  const election = client.election("chief", 10);
  const campaign = election.campaign("n1");
  await new Promise((resolve) => campaign.once("elected", resolve));
  assert.equal(await election.leader(), "n1");
  await campaign.resign();
});

test("the cluster and its status", async () => {
  const { members } = await client.cluster.memberList({});
  assert.deepEqual(
    members.map(({ name }) => name),
    ["n1"],
  );
  assert.equal((await client.maintenance.status()).version, "3.5.0");
});
