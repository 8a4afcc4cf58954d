import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLinearizability } from "../linearizability.ts";
import type { Model } from "../model.ts";
import { isLinearizable } from "./linearizability.ts";
import { randomHistory } from "./random-history.ts";
import { playTrial, type Trial } from "./trial.ts";
import { WORKLOADS } from "./workloads.ts";

/** The checker gets a model with a mistake in what only makes it faster; the oracle does not look at that. */
function planted(name: string, mistake: (model: Model<unknown>) => Model<unknown>): Trial {
  const workload = WORKLOADS.find((one) => one.name === name);
  assert.ok(workload !== undefined, name);
  return {
    name,
    play(seed) {
      const history = randomHistory(workload, seed);
      const model = workload.model();
      const oracle = isLinearizable(history, model) ? "ok" : "illegal";
      return { history, oracle, checker: checkLinearizability(history, mistake(model)).type };
    },
  };
}

const reversed = ({ specialize: _, ...model }: Model<unknown>): Model<unknown> => ({
  ...model,
  precedence: (history) => (model.precedence?.(history) ?? []).map(([before, after]) => [after, before] as const),
});

const mistakes: readonly [what: string, Trial][] = [
  ["writes are taken for reads", planted("cas-register", (model) => ({ ...model, isRead: ({ f }) => f !== "cas" }))],
  ["lost swaps are left out", planted("cas-register", (model) => ({ ...model, isRead: ({ f }) => f !== "write" }))],
  ["states are mixed up", planted("cas-register", (model) => ({ ...model, equal: () => true, hash: () => 0 }))],
  [
    "every operation is a part of its own",
    planted("map", (model) => ({ ...model, partition: (all) => all.map((one) => [one]) })),
  ],
  [
    "swaps are taken for writes",
    planted("cas-register of unique writes", (model) => ({
      ...model,
      asRegister(operation) {
        const asked = model.asRegister?.(operation);
        return asked?.type === "cas" ? { type: "write", value: asked.to } : asked;
      },
    })),
  ],
  ["appends are told in the wrong order", planted("kv", reversed)],
  ["enqueues are told in the wrong order", planted("queue", reversed)],
  ["additions are told in the wrong order", planted("set", reversed)],
  ["entries are told in the wrong order", planted("ledger", reversed)],
];

for (const [what, trial] of mistakes) {
  test(`the oracle notices if ${what}`, () => {
    assert.notEqual(playTrial(trial, 1, 3000).disagreement, undefined);
  });
}
