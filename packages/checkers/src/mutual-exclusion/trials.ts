import type { History, Operation } from "../history.ts";
import { random } from "../oracle/random.ts";
import type { Trial } from "../oracle/trial.ts";
import { checkMutualExclusion } from "./mutual-exclusion.ts";

/** Three processes take a lock, give it back, and write with a token, at any times. */
export function randomLocks(seed: number): History {
  const draw = random(seed);
  const history: Operation[] = [];
  const add = (process: number, f: string, input: unknown, output: unknown, call: number): void => {
    history.push({ process, key: "lock", f, input, output, call, return: call + 5, outcome: "ok" });
  };
  for (const process of [1, 2, 3]) {
    const call = draw(100);
    add(process, "acquire", null, draw(12), call);
    add(process, "release", null, true, call + 5 + draw(30));
    add(process, "write", { token: draw(4) }, draw(4) === 0 ? false : null, draw(40));
  }
  return history;
}

/** The definitions, instant by instant and pair by pair. */
export function faultsByDefinition(history: History): Set<string> {
  const faults = new Set<string>();
  const acquires = history.filter(({ f }) => f === "acquire");
  const releaseOf = ({ process }: Operation): Operation =>
    history.find((other) => other.f === "release" && other.process === process) as Operation;
  for (let instant = 0.5; instant < 200; instant += 1) {
    const holders = acquires.filter((acquire) => acquire.return < instant && instant < releaseOf(acquire).call);
    if (holders.length > 1) faults.add("two holders");
  }
  for (const a of acquires) {
    for (const b of acquires) {
      const [before, after] = [a.output as number, b.output as number];
      if (a !== b && (before === after || (a.return < b.call && before > after))) faults.add("token not monotone");
    }
  }
  const taken = history.filter(({ f, output }) => f === "write" && output !== false);
  const tokenOf = ({ input }: Operation): number => (input as { token: number }).token;
  const isStale = (b: Operation): boolean => taken.some((a) => a.return < b.call && tokenOf(a) > tokenOf(b));
  if (taken.some(isStale)) faults.add("stale token accepted");
  return faults;
}

export const mutualExclusionTrials: readonly Trial[] = [
  {
    name: "mutual-exclusion lock",
    play(seed) {
      const history = randomLocks(seed);
      const oracle = faultsByDefinition(history).size === 0 ? "ok" : "illegal";
      return { history, oracle, checker: checkMutualExclusion(history).type };
    },
  },
];
