import { type History, NEVER_RETURNED, type Operation, type OperationOutcome } from "../../history.ts";
import type { MicroOperation } from "../micro-operations.ts";

/**
 * A history in words, a transaction a line: process, times, outcome (ok unless said), micro-operations.
 *
 *     1 0..10: append x 1, r y [2 3]
 *     2 5.. unknown: append y 2
 *     3 6..9 fail: w z 4
 */
export function story(text: string): History {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map(transaction);
}

function transaction(line: string): Operation {
  const parts = /^\s*(\d+) (\d+)\.\.(\d*)(?: (fail|unknown))?: (.*)$/.exec(line);
  if (parts === null) throw new SyntaxError(`not a line of a story: ${line}`);
  const [, process, call, returned, said, steps] = parts;
  const outcome = (said ?? "ok") as OperationOutcome;
  const output = steps!.split(",").map(microOperation);
  return {
    process: Number(process),
    key: "",
    f: "txn",
    input: output.map(([verb, key, value]): MicroOperation => [verb, key, verb === "r" ? null : value]),
    output: outcome === "ok" ? output : undefined,
    call: Number(call),
    return: returned === "" ? NEVER_RETURNED : Number(returned),
    outcome,
  };
}

function microOperation(step: string): MicroOperation {
  const [verb, key, ...rest] = step.trim().split(" ");
  const value = rest.join(" ");
  const isList = value.startsWith("[");
  return [
    verb as "r",
    key!,
    isList ? JSON.parse(value.replaceAll(" ", ",")) : JSON.parse(value === "" ? "null" : value),
  ];
}
