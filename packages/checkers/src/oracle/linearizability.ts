import type { History } from "../history.ts";
import { checkLinearizability } from "../linearizability.ts";
import type { Model } from "../model.ts";
import { randomHistory } from "./random-history.ts";
import type { Trial } from "./trial.ts";
import type { Workload } from "./workload.ts";
import { WORKLOADS } from "./workloads.ts";

/**
 * The definition itself (Herlihy and Wing 1990): some order of all answered and any of the unknown operations keeps real
 * time and fits the model. Tries every order; for a dozen operations at most.
 */
export function isLinearizable<State>(history: History, model: Model<State>): boolean {
  const relevant = history.filter(
    ({ outcome, ...operation }) =>
      outcome === "ok" || (outcome === "unknown" && !model.isRead({ outcome, ...operation })),
  );
  return fits(relevant, model.initial, model);
}

function fits<State>(rest: History, state: State, model: Model<State>): boolean {
  if (rest.every((operation) => operation.outcome !== "ok")) return true;
  return rest.some((candidate, index) => {
    if (rest.some((other) => other.return < candidate.call)) return false;
    const next = model.step(state, candidate);
    return next !== undefined && fits(rest.toSpliced(index, 1), next, model);
  });
}

export const linearizabilityTrials: readonly Trial[] = WORKLOADS.map(trialOf);

function trialOf<State>(workload: Workload<State>): Trial {
  return {
    name: `linearizable ${workload.name}`,
    play(seed) {
      const history = randomHistory(workload, seed);
      const model = workload.model();
      const oracle = isLinearizable(history, model) ? "ok" : "illegal";
      return { history, oracle, checker: checkLinearizability(history, model).type };
    },
  };
}
