import { setTimeout as sleep } from "node:timers/promises";
import { flipBit, newestLogFile, truncateToHalf } from "../cluster/damage.ts";
import { type Harm, pick } from "./fault.ts";
import { leaderOrAny } from "./victims.ts";

/**
 * A node must have run for so long before its log is damaged. What it wrote within the last second cannot be told from a
 * torn end (docs/adr/0005-rejoin.md), and the damage is done in the middle of what it wrote.
 */
const RUN_MS = 4000;
const REPAIRED_WITHIN_MS = 30_000;

/** A follower's log is damaged while it is down; it is to notice, and to get everything back from the others. */
export const disk: Harm = async (cluster, random) => {
  const leader = await leaderOrAny(cluster, random);
  const followers = cluster.nodes.filter((node) => node !== leader);
  if (followers.length < 2) return undefined;
  const victim = pick(followers, random);
  await sleep(Math.max(0, victim.startedAt + RUN_MS - performance.now()));
  await victim.kill();
  const damage = random.below(2) === 0 ? flipBit : truncateToHalf;
  const what = damage(newestLogFile(victim.plan.folder));
  victim.start();
  const short = damage === flipBit ? "a bit of its log flipped" : "its log cut in half";
  return {
    about: `${victim.plan.name}: ${short}`,
    heal: async () => {
      await cluster.ready(REPAIRED_WITHIN_MS).catch((error: Error) => {
        throw new Error(`${victim.plan.name} was not repaired (${what}): ${error.message}`);
      });
    },
  };
};
