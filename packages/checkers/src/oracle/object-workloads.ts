import { bag } from "../models/bag.ts";
import { type BankState, bank, type Transfer } from "../models/bank.ts";
import { counter } from "../models/counter.ts";
import { type LedgerState, ledger } from "../models/ledger.ts";
import { type LockState, lock } from "../models/lock.ts";
import { type MapState, type MicroOperation, map, type Range } from "../models/map.ts";
import { queue } from "../models/queue.ts";
import { set } from "../models/set.ts";
import { textOf } from "../values.ts";
import type { Draw, Workload } from "./workload.ts";

const counterWorkload: Workload<number> = {
  name: "counter",
  model: counter,
  ask(draw) {
    const f = ["read", "add", "add", "decrement", "add-and-get"][draw(5)] as string;
    return { f, input: f === "add" || f === "add-and-get" ? 1 + draw(3) : null };
  },
  answer: (state, { f, input }) => (f === "read" ? state : f === "add-and-get" ? state + (input as number) : true),
  spoil: (draw, output) => (typeof output === "number" ? output + draw(3) - 1 : output),
};

const setWorkload: Workload<string> = {
  name: "set",
  model: set,
  ask(draw, nth) {
    const f = ["read", "read", "add", "add", "contains", "remove"][draw(nth < 3 ? 5 : 6)] as string;
    return { f, input: f === "read" ? null : draw(2) === 0 ? nth : draw(3) };
  },
  answer(state, { f, input }) {
    const elements = state === "" ? [] : state.split("\n").map(Number);
    if (f === "read") return elements.reverse();
    return f === "contains" ? elements.includes(input as number) : true;
  },
  spoil(draw, output) {
    if (Array.isArray(output)) return draw(2) === 0 ? output.slice(1) : [...output, draw(4)];
    return typeof output === "boolean" ? !output : output;
  },
};

const queueWorkload: Workload<readonly unknown[]> = {
  name: "queue",
  model: queue,
  ask(draw, nth) {
    const f = ["enqueue", "enqueue", "enqueue", "dequeue", "dequeue", "dequeue", "peek"][draw(7)] as string;
    return { f, input: f === "enqueue" ? (draw(4) === 0 ? draw(2) : nth) : null };
  },
  answer: (state, { f }) => (f === "enqueue" ? true : (state[0] ?? null)),
  spoil: (draw, output) => (output === true ? output : (draw(8) - 1 + 8) % 8 || null),
};

const bagWorkload: Workload<readonly string[]> = {
  name: "bag",
  model: bag,
  ask: (draw) => (draw(2) === 0 ? { f: "enqueue", input: draw(4) } : { f: "dequeue", input: null }),
  answer(state, { f }, draw) {
    if (f === "enqueue") return true;
    const elements = (state[0] as string).split("\n");
    return state[0] === "" ? null : Number(elements[draw(elements.length)]);
  },
  spoil: (draw, output) => (output === true ? output : [null, 0, 1, 2, 3][draw(5)]),
};

const lockWorkload: Workload<LockState> = {
  name: "lock",
  model: lock,
  ask: (draw) => ({ f: draw(5) < 3 ? "acquire" : "release", input: ["a", "b", null][draw(3)] }),
  answer(state, { f, input, process }, draw) {
    const holds = textOf(state.holder) === textOf(input ?? process);
    if (f === "release") return holds;
    if (state.holder !== undefined) return draw(2) === 0 ? false : undefined;
    return [true, { token: state.token + 1 + draw(2) }][draw(2)];
  },
  spoil: (draw, output) => (output === true ? false : typeof output === "object" ? { token: draw(3) } : true),
};

function answerBank({ known, accounts }: BankState, f: string, input: unknown): unknown {
  const balance = (name: string): number => (Object.hasOwn(accounts, name) ? (accounts[name]?.balance ?? 0) : 0);
  const start = known ? 0 : 2;
  if (f === "read") return Object.fromEntries(["a", "b", "c"].map((name) => [name, start + balance(name)]));
  const { from, amount } = input as Transfer;
  return start + balance(String(from)) >= amount;
}

