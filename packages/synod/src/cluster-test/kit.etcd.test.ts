/** The judge itself is judged: a real etcd under the same faults must pass. Needs the program `etcd` (Debian: etcd-server). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Cluster } from "./cluster.ts";
import { assertLinearizable, assertReplicasEqual } from "./judge.ts";
import { etcd } from "./programs.ts";
import { DEFAULT_WORKLOAD, Workload } from "./workload.ts";

test("etcd, its leader stopped and then all its nodes killed, passes the judgement", { timeout: 60_000 }, async () => {
  const cluster = await Cluster.start(etcd);
  const workload = Workload.start(cluster.addresses);
  try {
    await workload.answered(100);
    const leader = await cluster.leader();
    leader.pause();
    await workload.servedAgain(Workload.now(), 20_000);
    leader.resume();
    await cluster.ready();
    await Promise.all(cluster.nodes.map((node) => node.kill()));
    for (const node of cluster.nodes) node.start();
    await cluster.ready();
    await workload.answered(workload.answers + 100);
    const history = await workload.finish();
    assert.ok(
      history.some(({ outcome }) => outcome === "unknown"),
      "a fault leaves somebody without an answer",
    );
    assertLinearizable(history);
    await assertReplicasEqual(cluster, DEFAULT_WORKLOAD.prefix);
  } finally {
    await cluster.destroy();
    await workload.stop();
  }
});
