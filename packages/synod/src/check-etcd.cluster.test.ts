/** The same command judges a real etcd: one that it starts and hurts, and one that runs. Needs the program `etcd`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Cluster } from "./cluster-test/cluster.ts";
import { EtcdApi } from "./cluster-test/etcd-api.ts";
import { etcd } from "./cluster-test/programs.ts";
import { Run } from "./testing/run.ts";

const TIMEOUT = { timeout: 90_000 };

test("etcd, killed, paused and cut, is found to hold", TIMEOUT, async () => {
  const run = new Run([
    ...["check", "--target", "etcd", "--time", "5s", "--seed", "5", "--nemesis", "partition,kill,pause"],
    ...["--workload", "transactions"],
  ]);
  assert.equal(await run.ended(), 0, run.stdout + run.stderr);
  assert.match(run.stdout, /^target +etcd, 3 nodes$/m);
  assert.match(run.stdout, /^faults +partition \d, kill \d/m);
  assert.match(run.stdout, /^strict-serializable +rw-register +✓ holds/m);
});

test("a cluster that runs is judged without faults, and nothing is left in it", TIMEOUT, async () => {
  const cluster = await Cluster.start(etcd, 1);
  try {
    const target = `etcd://${cluster.addresses.join(",")}`;
    const run = new Run(["check", "--target", target, "--time", "2s", "--rate", "200", "--json"]);
    assert.equal(await run.ended(), 0, run.stdout + run.stderr);
    assert.equal((JSON.parse(run.stdout) as { verdict: string }).verdict, "ok");
    const api = new EtcdApi(cluster.addresses[0] as string, 5000);
    const left = await api.deletePrefix("synod-check/");
    api.close();
    assert.deepEqual(left, { type: "ok", value: { deleted: 0 } });
  } finally {
    await cluster.destroy();
  }
});