function bankWorkload(name: string, model: () => ReturnType<typeof bank>): Workload<BankState> {
  return {
    name,
    model,
    ask(draw) {
      if (draw(5) < 2) return { f: "read", input: null };
      const from = draw(3);
      return { f: "transfer", input: { from: "abc"[from], to: "abc"[(from + 1 + draw(2)) % 3], amount: 1 + draw(3) } };
    },
    answer: (state, { f, input }) => answerBank(state, f, input),
    spoil: (draw, output) => (typeof output === "boolean" ? !output : { ...(output as object), a: draw(3) }),
  };
}

const ledgerWorkload: Workload<LedgerState> = {
  name: "ledger",
  model: ledger,
  ask(draw, nth) {
    const f = ["append", "append", "append", "read", "read", "read", "length"][draw(7)] as string;
    if (f === "append") return { f, input: draw(5) === 0 ? 0 : nth };
    return { f, input: f === "read" && draw(6) === 0 ? { from: draw(2), to: 2 } : null };
  },
  answer(state, { f, input }, draw) {
    const entries = state as readonly unknown[];
    if (f === "append") return draw(4) === 0 ? { index: entries.length } : true;
    if (f === "length") return entries.length;
    const { from = 0, to } = (input ?? {}) as { from?: number; to?: number };
    return entries.slice(from, to);
  },
  spoil(draw, output) {
    if (Array.isArray(output)) return draw(2) === 0 ? output.slice(0, -1) : [...output].reverse();
    return typeof output === "object" ? { index: draw(3) } : typeof output === "number" ? draw(4) : output;
  },
};

const mapWorkload: Workload<MapState> = {
  name: "map",
  model: map,
  ask(draw, nth) {
    const key = "abc"[draw(3)] as string;
    const f = ["get", "put", "delete", "append", "cas", "range", "txn", "txn"][draw(8)] as string;
    if (f === "range") return { f, key: "", input: { from: "abc"[draw(2)], to: ["b", "c", null][draw(3)] } };
    if (f === "txn") return { f, key: "", input: Array.from({ length: 1 + draw(2) }, () => askMicro(draw, nth)) };
    if (f === "cas") return { f, key, input: { from: [null, "x", "y"][draw(3)], to: "z" } };
    return { f, key, input: f === "put" || f === "append" ? "xy"[draw(2)] : null };
  },
  answer(state, { f, key, input }) {
    const at = (name: string): unknown => state.find(([other]) => other === name)?.[1] ?? null;
    if (f === "get") return at(key);
    if (f === "cas") return at(key) === (input as { from: unknown }).from;
    const { from, to } = (input ?? {}) as Range;
    if (f === "range") return state.filter(([name]) => name >= from && (to === null || to === undefined || name < to));
    return f === "txn" ? answerTransaction(state, input as MicroOperation[]) : true;
  },
  spoil(draw, output) {
    if (typeof output === "boolean") return output;
    if (!Array.isArray(output)) return [null, "x", "y"][draw(3)];
    return output.map((step) => (step[0] === "r" ? ["r", step[1], [null, "x"][draw(2)]] : step)).slice(draw(2));
  },
};

function askMicro(draw: Draw, nth: number): MicroOperation {
  const key = "abc"[draw(3)] as string;
  const verb = ["r", "w", "append"][draw(3)] as string;
  return [verb, key, verb === "r" ? null : verb === "w" ? "x" : nth];
}

function answerTransaction(state: MapState, steps: readonly MicroOperation[]): MicroOperation[] {
  const now = new Map<string, unknown>(state);
  return steps.map(([verb, key, value]) => {
    const found = now.get(String(key)) ?? null;
    if (verb === "r") return [verb, key, found];
    now.set(String(key), verb === "w" ? value : [...(Array.isArray(found) ? found : []), value]);
    return [verb, key, value];
  });
}

export const OBJECT_WORKLOADS: readonly Workload<unknown>[] = [
  counterWorkload,
  setWorkload,
  queueWorkload,
  bagWorkload,
  lockWorkload,
  bankWorkload("bank", () => bank({ balances: { a: 2, b: 2, c: 2 } })),
  bankWorkload("bank of unknown beginnings", () => bank()),
  ledgerWorkload,
  mapWorkload,
].map((workload) => workload as Workload<unknown>);
