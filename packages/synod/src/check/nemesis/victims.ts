import type { Random } from "@synod/protocols/random";
import type { Cluster } from "../cluster/cluster.ts";
import type { NodeProcess } from "../cluster/node-process.ts";
import { pick, shuffled } from "./fault.ts";

const LOOK_FOR_LEADER_MS = 1000;

/** The leader, or somebody if there is none. */
export async function leaderOrAny(cluster: Cluster, random: Random): Promise<NodeProcess> {
  return cluster.leader(LOOK_FOR_LEADER_MS).catch(() => pick(cluster.nodes, random));
}

/** One of them, the leader, fewer than half, or all. */
export async function victims(
  cluster: Cluster,
  random: Random,
  kinds: readonly ("one" | "leader" | "minority" | "all")[],
): Promise<readonly NodeProcess[]> {
  const { nodes } = cluster;
  switch (pick(kinds, random)) {
    case "one":
      return [pick(nodes, random)];
    case "leader":
      return [await leaderOrAny(cluster, random)];
    case "minority":
      return shuffled(nodes, random).slice(0, Math.max(1, (nodes.length - 1) >> 1));
    case "all":
      return nodes;
  }
}
