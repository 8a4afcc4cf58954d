import { type History, NEVER_RETURNED, type Operation } from "../history.ts";
import { casRegister, type Value } from "../models/register.ts";
import { random } from "../oracle/random.ts";
import type { Trial } from "../oracle/trial.ts";
import { isSequentialByDefinition } from "./oracle.ts";
import { checkSequential } from "./sequential.ts";

type Draw = (below: number) => number;

/** One operation after the other in time, so that only program order may be loosened. */
function at(time: number, process: number, f: string, key: string, input: unknown, output: unknown): Operation {
  return { process, key, f, input, output, call: 10 * time, return: 10 * time + 5, outcome: "ok" };
}

function unknown(operation: Operation): Operation {
  return { ...operation, outcome: "unknown", output: undefined, return: NEVER_RETURNED };
}

/** A few operations of three processes on one or two registers. */
export function randomSequentialHistory(seed: number): History {
  return seed % 2 === 0 ? buffered(random(seed)) : noisy(random(seed));
}

/** Any answers at all. */
function noisy(draw: Draw): History {
  const keys = ["x", "y"].slice(0, 1 + draw(2));
  return Array.from({ length: 3 + draw(5) }, (_, time) => {
    const process = draw(3);
    const key = keys[draw(keys.length)] as string;
    const value = [null, 1, 2][draw(3)] as Value;
    const verb = draw(8);
    let operation = at(time, process, "read", key, null, value);
    if (verb > 4) operation = at(time, process, "write", key, value ?? 1, null);
    if (verb === 7) operation = at(time, process, "cas", key, { from: value, to: 1 + draw(2) }, draw(3) > 0);
    const fate = draw(12);
    return fate === 0 ? unknown(operation) : fate === 1 ? { ...operation, outcome: "fail" as const } : operation;
  });
}

/** A store whose processes hold their writes back for a while, as a processor's store buffer does: each key is in order. */
function buffered(draw: Draw): History {
  const memory = new Map<string, Value>();
  const buffers: [string, Value][][] = [[], [], []];
  return Array.from({ length: 4 + draw(4) }, (_, time) => {
    const process = draw(2);
    const key = draw(2) === 0 ? "x" : "y";
    if (draw(6) === 0) for (const [written, value] of buffers[process]!.splice(0)) memory.set(written, value);
    if (draw(2) === 0) {
      const operation = at(time, process, "write", key, time, null);
      const fate = draw(8);
      if (fate !== 0) buffers[process]!.push([key, time]);
      return fate < 2 ? unknown(operation) : operation;
    }
    const own = buffers[process]!.findLast(([written]) => written === key);
    return at(time, process, "read", key, null, own?.[1] ?? memory.get(key) ?? null);
  });
}

export const sequentialTrials: readonly Trial[] = [
  {
    name: "sequential cas-register",
    play(seed) {
      const history = randomSequentialHistory(seed);
      const oracle = isSequentialByDefinition(history, casRegister()) ? "ok" : "illegal";
      return { history, oracle, checker: checkSequential(history, casRegister()).type };
    },
  },
];
