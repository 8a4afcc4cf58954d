import { type History, NEVER_RETURNED } from "@synod/checkers/history";
import type { Clock } from "@synod/checkers/picture/clock";

/** How the operations of one verb went. */
export interface VerbRow {
  readonly f: string;
  readonly ok: number;
  readonly fail: number;
  readonly unknown: number;
  /** How long answers took, in the history's time; undefined if there was none. */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
}

/** By name of the verb. */
export function verbRows(history: History): VerbRow[] {
  const verbs = new Map<string, { took: number[]; fail: number; unknown: number }>();
  for (const { f, outcome, call, return: end } of history) {
    const verb = verbs.get(f) ?? { took: [], fail: 0, unknown: 0 };
    verbs.set(f, verb);
    if (outcome === "ok") verb.took.push(end === NEVER_RETURNED ? 0 : end - call);
    else verb[outcome] += 1;
  }
  return [...verbs]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([f, { took, fail, unknown }]) => {
      const sorted = Float64Array.from(took).sort();
      const at = (part: number): number | undefined =>
        sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
      return { f, ok: took.length, fail, unknown, p50: at(0.5), p99: at(0.99) };
    });
}

/** The cells of a table: verb, ok, failed, unknown, and how long it took where the history's clock has a unit. */
export function verbCells(history: History, clock: Clock): { head: string[]; rows: string[][] } {
  const timed = clock.sign !== "";
  const length = (time: number | undefined): string => (time === undefined ? "" : clock.length(time));
  const rows = verbRows(history).map(({ f, ok, fail, unknown, p50, p99 }) => {
    const counts = [ok, fail, unknown].map((number) => number.toLocaleString("en"));
    return [f, ...counts, ...(timed ? [length(p50), length(p99)] : [])];
  });
  return { head: ["operation", "ok", "failed", "unknown", ...(timed ? ["p50", "p99"] : [])], rows };
}
