import { NEVER_RETURNED } from "@synod/checkers/history";
import { duration } from "../../cli/output.ts";
import type { TargetRun } from "./run.ts";

/** What a run came to, by verb: how many ended how, and how long answers took. */
export interface VerbRow {
  readonly f: string;
  readonly ok: number;
  readonly fail: number;
  readonly unknown: number;
  /** Microseconds, of those that ended ok; undefined if none did. */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
}

export function verbRows({ history }: TargetRun): VerbRow[] {
  const verbs = [...new Set(history.map(({ f }) => f))].sort();
  return verbs.map((f) => {
    const own = history.filter((operation) => operation.f === f);
    const count = (outcome: string): number => own.filter((operation) => operation.outcome === outcome).length;
    const took = own
      .filter(({ outcome, return: returned }) => outcome === "ok" && returned !== NEVER_RETURNED)
      .map((operation) => operation.return - operation.call)
      .sort((a, b) => a - b);
    const at = (part: number): number | undefined => took[Math.min(took.length - 1, Math.floor(took.length * part))];
    return { f, ok: took.length, fail: count("fail"), unknown: count("unknown"), p50: at(0.5), p99: at(0.99) };
  });
}

/** "kill 3, pause 2"; "none". */
export function faultsLine({ faults }: TargetRun): string {
  const counts = new Map<string, number>();
  for (const { name } of faults) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => `${name} ${count}`).join(", ") || "none";
}

export function silenceLine({ silence: { from, to } }: TargetRun): string {
  const at = (micros: number): string => `${(micros / 1_000_000).toFixed(2)} s`;
  return `${duration((to - from) / 1000)} (from ${at(from)} to ${at(to)})`;
}
