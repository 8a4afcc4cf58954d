/** `etcdctl make-mirror`: what one store holds and is told, copied to the other, from etcd to Synod and back. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Cluster } from "./cluster-test/cluster.ts";
import { EtcdApi } from "./cluster-test/etcd-api.ts";
import { etcd, synod } from "./cluster-test/programs.ts";

let theirs: Cluster;
let ours: Cluster;

before(async () => {
  [theirs, ours] = await Promise.all([Cluster.start(etcd, 1), Cluster.start(synod, 3)]);
});

after(() => Promise.all([theirs?.destroy(), ours?.destroy()]));

async function mirrors(from: Cluster, to: Cluster, prefix: string): Promise<void> {
  const [source, target] = [from, to].map((cluster) => new EtcdApi(cluster.addresses[0]!, 5000)) as [EtcdApi, EtcdApi];
  const arrived = async (key: string, value: string | null): Promise<void> => {
    for (const deadline = performance.now() + 10_000; ; await sleep(20)) {
      const answer = await target.get(key);
      if (answer.type === "ok" && answer.value.value === value) return;
      assert.ok(performance.now() < deadline, `${key} is not ${value}: ${JSON.stringify(answer)}`);
    }
  };
  await source.put(`${prefix}before`, "1");
  const args = ["--endpoints", from.addresses[0]!, "make-mirror", "--prefix", prefix, to.addresses[0]!];
  const mirror = spawn("etcdctl", args, { env: { ...process.env, ETCDCTL_API: "3" }, stdio: "ignore" });
  try {
    await arrived(`${prefix}before`, "1");
    for (let index = 0; index < 50; index += 1) await source.put(`${prefix}${index % 7}`, String(index));
    await source.delete(`${prefix}before`);
    await arrived(`${prefix}before`, null);
    for (let index = 43; index < 50; index += 1) await arrived(`${prefix}${index % 7}`, String(index));
  } finally {
    const gone = once(mirror, "exit");
    mirror.kill("SIGKILL");
    await gone;
    source.close();
    target.close();
  }
}

test("from etcd to Synod", () => mirrors(theirs, ours, "there/"));

test("from Synod to etcd", () => mirrors(ours, theirs, "back/"));
