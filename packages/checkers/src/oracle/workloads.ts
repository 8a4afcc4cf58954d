import type { Operation } from "../history.ts";
import { keyValue } from "../models/kv.ts";
import { casRegister, type Value } from "../models/register.ts";
import { type RevisionedState, revisionedKey } from "../models/revisioned.ts";
import { OBJECT_WORKLOADS } from "./object-workloads.ts";
import type { Workload } from "./workload.ts";

const casRegisterWorkload: Workload<Value> = {
  name: "cas-register",
  model: casRegister,
  ask(draw) {
    const verb = draw(3);
    if (verb === 0) return { f: "read", input: null };
    if (verb === 1) return { f: "write", input: draw(3) };
    return { f: "cas", input: { from: draw(3), to: draw(3) } };
  },
  answer: answerRegister,
  spoil: (draw, output) => (typeof output === "boolean" ? !output : draw(3)),
};

/** Where the quick way of unique writes applies: a refused compare-and-set is a failure, as in Jepsen's histories. */
const uniqueWorkload: Workload<Value> = {
  name: "cas-register of unique writes",
  model: casRegister,
  ask(draw, nth) {
    const verb = draw(5);
    if (verb < 2) return { f: "read", input: null };
    if (verb < 4) return { f: "write", input: nth };
    return { f: "cas", input: { from: nth === 0 ? null : draw(nth), to: nth } };
  },
  answer: (state, operation) => answerRegister(state, operation) || undefined,
  spoil: (draw, output) => (output === true ? output : draw(8)),
};

function answerRegister(state: Value, { f, input }: Operation): unknown {
  if (f === "read") return state;
  return f === "cas" ? (input as { from: Value }).from === state : true;
}

const keyValueWorkload: Workload<Value> = {
  name: "kv",
  model: keyValue,
  ask(draw, nth) {
    const verb = draw(8);
    if (verb < 3) return { f: "get", input: null };
    if (verb < 5) return { f: "append", input: "abcdefg"[nth] ?? "h" };
    if (verb === 5) return { f: "delete", input: null };
    return { f: "put", input: draw(2) === 0 ? "AB"[draw(2)] : draw(2) };
  },
  answer: (state, { f }) => (f === "get" ? state : true),
  spoil: (draw, output) => (typeof output === "string" ? output.slice(0, draw(output.length + 1)) : "a"),
};

const revisionedWorkload: Workload<RevisionedState> = {
  name: "revisioned-kv",
  model: revisionedKey,
  ask(draw) {
    const verb = draw(4);
    if (verb < 2) return { f: "get", input: null };
    if (verb === 2) return { f: "put", input: draw(2) };
    return draw(2) === 0 ? { f: "delete", input: null } : { f: "cas", input: { revision: draw(3), to: draw(2) } };
  },
  answer(state, { f, input }, draw) {
    const told = state.revision ?? state.floor + 1;
    const next = state.floor + 1 + draw(2);
    if (f === "get") return { value: state.value, revision: told };
    if (f === "put") return { revision: next };
    if (f === "delete") return { revision: state.value === null ? 0 : next };
    const done = (input as { revision: number }).revision === told;
    return { done, revision: done ? next : told };
  },
  spoil: (draw, output) => ({ ...(output as object), revision: draw(4) }),
};

// Each workload has a state type of its own, which nobody outside needs to know.
export const WORKLOADS: readonly Workload<unknown>[] = [
  ...[casRegisterWorkload, uniqueWorkload, keyValueWorkload, revisionedWorkload].map(
    (workload) => workload as Workload<unknown>,
  ),
  ...OBJECT_WORKLOADS,
];
