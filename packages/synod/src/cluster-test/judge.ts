import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { History } from "@synod/checkers/history";
import { checkLinearizability } from "@synod/checkers/linearizability";
import { revisionedKey } from "@synod/checkers/models/revisioned";
import { checkRevisionOrder } from "@synod/checkers/revision-order";
import { reasonOf } from "@synod/checkers/verdict";
import type { Cluster } from "./cluster.ts";
import { EtcdApi, type KeyState } from "./etcd-api.ts";

/** No acknowledged write lost, nothing stale read, one order over all keys. @throws with the checker's reason. */
export function assertLinearizable(history: History): void {
  const verdict = checkLinearizability(history, revisionedKey());
  assert.equal(verdict.type, "ok", reasonOf(verdict));
  const order = checkRevisionOrder(history, revisionOf);
  assert.equal(order.type, "ok", reasonOf(order));
}

/** Of a history that a `Workload` recorded. */
function revisionOf({ f, output }: History[number]): { kind: "write" | "read"; revision: number } | undefined {
  const answer = output as { revision: number; storeRevision?: number; done?: boolean };
  if (f === "get") return { kind: "read", revision: answer.storeRevision ?? 0 };
  if (f === "cas" && answer.done === false) return { kind: "read", revision: answer.revision };
  return answer.revision === 0 ? undefined : { kind: "write", revision: answer.revision };
}

/** The highest revision that an answered write made. */
export function lastWrite(history: History): number {
  const writes = history.filter(({ outcome }) => outcome === "ok").map(revisionOf);
  return Math.max(0, ...writes.map((told) => (told?.kind === "write" ? told.revision : 0)));
}

/** How a history went, for the one who reads the test's output. */
export function summary(history: History): string {
  const count = (outcome: string): number => history.filter((operation) => operation.outcome === outcome).length;
  return `${history.length} operations: ${count("ok")} ok, ${count("fail")} failed, ${count("unknown")} unknown`;
}

/** All nodes hold the same keys, values and revisions below `prefix` once they have caught up. */
export async function assertReplicasEqual(cluster: Cluster, prefix: string, withinMs = 5000): Promise<void> {
  const deadline = performance.now() + withinMs;
  const statuses = await Promise.all(cluster.nodes.map((node) => node.status(2000)));
  const revision = Math.max(...statuses.map((status) => status?.revision ?? 0));
  const [first, ...others] = await Promise.all(
    cluster.addresses.map((address) => dump(address, prefix, revision, deadline)),
  );
  for (const [index, other] of others.entries()) assert.deepEqual(other, first, `n${index + 2} differs from n1`);
}

async function dump(
  address: string,
  prefix: string,
  revision: number,
  deadline: number,
): Promise<Map<string, KeyState>> {
  const api = new EtcdApi(address, 2000);
  try {
    for (;;) {
      const answer = await api.dump(prefix, revision);
      if (answer.type === "ok") return answer.value;
      if (performance.now() > deadline)
        throw new Error(`${address} does not hold revision ${revision}: ${JSON.stringify(answer)}`);
      await sleep(20);
    }
  } finally {
    api.close();
  }
}
