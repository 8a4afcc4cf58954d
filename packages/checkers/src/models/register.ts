import type { Operation } from "../history.ts";
import type { Model, RegisterOperation } from "../model.ts";
import { hashText, sameValue, shown, textOf } from "../values.ts";

/** A value as clients see it; null is "absent", which differs from 0, "" and false. */
export type Value = string | number | boolean | null;

/** What is written; for a "cas" the pair of expected and new value. Null for a "read". */
export type RegisterInput = Value | { readonly from: Value; readonly to: Value };

/**
 * A register with compare-and-set.
 *
 * - `read`: input null, output the value.
 * - `write`: input the value; the output does not matter.
 * - `cas`: input `{from, to}`, output whether it was done. False says that the value was not `from`.
 * - `delete`: the same as writing null.
 */
export function casRegister(initial: Value = null): Model<Value> {
  return {
    initial,
    step: stepCasRegister,
    equal: sameValue,
    hash: hashValue,
    // A refused cas had no effect; one whose answer is not known may have had one.
    isRead: ({ f, outcome, output }) => f === "read" || (f === "cas" && outcome === "ok" && output === false),
    asRegister,
    describe: describeRegisterOperation,
    describeState: (state) => JSON.stringify(state),
  };
}

/** A register with reads and writes only. */
export function register(initial: Value = null): Model<Value> {
  return {
    ...casRegister(initial),
    step: (state, operation) => (operation.f === "cas" ? undefined : stepCasRegister(state, operation)),
  };
}

function stepCasRegister(state: Value, operation: Operation): Value | undefined {
  const answered = operation.outcome === "ok";
  switch (operation.f) {
    case "read":
      return !answered || sameValue(operation.output, state) ? state : undefined;
    case "write":
      return operation.input as Value;
    case "delete":
      return null;
    case "cas": {
      const { from, to } = operation.input as { from: Value; to: Value };
      const done = sameValue(from, state);
      if (answered && operation.output !== done) return undefined;
      return done ? to : state;
    }
    default:
      return undefined;
  }
}

/** A refused cas only tells what the value was not: that is none of the three. */
function asRegister({ f, input, output, outcome }: Operation): RegisterOperation | undefined {
  if (f === "read") return { type: "read", value: output };
  if (f === "write") return { type: "write", value: input };
  if (f === "delete") return { type: "write", value: null };
  if (f !== "cas" || (outcome === "ok" && output !== true)) return undefined;
  const { from, to } = input as { from: Value; to: Value };
  return { type: "cas", from, to };
}

function describeRegisterOperation({ f, input, output, outcome }: Operation): string {
  const answered = outcome === "ok";
  switch (f) {
    case "read":
      return answered ? `read ${shown(output)}` : "asked to read";
    case "write":
      return `${answered ? "wrote" : "asked to write"} ${shown(input)}`;
    case "delete":
      return answered ? "deleted it" : "asked to delete it";
    case "cas": {
      const { from, to } = input as { from: Value; to: Value };
      if (!answered) return `asked to change ${shown(from)} to ${shown(to)}`;
      return output === true
        ? `changed ${shown(from)} to ${shown(to)}`
        : `could not change ${shown(from)} to ${shown(to)}`;
    }
    default:
      return `${f} ${shown(input)}`;
  }
}

/** The value's type is part of it. */
export function hashValue(value: Value): number {
  return typeof value === "string" ? hashText(value) : ~hashText(textOf(value));
}
