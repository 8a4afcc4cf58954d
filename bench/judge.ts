/**
 * How long a judgement takes: the sample histories of others, and histories made here, of many clients on many keys and of
 * many on one: `node bench/main.ts judge`. One core; no other checker runs beside it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type History, NEVER_RETURNED, type Operation } from "@synod/checkers/history";
import { checkLinearizability } from "@synod/checkers/linearizability";
import type { Model } from "@synod/checkers/model";
import { keyValue } from "@synod/checkers/models/kv";
import { queue } from "@synod/checkers/models/queue";
import { casRegister } from "@synod/checkers/models/register";
import { random } from "@synod/checkers/oracle/random";
import { readHistory } from "@synod/checkers/readers/read-history";
import { options } from "./options.ts";
import { keep, table } from "./report.ts";
import { shown, spread } from "./statistics.ts";

interface Case {
  readonly name: string;
  readonly history: History;
  readonly model: Model<unknown>;
  readonly expected: "ok" | "illegal";
}

interface Run {
  readonly milliseconds: number;
  readonly megabytes: number;
}

export async function main(args: readonly string[]): Promise<void> {
  const settings = options({ rounds: "5", operations: "10000", clients: "50" }, args);
  const rows: string[][] = [];
  for (const one of cases(Number(settings.operations), Number(settings.clients))) {
    const runs = Array.from({ length: Number(settings.rounds) }, () => judged(one));
    const { length } = one.history;
    keep("judge", { ...settings, case: one.name, length, runs });
    const rates = runs.map(({ milliseconds }) => (length / milliseconds) * 1000);
    const memory = shown(Math.max(...runs.map(({ megabytes }) => megabytes)));
    rows.push([
      one.name,
      shown(length),
      one.expected,
      spread(runs.map(({ milliseconds }) => milliseconds)),
      spread(rates),
      memory,
    ]);
  }
  console.log(table(["history", "operations", "verdict", "ms", "operations/s", "MB more"], rows));
}

function judged({ name, history, model, expected }: Case): Run {
  const before = process.memoryUsage().rss;
  const start = performance.now();
  const verdict = checkLinearizability(history, model, { maxViolations: 1 });
  const milliseconds = performance.now() - start;
  if (verdict.type !== expected) throw new Error(`${name} was judged ${verdict.type}`);
  return { milliseconds, megabytes: Math.max(0, process.memoryUsage().rss - before) / 2 ** 20 };
}

function cases(operations: number, clients: number): Case[] {
  const folder = join(import.meta.dirname, "..", "packages", "checkers", "testdata", "porcupine-kv");
  const samples = ["c10-ok", "c10-bad", "c50-ok", "c50-bad"].map((name): Case => {
    const { history } = readHistory(readFileSync(join(folder, `${name}.txt`)));
    const model = keyValue("") as Model<unknown>;
    return {
      name: `${name}, key-value with appends`,
      history,
      model,
      expected: name.endsWith("ok") ? "ok" : "illegal",
    };
  });
  const register = casRegister() as Model<unknown>;
  const of = (keys: number, values: number): History => registerHistory(operations, clients, keys, values);
  const made: Case[] = [
    { name: `${clients} clients, 20 keys, 5 values`, history: of(20, 5), model: register, expected: "ok" },
    {
      name: `${clients} clients, 20 keys, one read stale`,
      history: stale(of(20, 5)),
      model: register,
      expected: "illegal",
    },
    { name: `${clients} clients, 1 key, unique values`, history: of(1, operations), model: register, expected: "ok" },
    {
      name: "10 clients, 1 queue, all answered",
      history: queueHistory(operations, 10),
      model: queue() as Model<unknown>,
      expected: "ok",
    },
  ];
  return [...samples, ...made];
}

/** When each of many clients calls, takes effect and returns; in order of effect. @param oneOf of how many calls one is not answered; 0: all are. */
function* schedule(
  operations: number,
  clients: number,
  oneOf: number,
): Generator<Pick<Operation, "process" | "call" | "return" | "outcome">> {
  const draw = random(1);
  const planned = Array.from({ length: operations }, (_, index) => {
    const call = Math.floor(index / clients) * 1000 + draw(400);
    const end = call + 100 + draw(500);
    const lost = oneOf > 0 && draw(oneOf) === 0;
    return {
      process: index % clients,
      call,
      return: lost ? NEVER_RETURNED : end,
      lost,
      instant: call + draw(end - call),
    };
  }).sort((a, b) => a.instant - b.instant);
  for (const { process, call, return: end, lost } of planned)
    yield { process, call, return: end, outcome: lost ? "unknown" : "ok" };
}

function registerHistory(operations: number, clients: number, keys: number, values: number): History {
  const draw = random(2);
  const state = new Map<string, number>();
  let written = 0;
  return [...schedule(operations, clients, 100)].map((slot): Operation => {
    const key = `k${draw(keys)}`;
    const value = state.get(key) ?? null;
    const f = ["read", "write", "cas"][draw(values === operations ? 2 : 3)] as string;
    if (f === "read") return { ...slot, key, f, input: null, output: slot.outcome === "ok" ? value : undefined };
    const next = values === operations ? written++ : draw(values);
    const from = f === "cas" ? (draw(2) === 0 ? draw(values) : value) : null;
    const done = f === "write" || from === value;
    if (done) state.set(key, next);
    return {
      ...slot,
      key,
      f,
      input: f === "cas" ? { from, to: next } : next,
      output: slot.outcome === "ok" ? done : undefined,
    };
  });
}

/** The last read of a key answers what its register never held. */
function stale(history: History): History {
  const last = history.findLastIndex(({ f, outcome }) => f === "read" && outcome === "ok");
  return history.map((operation, index) => (index === last ? { ...operation, output: -1 } : operation));
}

function queueHistory(operations: number, clients: number): History {
  const elements: number[] = [];
  let enqueued = 0;
  const draw = random(3);
  return [...schedule(operations, clients, 0)].map((slot): Operation => {
    if (draw(2) === 0) {
      elements.push(enqueued);
      return { ...slot, key: "q", f: "enqueue", input: enqueued++, output: slot.outcome === "ok" ? null : undefined };
    }
    const output = elements.shift() ?? null;
    return { ...slot, key: "q", f: "dequeue", input: null, output: slot.outcome === "ok" ? output : undefined };
  });
}
