import { type CausalLevel, checkCausal } from "./causal/causal.ts";
import type { History } from "./history.ts";
import { checkLinearizability } from "./linearizability.ts";
import type { Model } from "./model.ts";
import { keyValue } from "./models/kv.ts";
import { casRegister, register } from "./models/register.ts";
import { revisionedKey } from "./models/revisioned.ts";
import { checkSequential } from "./sequential/sequential.ts";
import type { Limits, Verdict } from "./verdict.ts";

export interface JudgeOptions {
  /** What the operations do: one of `modelNames()`. */
  readonly model: string;
  /** What was promised: one of `levelsOf(model)`; the first of them if absent. */
  readonly level?: string;
  readonly limits?: Limits;
}

type Check = (history: History, limits: Limits) => Verdict;

/** Objects whose operations happen one after the other. @param history tells how absence is answered, if both are usual */
const OBJECTS: Readonly<Record<string, (history: History) => Model<unknown>>> = {
  "cas-register": () => casRegister(),
  register: () => register(),
  kv: (history) => keyValue(absent(history)),
  "revisioned-kv": () => revisionedKey(),
};

const CAUSAL_LEVELS: readonly CausalLevel[] = ["causal", "causal convergence", "causal memory"];

/** What can be asked of each model, the usual question first. */
const CHECKS: Readonly<Record<string, Readonly<Record<string, Check>>>> = Object.fromEntries(
  Object.entries(OBJECTS).map(([name, object]) => {
    const causal = name.endsWith("register") ? CAUSAL_LEVELS.map((level) => [level, causalCheck(level)]) : [];
    return [name, { ...ordered(object), ...Object.fromEntries(causal) }];
  }),
);

/**
 * Judges a history of any model by any level that makes sense for it.
 * @returns "unknown" with a sentence that says what is possible, if the two do not go together.
 */
export function judge(history: History, { model, level, limits = {} }: JudgeOptions): Verdict {
  const checks = CHECKS[model];
  if (checks === undefined) {
    return { type: "unknown", reason: `There is no model "${model}"; there are ${modelNames().join(", ")}.` };
  }
  const asked = level ?? (levelsOf(model)[0] as string);
  const check = checks[asked];
  if (check !== undefined) return check(history, limits);
  return {
    type: "unknown",
    reason: `Model ${model} cannot be judged as "${asked}", only as ${levelsOf(model).join(", ")}.`,
  };
}

export function modelNames(): string[] {
  return Object.keys(CHECKS);
}

/** What a history of this model can be judged by, the usual first; [] if there is no such model. */
export function levelsOf(model: string): string[] {
  return Object.keys(CHECKS[model] ?? {});
}

/** The sequential object behind a model, for its states; undefined if the model is none. */
export function objectOf(model: string, history: History): Model<unknown> | undefined {
  return OBJECTS[model]?.(history);
}

function ordered(object: (history: History) => Model<unknown>): Record<string, Check> {
  return {
    linearizable: (history, limits) =>
      checkLinearizability(history, object(history), { maxSteps: 5_000_000, ...limits }),
    sequential: (history, limits) => checkSequential(history, object(history), limits),
  };
}

function causalCheck(level: CausalLevel): Check {
  return (history, limits) => checkCausal(history, { ...limits, level });
}

/** Some stores answer "" for a key that was never written, others say that it is absent. */
function absent(history: History): "" | null {
  const answers = history
    .filter(({ f, outcome }) => f === "get" && outcome === "ok")
    .map(({ output }) => output ?? null);
  return answers.includes("") && !answers.includes(null) ? "" : null;
}
