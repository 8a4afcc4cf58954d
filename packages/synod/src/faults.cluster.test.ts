/**
 * Three real processes under real faults, judged by what their clients saw: every acknowledged write is kept, no read is
 * stale, and somebody serves again soon. Here nodes are killed and stopped. `SYNOD_CLUSTER_TEST=long` repeats
 * each fault more often.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { judged, LONG, milliseconds, TIMEOUT } from "./cluster-test/judged.ts";
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
    { nodes: 5 },
  );
});
