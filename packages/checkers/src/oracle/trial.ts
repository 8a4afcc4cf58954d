import type { History } from "../history.ts";

/** What the checker and the oracle said of one random history. */
export interface TrialResult {
  readonly history: History;
  /** By trying everything: the definition itself, written down as plainly as it goes. */
  readonly oracle: "ok" | "illegal";
  readonly checker: "ok" | "illegal" | "unknown";
}

/** A checker against an oracle that tries everything, on small random histories: one for each model and level. */
export interface Trial {
  /** As the command line names it: "linearizable cas-register", "causal". */
  readonly name: string;
  /** A checker that may miss faults (and says so) is only wrong if it finds one where there is none. */
  readonly mayMiss?: true;
  play(seed: number): TrialResult;
}

export interface TrialSummary {
  readonly name: string;
  readonly histories: number;
  /** What the oracle said how often; and how many faults the checker missed, which is 0 unless `mayMiss`. */
  readonly ok: number;
  readonly illegal: number;
  readonly missed: number;
  readonly disagreement?: { readonly seed: number; readonly result: TrialResult };
}

/** Plays seeds `first`, `first + 1`… up to the first disagreement. */
export function playTrial(trial: Trial, first: number, histories: number): TrialSummary {
  const counts = { ok: 0, illegal: 0 };
  let missed = 0;
  for (let seed = first; seed < first + histories; seed += 1) {
    const result = trial.play(seed);
    counts[result.oracle] += 1;
    if (result.oracle === result.checker) continue;
    missed += 1;
    if (result.oracle === "illegal" && trial.mayMiss) continue;
    const played = seed - first + 1;
    return { name: trial.name, histories: played, ...counts, missed, disagreement: { seed, result } };
  }
  return { name: trial.name, histories, ...counts, missed };
}
