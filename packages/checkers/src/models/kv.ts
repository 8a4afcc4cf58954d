import type { Operation } from "../history.ts";
import type { Model } from "../model.ts";
import { casRegister, type Value } from "./register.ts";

/**
 * One key of a key-value store: `get`, `put`, `append` (to a string; absent counts as ""), `delete`, and `cas` as in
 * the register. The history's `key` says which key.
 * @param initial what a key that was never written answers: null, or "" in stores that cannot tell.
 */
export function keyValue(initial: Value = null): Model<Value> {
  const register = casRegister(initial);
  return {
    ...register,
    step(state, operation) {
      switch (operation.f) {
        case "append":
          return `${state ?? ""}${operation.input as string}`;
        case "delete":
          return initial;
        default:
          return register.step(state, asRegister(operation));
      }
    },
    isRead: (operation) => operation.f === "get",
    describe: (operation) => (operation.f === "get" ? `get → ${answer(operation)}` : register.describe(operation)),
  };
}

const REGISTER_VERBS: Readonly<Record<string, string>> = { get: "read", put: "write", cas: "cas" };

function asRegister(operation: Operation): Operation {
  return { ...operation, f: REGISTER_VERBS[operation.f] ?? "unknown verb" };
}

function answer(operation: Operation): string {
  return operation.outcome === "ok" ? JSON.stringify(operation.output) : "?";
}
