/** A node that was away while the others' logs moved on: it needs the state instead, whatever happens meanwhile. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { EtcdApi } from "./cluster-test/etcd-api.ts";
import { judged, LONG, type Tell, TIMEOUT } from "./cluster-test/judged.ts";
import type { NodeProcess } from "./cluster-test/node-process.ts";

// For the nodes that are started here: a snapshot after few MiB of log, so that the tests need not write hundreds.
process.env.SYNOD_SNAPSHOT_EVERY = "12";

const VALUE = "v".repeat(256 << 10);
/** Enough that every node takes a snapshot and forgets the entries before it. */
const BULK_PUTS = 120;
const CLIENTS = 4;

/** Writes far more than the log keeps, beside what the judged clients do. */
async function writeBulk(address: string, tell: Tell): Promise<void> {
  const start = performance.now();
  let next = 0;
  const client = async (): Promise<void> => {
    const api = new EtcdApi(address, 10_000);
    while (next < BULK_PUTS) {
      const answer = await api.put(`bulk/${next++ % 50}`, VALUE);
      assert.equal(answer.type, "ok", JSON.stringify(answer));
    }
    api.close();
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  tell(`${(BULK_PUTS * VALUE.length) >> 20} MiB in ${Math.round(performance.now() - start)} ms`);
}

/** Waits until the node says so. */
async function says(node: NodeProcess, pattern: RegExp, withinMs = 30_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!pattern.test(node.log)) {
    assert.ok(performance.now() < deadline, `${node.plan.name} never said ${pattern}:\n${node.log}`);
    await sleep(20);
  }
}

test("a node that was away while the log moved on installs a snapshot, and counts again", TIMEOUT, async (t) => {
  await judged(
    async (cluster, _workload, tell) => {
      const leader = await cluster.leader();
      const [away, other] = cluster.nodes.filter((node) => node !== leader) as [NodeProcess, NodeProcess];
      await away.kill();
      await writeBulk(leader.address, tell);
      await says(leader, /took a snapshot/);
      away.start();
      await says(away, /installed the leader's snapshot/);
      await cluster.ready();
      await other.kill();
      await sleep(1000);
      other.start();
      await cluster.ready();
    },
    (line) => t.diagnostic(line),
  );
});

test("a node that is killed in the middle of a snapshot, and again, still gets it", TIMEOUT, async (t) => {
  await judged(
    async (cluster, _workload, tell) => {
      const leader = await cluster.leader();
      const [away] = cluster.nodes.filter((node) => node !== leader) as [NodeProcess];
      await away.kill();
      await writeBulk(leader.address, tell);
      await says(leader, /took a snapshot/);
      for (let kill = 0; kill < (LONG ? 8 : 3); kill += 1) {
        away.start();
        await sleep(600 + kill * 100);
        await away.kill();
      }
      away.start();
      await cluster.ready();
    },
    (line) => t.diagnostic(line),
  );
});

test("the leader is killed while it sends its snapshot, and its successor goes on", TIMEOUT, async (t) => {
  await judged(
    async (cluster, _workload, tell) => {
      const leader = await cluster.leader();
      const [away, other] = cluster.nodes.filter((node) => node !== leader) as [NodeProcess, NodeProcess];
      await away.kill();
      await writeBulk(leader.address, tell);
      await says(leader, /took a snapshot/);
      await says(other, /took a snapshot/);
      away.start();
      await says(away, /follows/);
      await leader.kill();
      leader.start();
      await cluster.ready();
      await says(away, /installed the leader's snapshot/);
    },
    (line) => t.diagnostic(line),
  );
});
