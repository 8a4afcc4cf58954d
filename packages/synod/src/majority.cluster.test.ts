/** What three real processes do when two are gone: nothing is acknowledged that a majority does not hold. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Cluster } from "./cluster-test/cluster.ts";
import { EtcdApi } from "./cluster-test/etcd-api.ts";
import { synod } from "./cluster-test/programs.ts";

const TIMEOUT = { timeout: 60_000 };

test(
  "without a majority nothing is acknowledged; a serializable read still says what the node knows",
  TIMEOUT,
  async () => {
    const cluster = await Cluster.start(synod);
    const survivor = cluster.node(1);
    const api = new EtcdApi(survivor.address, 3000);
    try {
      assert.equal((await api.put("k", "before")).type, "ok");
      await Promise.all([cluster.node(2).kill(), cluster.node(3).kill()]);
      const [write, read, weak] = await Promise.all([api.put("k", "after"), api.get("k"), api.get("k", true)]);
      assert.notEqual(write.type, "ok");
      assert.notEqual(read.type, "ok");
      assert.equal(weak.type === "ok" && weak.value.value, "before");
      cluster.node(2).start();
      await cluster.ready();
      const settled = await api.get("k");
      assert.ok(settled.type === "ok" && ["before", "after"].includes(settled.value.value ?? ""));
      assert.equal((await api.put("k", "again")).type, "ok");
    } finally {
      api.close();
      await cluster.destroy();
    }
  },
);
