import type { Operation } from "../history.ts";
import type { Model } from "../model.ts";
import { hashText, sameValue, shown, textOf } from "../values.ts";
import { partitionByTouch } from "./map-partition.ts";

/** Keys with their values, sorted by key. Absent keys are left out. */
export type MapState = readonly (readonly [key: string, value: unknown])[];

/** `["r", key, value]`, `["w", key, value]`, `["append", key, element]` or `["delete", key]`. */
export type MicroOperation = readonly [f: string, key: string | number, value?: unknown];

/**
 * A key-value store with operations on many keys at once.
 *
 * - `get`, `put`, `append` (to a text), `delete`, `cas {from, to}`: on the operation's key, as in `models/kv.ts`; `read` and
 *   `write` are other words for the first two.
 * - `range`: input `{from, to}`, a key and the key before which to stop, null for no end; output the pairs `[key, value]`, sorted.
 * - `txn`: input micro-operations, output the same with what reads found, all at one instant. `r` or `get`, `w` or `put`,
 *   `append` to a list, `delete`.
 */
export function map(): Model<MapState> {
  return {
    initial: [],
    step: stepMap,
    equal: sameValue,
    hash: (state) => hashText(textOf(state)),
    isRead(operation) {
      const { f, input, output, outcome } = operation;
      if (f === "cas") return outcome === "ok" && output === false;
      return READS.includes(f) || (f === "txn" && (input as MicroOperation[]).every(([verb]) => READS.includes(verb)));
    },
    partition: partitionByTouch,
    describe: describeMap,
    describeState: (state) => shown(Object.fromEntries(state)),
    subject: "the map",
  };
}

/** Registers that transactions read and write together: the map, by the name under which it is better known. */
export const multiRegister: () => Model<MapState> = map;

const READS: readonly string[] = ["get", "read", "r", "range"];

function stepMap(state: MapState, operation: Operation): MapState | undefined {
  const { f, key, input, output, outcome } = operation;
  const answered = outcome === "ok";
  switch (f) {
    case "get":
    case "read":
      return !answered || sameValue(output ?? null, valueAt(state, key)) ? state : undefined;
    case "append":
      return assigned(state, key, `${valueAt(state, key) ?? ""}${input as string}`);
    case "put":
    case "write":
      return assigned(state, key, input);
    case "delete":
      return assigned(state, key, null);
    case "cas": {
      const { from, to } = input as { from: unknown; to: unknown };
      const done = sameValue(valueAt(state, key), from);
      if (answered && (output !== false) !== done) return undefined;
      return done ? assigned(state, key, to) : state;
    }
    case "range":
      return !answered || sameValue(output ?? [], rangeOf(state, input as Range)) ? state : undefined;
    case "txn":
      return stepTransaction(state, (answered ? output : input) as readonly MicroOperation[], answered);
    default:
      return undefined;
  }
}

/** @param answered reads say what they found. */
function stepTransaction(state: MapState, steps: readonly MicroOperation[], answered: boolean): MapState | undefined {
  let now = state;
  for (const [verb, name, value = null] of steps) {
    const key = String(name);
    const found = valueAt(now, key);
    if (READS.includes(verb)) {
      if (answered && !sameValue(value, found)) return undefined;
    } else if (verb === "append") now = assigned(now, key, [...(Array.isArray(found) ? found : []), value]);
    else if (verb === "w" || verb === "put" || verb === "write") now = assigned(now, key, value);
    else if (verb === "delete") now = assigned(now, key, null);
    else return undefined;
  }
  return now;
}

function valueAt(state: MapState, key: string): unknown {
  return state.find(([other]) => other === key)?.[1] ?? null;
}

function assigned(state: MapState, key: string, value: unknown): MapState {
  const others = state.filter(([other]) => other !== key);
  if (value === null || value === undefined) return others;
  return [...others, [key, value] as const].sort(([a], [b]) => (a < b ? -1 : 1));
}

export interface Range {
  readonly from: string;
  readonly to?: string | null;
}

function rangeOf(state: MapState, { from, to }: Range): MapState {
  return state.filter(([key]) => key >= from && (to === null || to === undefined || key < to));
}

function describeMap({ f, key, input, output, outcome }: Operation): string {
  const answered = outcome === "ok";
  const name = JSON.stringify(key);
  switch (f) {
    case "get":
    case "read":
      return answered ? `read ${shown(output)} at ${name}` : `asked to read ${name}`;
    case "range": {
      const { from, to } = input as Range;
      const where = `from ${JSON.stringify(from)} ${to === null || to === undefined ? "on" : `to ${JSON.stringify(to)}`}`;
      return answered ? `read ${shown(output)} ${where}` : `asked to read ${where}`;
    }
    case "txn":
      return answered ? `did ${shown(output)}` : `asked to do ${shown(input)}`;
    case "cas": {
      const { from, to } = input as { from: unknown; to: unknown };
      const verb = !answered ? "asked to change" : output === false ? "could not change" : "changed";
      return `${verb} ${name} from ${shown(from)} to ${shown(to)}`;
    }
    case "delete":
      return `${answered ? "deleted" : "asked to delete"} ${name}`;
    default:
      return `${answered ? (f === "append" ? "appended" : "wrote") : `asked to ${f}`} ${shown(input)} at ${name}`;
  }
}
