import type { Operation } from "../history.ts";
import { interval } from "../verdict.ts";

const READS: ReadonlySet<string> = new Set(["read", "get"]);
const WRITES: ReadonlySet<string> = new Set(["write", "put"]);

/** An operation for a person, whatever its verb: `process 2's read of "x" → 3 (410..412)`. */
export function tell(operation: Operation): string {
  return `process ${operation.process}'s ${what(operation)} (${interval(operation)})`;
}

function what({ f, key, input, output, outcome }: Operation): string {
  const answer = outcome === "ok" ? json(output) : "?";
  const name = json(key);
  if (READS.has(f)) return `${f} of ${name} → ${answer}`;
  if (WRITES.has(f)) return `${f} of ${json(input)} to ${name}${outcome === "ok" ? "" : " → ?"}`;
  const about = input === null || input === undefined ? "" : ` ${json(input)}`;
  return `${f}${about} of ${name} → ${answer}`;
}

function json(value: unknown): string {
  return JSON.stringify(value) ?? "nothing";
}
