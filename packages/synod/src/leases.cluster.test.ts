/** Leases on three real processes: promises about time, which no history of values can judge. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Cluster } from "./cluster-test/cluster.ts";
import { type Answer, EtcdApi } from "./cluster-test/etcd-api.ts";
import { synod } from "./cluster-test/programs.ts";

const TIMEOUT = { timeout: 60_000 };
const LEASE = 4711;
const TTL_SECONDS = 4;
/** Far more often than a client of etcd's does, so that a slow machine's pauses stay far below the time to live. */
const RENEWAL_MS = 300;

/** Asks the nodes in turn until one answers: what a client with all addresses does. */
class AnyNode {
  readonly #apis: readonly EtcdApi[];

  constructor(cluster: Cluster) {
    this.#apis = cluster.addresses.map((address) => new EtcdApi(address, 700));
  }

  async ask<Value>(question: (api: EtcdApi) => Promise<Answer<Value>>): Promise<Value> {
    let last = "";
    for (let attempt = 0; attempt < 60; attempt += 1) {
      const answer = await question(this.#apis[attempt % this.#apis.length]!);
      if (answer.type === "ok") return answer.value;
      last = JSON.stringify(answer);
      await sleep(50);
    }
    throw new Error(`no node answers: ${last}`);
  }

  close(): void {
    for (const api of this.#apis) api.close();
  }
}

/** Renews the lease all the time, whoever leads, and remembers when it asked for the last time. */
class Renewals {
  readonly #any: AnyNode;
  readonly #done: Promise<void>;
  #running = true;
  asked = 0;

  constructor(any: AnyNode) {
    this.#any = any;
    this.#done = this.#run();
    this.#done.catch(() => {}); // told by `end`
  }

  /** @throws when a renewal was answered with anything but the full time to live. */
  async end(): Promise<void> {
    this.#running = false;
    await this.#done;
  }

  async #run(): Promise<void> {
    for (; this.#running; await sleep(RENEWAL_MS)) {
      this.asked = performance.now();
      const { ttlSeconds } = await this.#any.ask((api) => api.leaseKeepAlive(LEASE));
      assert.equal(ttlSeconds, TTL_SECONDS, `answered ${performance.now() - this.asked} ms after it was asked for`);
    }
  }
}

test("a lease that is kept alive outlives its leaders; left alone it ends, not before its time", TIMEOUT, async (t) => {
  const cluster = await Cluster.start(synod);
  const any = new AnyNode(cluster);
  try {
    await any.ask((api) => api.leaseGrant(LEASE, TTL_SECONDS));
    await any.ask((api) => api.put("leased", "here", LEASE));
    const renewals = new Renewals(any);
    for (let kill = 0; kill < 2; kill += 1) {
      const leader = await cluster.leader();
      await leader.kill();
      await sleep(2 * TTL_SECONDS * 1000);
      assert.equal((await any.ask((api) => api.get("leased"))).value, "here");
      leader.start();
      await cluster.ready();
    }
    const leader = await cluster.leader();
    await renewals.end();
    await leader.kill();
    while ((await any.ask((api) => api.get("leased"))).value === "here") await sleep(20);
    const lived = performance.now() - renewals.asked;
    t.diagnostic(`the key went ${Math.round(lived)} ms after the last renewal, the leader killed in between`);
    assert.ok(lived >= TTL_SECONDS * 1000, `it ended after ${lived} ms, before its time`);
    assert.ok(lived < TTL_SECONDS * 1000 * 2 + 5000, `it ended only after ${lived} ms`);
    assert.equal((await any.ask((api) => api.leaseTimeToLive(LEASE))).ttlSeconds, -1);
  } finally {
    any.close();
    await cluster.destroy();
  }
});

test("renewals and looks cost the log next to nothing, whichever node is asked", TIMEOUT, async () => {
  const cluster = await Cluster.start(synod);
  const apis = cluster.addresses.map((address) => new EtcdApi(address, 5000));
  const indexOf = async (): Promise<number> => {
    const status = await apis[0]!.status();
    return status.type === "ok" ? status.value.appliedIndex : assert.fail(JSON.stringify(status));
  };
  try {
    for (const api of apis) assert.equal((await api.leaseGrant(1 + apis.indexOf(api), 600)).type, "ok");
    for (const api of apis) for (let id = 1; id <= 3; id += 1) await api.leaseKeepAlive(id);
    const before = await indexOf();
    for (let round = 0; round < 30; round += 1) {
      for (const api of apis) {
        const renewed = await api.leaseKeepAlive(1 + (round % 3));
        assert.deepEqual(renewed, { type: "ok", value: { ttlSeconds: 600 } });
        const looked = await api.leaseTimeToLive(1 + (round % 3));
        assert.ok(looked.type === "ok" && looked.value.ttlSeconds > 500, JSON.stringify(looked));
      }
    }
    const entries = (await indexOf()) - before;
    assert.ok(entries < 30, `${entries} entries for 90 renewals and 90 looks`);
  } finally {
    for (const api of apis) api.close();
    await cluster.destroy();
  }
});
