import type { History, Operation } from "../../history.ts";
import { random } from "../../oracle/random.ts";
import type { Trial } from "../../oracle/trial.ts";
import { checkTransactions } from "../check.ts";
import type { MicroOperation } from "../micro-operations.ts";
import type { Workload } from "../table.ts";
import { DEFINITIONS, satisfies } from "./definitions.ts";
import { ISOLATION_LEVELS } from "./isolation-levels.ts";
import { simulate } from "./simulated-database.ts";

/** A few transactions of a database of any level; in a third of the histories one read is spoiled. */
function tinyHistory(seed: number, workload: Workload): History {
  const draw = random(seed);
  const level = ISOLATION_LEVELS[draw(ISOLATION_LEVELS.length)]!;
  const transactions = 3 + draw(3);
  const history = simulate({ seed, workload, level, transactions, clients: 3, keys: 2, unknown: 15, aborted: 10 });
  if (draw(3) > 0) return history;
  const spoiled = draw(history.length);
  return history.map((operation, place) => (place === spoiled ? spoil(operation, draw) : operation));
}

function spoil(operation: Operation, draw: (below: number) => number): Operation {
  if (operation.outcome !== "ok") return operation;
  const steps = operation.output as readonly MicroOperation[];
  const output = steps.map(([verb, key, value]): MicroOperation => {
    if (verb !== "r") return [verb, key, value];
    if (Array.isArray(value)) return ["r", key, draw(2) === 0 ? value.slice(0, -1) : [...value, value.length + 1]];
    return ["r", key, draw(4) === 0 ? null : 1 + draw(3)];
  });
  return { ...operation, output };
}

/** With lists, what a transaction sees is always a beginning of each list, so that the weaker definitions are for registers. */
const NOT_FOR_LISTS: readonly string[] = ["read-atomic", "causal", "parallel-snapshot-isolation"];

/** The models that are tried out for a workload. */
export function triedModels(workload: Workload): readonly string[] {
  return Object.keys(DEFINITIONS).filter((model) => workload === "rw-register" || !NOT_FOR_LISTS.includes(model));
}

/** Each history is judged by one of the models, in turn. A cycle that cannot be inferred is missed. */
export function transactionTrial(workload: Workload, models: readonly string[]): Trial {
  return {
    name: `${models.length === 1 ? models[0] : "transactions"} ${workload}`,
    mayMiss: true,
    play(seed) {
      const model = models[seed % models.length]!;
      const history = tinyHistory(seed, workload);
      const checker = checkTransactions(history, { workload, models: [model] }).type;
      return { history, oracle: satisfies(history, model) ? "ok" : "illegal", checker };
    },
  };
}

const WORKLOADS: readonly Workload[] = ["list-append", "rw-register"];

export const transactionTrials: readonly Trial[] = WORKLOADS.map((workload) =>
  transactionTrial(workload, triedModels(workload)),
);
