import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "@synod/protocols/random";
import type { Cluster } from "../cluster/cluster.ts";
import { partition } from "./partition.ts";

/** As much of a cluster as a partition needs: who may not say anything to whom. */
class FakeCluster {
  readonly nodes: readonly { readonly plan: { readonly id: number; readonly name: string } }[];
  readonly lost: Set<string> = new Set();

  constructor(size: number) {
    this.nodes = Array.from({ length: size }, (_, index) => ({ plan: { id: index + 1, name: `n${index + 1}` } }));
  }

  async leader(): Promise<unknown> {
    return this.nodes[0];
  }

  hurtBetween(a: number, b: number): void {
    this.silence(a, b);
    this.silence(b, a);
  }

  silence(from: number, to: number): void {
    this.lost.add(`${from} ${to}`);
  }

  heal(): void {
    this.lost.clear();
  }

  /** How many others a node both hears and is heard by, itself among them. */
  reach(id: number): number {
    const others = this.nodes.filter(({ plan }) => plan.id !== id);
    return (
      1 + others.filter(({ plan }) => !this.lost.has(`${id} ${plan.id}`) && !this.lost.has(`${plan.id} ${id}`)).length
    );
  }
}

for (const size of [2, 3, 4, 5, 7]) {
  test(`${size} nodes: every partition cuts something, and healing ends it`, async () => {
    const kinds = new Set<string>();
    for (let seed = 0; seed < 60; seed += 1) {
      const cluster = new FakeCluster(size);
      const injury = await partition(cluster as unknown as Cluster, new Random(seed));
      assert.ok(injury !== undefined);
      assert.ok(cluster.lost.size > 0, injury.about);
      const majority = (size >> 1) + 1;
      const sees = cluster.nodes.filter(({ plan }) => cluster.reach(plan.id) >= majority).length;
      kinds.add(injury.about.includes("↛") ? "one way" : injury.about.includes(",") || sees === size ? "ring" : "cut");
      await injury.heal();
      assert.equal(cluster.lost.size, 0);
    }
    if (size >= 5) assert.deepEqual([...kinds].sort(), ["cut", "one way", "ring"]);
  });
}

test("a ring leaves everybody a majority, and nobody all", async () => {
  for (const size of [5, 7]) {
    let rings = 0;
    for (let seed = 0; seed < 60; seed += 1) {
      const cluster = new FakeCluster(size);
      const injury = await partition(cluster as unknown as Cluster, new Random(seed));
      if (!injury?.about.includes(",")) continue;
      rings += 1;
      for (const { plan } of cluster.nodes) {
        assert.ok(cluster.reach(plan.id) > size / 2, `${plan.name}: ${injury.about}`);
        assert.ok(cluster.reach(plan.id) < size, `${plan.name}: ${injury.about}`);
      }
    }
    assert.ok(rings > 0);
  }
});

test("a node alone has nobody to be cut off from", async () => {
  assert.equal(await partition(new FakeCluster(1) as unknown as Cluster, new Random(1)), undefined);
});
