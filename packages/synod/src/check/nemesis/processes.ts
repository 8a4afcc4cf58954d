import { type Harm, names } from "./fault.ts";
import { victims } from "./victims.ts";

/** kill -9, of one, of the leader, of fewer than half or of all, which start again when it is healed. */
export const kill: Harm = async (cluster, random) => {
  const killed = await victims(cluster, random, ["one", "leader", "leader", "minority", "all"]);
  await Promise.all(killed.map((node) => node.kill()));
  return {
    about: `${names(killed)} killed`,
    heal: async () => {
      for (const node of killed) if (node.exit !== undefined) node.start();
    },
  };
};

/** They stand still, and go on with what they believed when it is healed. */
export const pause: Harm = async (cluster, random) => {
  const stopped = await victims(cluster, random, ["one", "leader", "leader", "minority", "all"]);
  for (const node of stopped) node.pause();
  return {
    about: `${names(stopped)} standing still`,
    heal: async () => {
      for (const node of stopped) node.resume();
    },
  };
};

/** What is loaded before the node, and takes its clocks in hand. */
const SKEWED_CLOCK = new URL("../cluster/skewed-clock.ts", import.meta.url).pathname;
const RATES = [0.5, 0.9, 1.1, 2];
const HOURS = [-24, -1, 0, 1, 24];

/** A node's clocks run fast or slow, and its calendar is wrong, from a start of it to the next one. */
export const clock: Harm = async (cluster, random) => {
  const [victim] = await victims(cluster, random, ["one", "leader"]);
  if (victim === undefined) return undefined;
  const rate = RATES[random.below(RATES.length)] as number;
  const hours = HOURS[random.below(HOURS.length)] as number;
  await victim.kill();
  victim.start(["--import", SKEWED_CLOCK], { SYNOD_CLOCK_RATE: String(rate), SYNOD_CLOCK_HOURS: String(hours) });
  return {
    about: `${victim.plan.name}'s clock ${rate} times as fast and ${hours} h off`,
    heal: async () => {
      await victim.kill();
      victim.start();
    },
  };
};
