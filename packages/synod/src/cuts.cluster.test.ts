/**
 * Three real processes under real faults, judged by what their clients saw: every acknowledged write is kept, no read is
 * stale, and somebody serves again soon. Here links between them are cut and slowed. `SYNOD_CLUSTER_TEST=long` repeats
 * each fault more often.
 */
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { judged, LONG, milliseconds, TIMEOUT } from "./cluster-test/judged.ts";
import { Workload } from "./cluster-test/workload.ts";

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
    { answers: 100 }, // each costs its clients some round trips of a tenth of a second
  );
});
