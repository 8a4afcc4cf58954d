import assert from "node:assert/strict";
import type { History } from "@synod/checkers/history";
import { Cluster } from "./cluster.ts";
import { assertLinearizable, assertReplicasEqual, lastWrite, summary } from "./judge.ts";
import { synod } from "./programs.ts";
import { assertSeen, Watcher } from "./watcher.ts";
import { DEFAULT_WORKLOAD, Workload } from "./workload.ts";

/** `SYNOD_CLUSTER_TEST=long`: every fault more often. */
export const LONG: boolean = process.env.SYNOD_CLUSTER_TEST === "long";
export const TIMEOUT: { readonly timeout: number } = { timeout: LONG ? 300_000 : 120_000 };

/** Answers before the first fault, and after the last. However slow the machine, there is something to judge. */
const SOME = 100;

export type Tell = (line: string) => void;

export function milliseconds(microseconds: number): string {
  return `${Math.round(microseconds / 1000)} ms`;
}

/**
 * Starts a cluster of Synod, clients and watchers, lets the test hurt them, and judges what they saw: every acknowledged
 * write kept, no read stale, no event missed, all replicas equal.
 *
 * @param expected nodes, and the least answers that make the judgement worth something.
 */
export async function judged(
  hurt: (cluster: Cluster, workload: Workload, tell: Tell) => Promise<void>,
  tell: Tell,
  expected: { readonly nodes?: number; readonly answers?: number } = {},
): Promise<void> {
  const { nodes = 3, answers = 300 } = expected;
  const cluster = await Cluster.start(synod, nodes);
  const workload = Workload.start(cluster.addresses);
  const watchers = cluster.nodes.map((_, index) => new Watcher(cluster.addresses, index, DEFAULT_WORKLOAD.prefix));
  try {
    await workload.answered(SOME);
    await hurt(cluster, workload, tell);
    cluster.heal();
    await workload.answered(Math.max(answers, workload.answers + SOME));
    const history = await workload.finish();
    tell(summary(history));
    assertLinearizable(history);
    await assertReplicasEqual(cluster, DEFAULT_WORKLOAD.prefix);
    await assertWatched(cluster, watchers, history, tell);
  } catch (error) {
    tell(cluster.logs());
    throw error;
  } finally {
    for (const watcher of watchers) watcher.stop();
    await cluster.destroy();
    await workload.stop();
  }
}

/** Who watched through the faults, whoever watches from the beginning now and who wrote all tell the same story. */
async function assertWatched(cluster: Cluster, watchers: Watcher[], history: History, tell: Tell): Promise<void> {
  const last = lastWrite(history);
  const resumptions = watchers.map((watcher) => watcher.resumptions).join(", ");
  tell(`watchers began anew ${resumptions} times; revision ${last} is the last`);
  const late = cluster.nodes.map((_, index) => new Watcher(cluster.addresses, index, DEFAULT_WORKLOAD.prefix));
  const [first, ...others] = await Promise.all([...watchers, ...late].map((watcher) => watcher.finish(last)));
  assert.ok(first);
  assertSeen(history, first);
  for (const other of others) assert.deepEqual(other, first);
}
