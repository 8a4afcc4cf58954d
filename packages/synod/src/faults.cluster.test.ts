/**
 * Three real processes under real faults, judged by what their clients saw: every acknowledged write is kept, no read is
 * stale, and somebody serves again soon. `SYNOD_CLUSTER_TEST=long` repeats each fault more often.
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

test(
  "a leader that is killed, again and again, costs no acknowledged write and two seconds at most",
  TIMEOUT,
  async (t) => {
    await judged(
      async (cluster, workload, tell) => {
        for (let kill = 1; kill <= (LONG ? 10 : 3); kill += 1) {
          const leader = await cluster.leader();
          const instant = Workload.now();
          await leader.kill();
          const outage = await workload.servedAgain(instant, 10_000);
          tell(`kill ${kill}: ${leader.plan.name} led; served again after ${milliseconds(outage)}`);
          assert.ok(outage < 2_000_000, `nobody was served for ${milliseconds(outage)}`);
          leader.start();
          await cluster.ready();
        }
      },
      (line) => t.diagnostic(line),
    );
  },
);

test(
  "a leader that is stopped for seconds and goes on has been replaced, and reads nothing stale to anyone",
  TIMEOUT,
  async (t) => {
    await judged(
      async (cluster, workload, tell) => {
        for (let pause = 1; pause <= (LONG ? 4 : 1); pause += 1) {
          const leader = await cluster.leader();
          const instant = Workload.now();
          leader.pause();
          const outage = await workload.servedAgain(instant, 10_000);
          tell(`${leader.plan.name} led and stood still; served again after ${milliseconds(outage)}`);
          assert.ok(outage < 4_000_000, `nobody was served for ${milliseconds(outage)}`);
          await sleep(Math.max(0, 5000 - outage / 1000));
          leader.resume();
          await cluster.ready();
        }
      },
      (line) => t.diagnostic(line),
    );
  },
);

test("a cut between any two nodes, noticed or not, leaves the cluster serving", TIMEOUT, async (t) => {
  await judged(
    async (cluster, workload, tell) => {
      const pairs: [number, number][] = [
        [1, 2],
        [2, 3],
        [1, 3],
      ];
      for (const state of ["cut", "blackHole"] as const) {
        for (const [a, b] of pairs) {
          const instant = Workload.now();
          cluster.hurtBetween(a, b, state);
          const outage = await workload.servedAgain(instant, 10_000);
          await sleep(LONG ? 4000 : 1500);
          const later = await workload.servedAgain(Workload.now(), 10_000);
          tell(
            `${state} between n${a} and n${b}: first served after ${milliseconds(outage)}, at the end ${milliseconds(later)}`,
          );
          cluster.heal();
          await cluster.ready();
        }
      }
    },
    (line) => t.diagnostic(line),
  );
});

test("five nodes serve with any two of them gone, one killed and one standing still", TIMEOUT, async (t) => {
  await judged(
    async (cluster, workload, tell) => {
      for (let round = 1; round <= (LONG ? 5 : 2); round += 1) {
        const leader = await cluster.leader();
        const other = cluster.nodes.filter((node) => node !== leader)[round % 4]!;
        const instant = Workload.now();
        other.pause();
        await leader.kill();
        const outage = await workload.servedAgain(instant, 10_000);
        tell(`${leader.plan.name} killed, ${other.plan.name} stands still: served again after ${milliseconds(outage)}`);
        await sleep(1000);
        other.resume();
        leader.start();
        await cluster.ready();
      }
    },
    (line) => t.diagnostic(line),
    5,
  );
});

test("a leader without its followers is replaced, and takes its place again as a follower", TIMEOUT, async (t) => {
  await judged(
    async (cluster, workload, tell) => {
      for (const state of ["cut", "blackHole"] as const) {
        const leader = await cluster.leader();
        const instant = Workload.now();
        cluster.isolate(leader.plan.id, state);
        const outage = await workload.servedAgain(instant, 10_000);
        tell(`${leader.plan.name} led and is alone (${state}): served again after ${milliseconds(outage)}`);
        await sleep(1000);
        cluster.heal();
        await cluster.ready();
      }
    },
    (line) => t.diagnostic(line),
  );
});

test("slow links between all nodes slow the cluster down and do nothing else", TIMEOUT, async (t) => {
  await judged(
    async (cluster) => {
      for (const [a, b] of [
        [1, 2],
        [2, 3],
        [1, 3],
      ] as const)
        cluster.hurtBetween(a, b, "open", 50);
      await sleep(LONG ? 10_000 : 3000);
    },
    (line) => t.diagnostic(line),
  );
});

test("all nodes killed at once serve everything they acknowledged when they start again", TIMEOUT, async (t) => {
  await judged(
    async (cluster, _workload, tell) => {
      for (let round = 1; round <= (LONG ? 5 : 2); round += 1) {
        await sleep(500);
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
    await sleep(500);
    await Promise.all(cluster.nodes.map((node) => node.kill()));
    const forgetful = cluster.nodes.slice(0, 2);
    for (const node of forgetful) {
      rmSync(node.plan.folder, { recursive: true });
      node.start();
    }
    await cluster.ready();
    await sleep(300);
    const history = await workload.finish();
    assert.throws(() => assertLinearizable(history), /nothing explains|contradict each other/);
  } finally {
    await cluster.destroy();
    await workload.stop();
  }
});
