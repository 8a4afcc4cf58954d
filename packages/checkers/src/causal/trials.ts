import type { History, Operation } from "../history.ts";
import { random } from "../oracle/random.ts";
import type { Trial } from "../oracle/trial.ts";
import { type CausalLevel, checkCausal } from "./causal.ts";
import { isCausalByDefinition } from "./oracle.ts";

/** Reads return the initial value, or what some write of the key wrote, now and then a value from nowhere. */
export function randomCausalHistory(seed: number): History {
  const draw = random(seed);
  const processes = 2 + draw(2);
  const keys = ["x", "y"].slice(0, 1 + draw(2));
  const planned = Array.from({ length: 4 + draw(3) }, (_, value) => {
    const isWrite = draw(5) < 2;
    return { process: draw(processes), key: keys[draw(keys.length)] as string, isWrite, value };
  });
  return planned.map(({ process, key, isWrite, value }): Operation => {
    const written = planned.filter((other) => other.isWrite && other.key === key).map((other) => other.value);
    const possible = [...written, ...written, null, ...(draw(40) === 0 ? [99] : [])];
    const asked = { process, key, call: 10 * value, return: 10 * value + 5, outcome: "ok" } as const;
    if (isWrite) return { ...asked, f: "write", input: value, output: null };
    return { ...asked, f: "read", input: null, output: possible[draw(possible.length)] };
  });
}

export const CAUSAL_LEVELS: readonly CausalLevel[] = ["causal", "causal convergence", "causal memory"];

export const causalTrials: readonly Trial[] = CAUSAL_LEVELS.map((level) => ({
  name: `${level} register`,
  play(seed) {
    const history = randomCausalHistory(seed);
    const oracle = isCausalByDefinition(history, level) ? "ok" : "illegal";
    return { history, oracle, checker: checkCausal(history, { level }).type };
  },
}));
