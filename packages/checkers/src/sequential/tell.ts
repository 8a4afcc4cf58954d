import type { Operation } from "../history.ts";
import { textOf } from "../values.ts";
import { interval } from "../verdict.ts";

const READS: ReadonlySet<string> = new Set(["read", "get"]);
const WRITES: ReadonlySet<string> = new Set(["write", "put"]);

/** An operation for a person, whatever its verb: `process 2's read of "x" → 3 (410..412)`. */
export function tell(operation: Operation): string {
  return `process ${operation.process}'s ${what(operation)} (${interval(operation)})`;
}

function what({ f, key, input, output, outcome }: Operation): string {
  const answer = outcome === "ok" ? textOf(output) : "?";
  const name = textOf(key);
  if (READS.has(f)) return `${f} of ${name} → ${answer}`;
  if (WRITES.has(f)) return `${f} of ${textOf(input)} to ${name}${outcome === "ok" ? "" : " → ?"}`;
  const about = input === null || input === undefined ? "" : ` ${textOf(input)}`;
  return `${f}${about} of ${name} → ${answer}`;
}
