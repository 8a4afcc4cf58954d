import type { History, Operation } from "../history.ts";
import type { MicroOperation, Range } from "./map.ts";

/**
 * Parts of a history of a map that share no key: transactions tie their keys together, ranges all the keys in them.
 * Linearizability is local (Herlihy and Wing 1990, theorem 1), whatever one calls an object.
 */
export function partitionByTouch(history: History): History[] {
  const keys = new Map<string, number>();
  const parents: number[] = [];
  const groupOf = (key: string): number => {
    const known = keys.get(key);
    if (known !== undefined) return rootOf(parents, known);
    keys.set(key, parents.length);
    return parents.push(parents.length) - 1;
  };
  const tie = (touched: readonly string[]): void => {
    const [first, ...others] = touched.map(groupOf);
    for (const other of others) parents[rootOf(parents, other)] = rootOf(parents, first as number);
  };
  for (const operation of history) if (operation.f !== "range") tie(keysOf(operation));
  // Only now is it known what keys there are. A range that meets none stands for itself.
  const known = [...keys.keys()];
  const touched = new Map<Operation, string>();
  for (const operation of history) {
    const among = operation.f === "range" ? within(known, operation.input as Range) : keysOf(operation);
    if (operation.f === "range") tie([...among, ...toldKeys(operation)]);
    touched.set(operation, among[0] ?? toldKeys(operation)[0] ?? "");
  }
  const parts = new Map<number, Operation[]>();
  for (const operation of history) {
    const group = groupOf(touched.get(operation) as string);
    const part = parts.get(group);
    if (part === undefined) parts.set(group, [operation]);
    else part.push(operation);
  }
  return [...parts.values()];
}

function rootOf(parents: number[], from: number): number {
  let at = from;
  while (parents[at] !== at) {
    parents[at] = parents[parents[at] as number] as number;
    at = parents[at] as number;
  }
  return at;
}

function keysOf(operation: Operation): string[] {
  if (operation.f !== "txn") return [operation.key];
  return (operation.input as readonly MicroOperation[]).map(([, key]) => String(key));
}

function within(keys: readonly string[], { from, to }: Range): string[] {
  return keys.filter((key) => key >= from && (to === null || to === undefined || key < to));
}

/** Keys that only a range's answer names. */
function toldKeys({ output, outcome }: Operation): string[] {
  if (outcome !== "ok" || !Array.isArray(output)) return [];
  return output.map((pair) => String((pair as readonly unknown[])[0]));
}
