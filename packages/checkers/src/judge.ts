import { type CausalLevel, checkCausal } from "./causal/causal.ts";
import { checkConvergence } from "./convergence/convergence.ts";
import { checkDelivery } from "./delivery/delivery.ts";
import type { History } from "./history.ts";
import { checkLinearizability } from "./linearizability.ts";
import type { Model } from "./model.ts";
import { MODELS as OBJECTS } from "./models/named.ts";
import { checkMutualExclusion } from "./mutual-exclusion/mutual-exclusion.ts";
import { checkSequential } from "./sequential/sequential.ts";
import type { SessionGuarantee } from "./sessions/rules.ts";
import { checkSessions } from "./sessions/sessions.ts";
import { checkTotalOrder } from "./total-order/total-order.ts";
import { checkTransactions } from "./transactions/check.ts";
import { MODELS } from "./transactions/models.ts";
import type { Workload } from "./transactions/table.ts";
import type { Limits, Verdict } from "./verdict.ts";

export interface JudgeOptions {
  /** What the operations do: one of `modelNames()`. */
  readonly model: string;
  /** What was promised: one of `levelsOf(model)`; the first of them if absent. */
  readonly level?: string;
  readonly limits?: Limits;
}

type Check = (history: History, limits: Limits) => Verdict;
type Checks = Readonly<Record<string, Check>>;

const CAUSAL_LEVELS: readonly CausalLevel[] = ["causal", "causal convergence", "causal memory"];
const GUARANTEES: readonly SessionGuarantee[] = [
  "read your writes",
  "monotonic reads",
  "monotonic writes",
  "writes follow reads",
];
const TRANSACTIONS: readonly Workload[] = ["list-append", "rw-register"];

/** What can be asked of each model, the usual question first. */
const CHECKS: Readonly<Record<string, Checks>> = {
  ...Object.fromEntries(Object.keys(OBJECTS).map((name) => [name, objectChecks(name)])),
  ...Object.fromEntries(TRANSACTIONS.map((workload) => [workload, transactionChecks(workload)])),
  "message-log": { delivery: (history) => checkDelivery(history).verdict },
  broadcast: { "total order": (history) => checkTotalOrder(history) },
};

/**
 * Judges a history of any model by any level that makes sense for it.
 * @returns "unknown" with a sentence that says what is possible, if the two do not go together.
 */
export function judge(history: History, { model, level, limits = {} }: JudgeOptions): Verdict {
  const problem = impossible(model, level);
  if (problem !== undefined) return { type: "unknown", reason: problem };
  const check = CHECKS[model]?.[level ?? (levelsOf(model)[0] as string)] as Check;
  return check(history, limits);
}

/** @returns why nothing can be judged so, with what can be, in a sentence; undefined if it can. */
export function impossible(model: string, level: string | undefined): string | undefined {
  const levels = levelsOf(model);
  if (levels.length === 0) return `There is no model "${model}"; there are ${modelNames().join(", ")}.`;
  if (level === undefined || levels.includes(level)) return undefined;
  return `Model ${model} cannot be judged as "${level}", only as ${levels.join(", ")}.`;
}

export function modelNames(): string[] {
  return Object.keys(CHECKS);
}

/** What a history of this model can be judged by, the usual first; [] if there is no such model. */
export function levelsOf(model: string): string[] {
  return Object.hasOwn(CHECKS, model) ? Object.keys(CHECKS[model] as Checks) : [];
}

/** The sequential object behind a model, for its states; undefined if the model is none. */
export function objectOf(model: string, history: History): Model<unknown> | undefined {
  return Object.hasOwn(OBJECTS, model) ? OBJECTS[model]?.(history) : undefined;
}

function objectChecks(name: string): Checks {
  const object = OBJECTS[name] as (typeof OBJECTS)[string];
  const checks: [string, Check][] = [
    ["linearizable", (history, limits) => checkLinearizability(history, object(history), limits)],
    ["sequential", (history, limits) => checkSequential(history, object(history), limits)],
  ];
  if (name === "set") checks.push(["convergence", (history) => checkConvergence(history).verdict]);
  if (name === "lock") checks.push(["mutual exclusion", (history) => checkMutualExclusion(history)]);
  if (name !== "register" && name !== "cas-register") return Object.fromEntries(checks);
  for (const level of CAUSAL_LEVELS) {
    checks.push([level, (history, limits) => checkCausal(history, { ...limits, level })]);
  }
  for (const guarantee of GUARANTEES) {
    checks.push([guarantee, (history, limits) => checkSessions(history, { ...limits, guarantees: [guarantee] })]);
  }
  return Object.fromEntries(checks);
}

/** The strongest first: what a verdict against it rules out, it says. */
function transactionChecks(workload: Workload): Checks {
  return Object.fromEntries(
    [...MODELS].reverse().map((level) => {
      const check: Check = (history, limits) => checkTransactions(history, { ...limits, workload, models: [level] });
      return [level, check];
    }),
  );
}
