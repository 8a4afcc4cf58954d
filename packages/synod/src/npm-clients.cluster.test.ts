/** Libraries of npm that keep their state in etcd, which we did not write, on three nodes. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Etcd3 } from "etcd3";
import { ServiceBroker } from "moleculer";
import { RateLimiterEtcd, RateLimiterEtcdNonAtomic } from "rate-limiter-flexible";
import { Cluster } from "./cluster-test/cluster.ts";
import { synod } from "./cluster-test/programs.ts";

let cluster: Cluster;
let hosts: string[];

before(async () => {
  cluster = await Cluster.start(synod);
  hosts = cluster.addresses.map((address) => `http://${address}`);
});

after(() => cluster.destroy());

test("rate-limiter-flexible lets nobody do more than the limit says", async () => {
  const storeClient = new Etcd3({ hosts });
  const settings = { storeClient, points: 3, duration: 30 };
  try {
    for (const limiter of [
      new RateLimiterEtcd({ ...settings, keyPrefix: "atomic" }),
      new RateLimiterEtcdNonAtomic({ ...settings, keyPrefix: "loose" }),
    ]) {
      const answers: string[] = [];
      for (let request = 0; request < 5; request += 1) {
        const answer = await limiter.consume("ada").then(
          ({ remainingPoints }) => `${remainingPoints} left`,
          () => "refused",
        );
        answers.push(answer);
      }
      assert.deepEqual(answers, ["2 left", "1 left", "0 left", "refused", "refused"]);
      await limiter.delete("ada");
      assert.equal(await limiter.get("ada"), null);
    }
  } finally {
    storeClient.close();
  }
});

test("moleculer's nodes find each other, also when the leader is gone, and see who leaves", {
  timeout: 40_000,
}, async () => {
  const brokers = ["m1", "m2"].map(
    (nodeID) =>
      new ServiceBroker({
        nodeID,
        logger: false,
        transporter: { type: "TCP", options: { udpDiscovery: false } },
        heartbeatInterval: 1,
        heartbeatTimeout: 5,
        registry: { discoverer: { type: "Etcd3", options: { etcd: { hosts } } } },
      }),
  ) as [ServiceBroker, ServiceBroker];
  const [caller, server] = brokers;
  server.createService({ name: "math", actions: { add: ({ params }) => params.a + params.b } });
  const others = async (): Promise<string[]> => {
    const nodes: { id: string; available: boolean; local: boolean }[] = await caller.call("$node.list");
    return nodes.filter(({ available, local }) => available && !local).map(({ id }) => id);
  };
  try {
    await Promise.all(brokers.map((broker) => broker.start()));
    await caller.waitForServices("math", 15_000);
    assert.equal(await caller.call("math.add", { a: 2, b: 3 }), 5);
    const leader = await cluster.leader();
    await leader.kill();
    await sleep(6000); // longer than who shows no sign of life counts as there
    assert.deepEqual(await others(), ["m2"]);
    assert.equal(await caller.call("math.add", { a: 4, b: 3 }), 7);
    await server.stop();
    for (const deadline = performance.now() + 8000; (await others()).length > 0; await sleep(100))
      assert.ok(performance.now() < deadline, "m2 is gone, and still listed");
    leader.start();
  } finally {
    await Promise.all(brokers.map((broker) => broker.stop()));
  }
});
