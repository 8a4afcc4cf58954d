import type { Random } from "@synod/protocols/random";
import type { Cluster } from "../cluster/cluster.ts";
import type { NodeProcess } from "../cluster/node-process.ts";
import { type Harm, names, pick, shuffled } from "./fault.ts";
import { leaderOrAny } from "./victims.ts";

type Cut = (cluster: Cluster, random: Random) => Promise<string>;

/** Between nodes only: every client reaches every node, and may be told something stale by it. */
export const partition: Harm = async (cluster, random) => {
  if (cluster.nodes.length < 2) return undefined;
  const cut = pick([halves, aloneLeader, aloneLeader, ring, oneWay], random);
  const about = await cut(cluster, random);
  return { about, heal: async () => cluster.heal() };
};

/** In two, with the majority on one side. */
const halves: Cut = async (cluster, random) => {
  const order = shuffled(cluster.nodes, random);
  const few = order.slice(0, order.length >> 1);
  const many = order.slice(order.length >> 1);
  between(cluster, few, many, random);
  return `${names(few)} | ${names(many)}`;
};

const aloneLeader: Cut = async (cluster, random) => {
  const leader = await leaderOrAny(cluster, random);
  const others = cluster.nodes.filter((node) => node !== leader);
  between(cluster, [leader], others, random);
  return `${leader.plan.name} | ${names(others)}`;
};

/** Each sees a majority, and no two see the same one. With three nodes, two of them do not see each other. */
const ring: Cut = async (cluster, random) => {
  const order = shuffled(cluster.nodes, random);
  const size = order.length;
  const cuts: string[] = [];
  const reach = ((size >> 1) + 1) >> 1; // neighbours on each side that are needed for a majority
  for (let a = 0; a < size; a += 1) {
    for (let b = a + 1; b < size; b += 1) {
      const apart = Math.min(b - a, size - b + a);
      const isCut = size <= 3 ? a === 0 && b === 1 : apart > reach;
      if (!isCut) continue;
      between(cluster, [order[a] as NodeProcess], [order[b] as NodeProcess], random);
      cuts.push(`${order[a]?.plan.name} | ${order[b]?.plan.name}`);
    }
  }
  return cuts.join(", ");
};

/** Somebody is not heard, or hears nobody. */
const oneWay: Cut = async (cluster, random) => {
  const one = await leaderOrAny(cluster, random);
  const others = cluster.nodes.filter((node) => node !== one);
  const isMute = random.below(2) === 0;
  for (const other of others) {
    if (isMute) cluster.silence(one.plan.id, other.plan.id);
    else cluster.silence(other.plan.id, one.plan.id);
  }
  return isMute ? `${one.plan.name} ↛ ${names(others)}` : `${names(others)} ↛ ${one.plan.name}`;
};

/** Noticed (connections end) or not (nothing arrives any more). */
function between(cluster: Cluster, some: readonly NodeProcess[], others: readonly NodeProcess[], random: Random): void {
  const state = random.below(2) === 0 ? "cut" : "blackHole";
  for (const a of some) for (const b of others) cluster.hurtBetween(a.plan.id, b.plan.id, state);
}
