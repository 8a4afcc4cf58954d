/**
 * Three real processes under real faults, judged by what their clients saw: every acknowledged write is kept, no read is
 * stale, and somebody serves again soon. Here everything or a disk is lost. `SYNOD_CLUSTER_TEST=long` repeats
 * each fault more often.
 */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Cluster } from "./cluster-test/cluster.ts";
import { flipBit, newestLogFile, truncateToHalf } from "./cluster-test/damage.ts";
import { assertLinearizable } from "./cluster-test/judge.ts";
import { judged, LONG, milliseconds, TIMEOUT } from "./cluster-test/judged.ts";
import { synod } from "./cluster-test/programs.ts";
import { Workload } from "./cluster-test/workload.ts";

test("all nodes killed at once serve everything they acknowledged when they start again", TIMEOUT, async (t) => {
  await judged(
    async (cluster, workload, tell) => {
      for (let round = 1; round <= (LONG ? 5 : 2); round += 1) {
        await workload.answered(workload.answers + 200);
        await Promise.all(cluster.nodes.map((node) => node.kill()));
        const start = performance.now();
        for (const node of cluster.nodes) node.start();
        await cluster.ready();
        tell(`round ${round}: all served again ${milliseconds((performance.now() - start) * 1000)} after their start`);
      }
    },
    (line) => t.diagnostic(line),
  );
});

for (const [name, damage] of [
  ["a flipped bit", flipBit],
  ["a file cut in half", truncateToHalf],
] as const) {
  test(`${name} in one node's log is told and repaired from the peers`, TIMEOUT, async (t) => {
    await judged(
      async (cluster, _workload, tell) => {
        const followers = async (): Promise<typeof cluster.nodes> => {
          const leader = await cluster.leader();
          return cluster.nodes.filter((node) => node !== leader);
        };
        await sleep(500);
        const [victim] = await followers();
        assert.ok(victim);
        await victim.kill();
        tell(damage(newestLogFile(victim.plan.folder)));
        const before = victim.log.length;
        victim.start();
        await cluster.ready();
        const said = victim.log.slice(before);
        assert.match(said, /damage|corrupt/i, `it does not say that its log is damaged:\n${said}`);
        tell(said.split("\n").find((line) => /damage|corrupt/i.test(line)) ?? "");
        // Whatever it holds now counts: with one of the others down, it is needed for every majority.
        const [other] = (await followers()).filter((node) => node !== victim);
        await other?.kill();
        await sleep(1000);
        other?.start();
        await cluster.ready();
      },
      (line) => t.diagnostic(line),
    );
  });
}

test("a majority that loses its disks does lose what was acknowledged, and the judge sees it", TIMEOUT, async () => {
  const cluster = await Cluster.start(synod);
  const workload = Workload.start(cluster.addresses);
  try {
    await workload.answered(200);
    await Promise.all(cluster.nodes.map((node) => node.kill()));
    const forgetful = cluster.nodes.slice(0, 2);
    for (const node of forgetful) {
      rmSync(node.plan.folder, { recursive: true });
      node.start();
    }
    await cluster.ready();
    await workload.answered(workload.answers + 100);
    const history = await workload.finish();
    assert.throws(() => assertLinearizable(history), /could only be|contradict each other/);
  } finally {
    await cluster.destroy();
    await workload.stop();
  }
});
