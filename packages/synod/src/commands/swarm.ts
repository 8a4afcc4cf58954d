import { SECOND } from "@synod/simulator/config";
import { missedGoals, type SwarmSummary, swarm } from "@synod/simulator/swarm";
import { columns, count } from "./columns.ts";
import { type Print, replayLine, type WorldFlags, worldConfig } from "./sim.ts";

export interface SwarmCommandOptions extends WorldFlags {
  /** The first seed; the others follow it. */
  readonly seed: number;
  readonly seeds: number;
  /** Failing seeds after which to stop. 1 by default. */
  readonly maxFailures?: number | undefined;
  readonly json?: boolean | undefined;
}

/** A line of progress about this often. */
const PROGRESS_EVERY_MS = 5_000;

/**
 * Runs many seeds. @param now milliseconds on any clock, for the speed and for progress.
 * @returns the exit code: 0 if everything held, 1 if a seed failed, 2 for flags that make no sense.
 */
export function swarmCommand(
  options: SwarmCommandOptions,
  print: Print,
  now: () => number = () => performance.now(),
): number {
  const config = worldConfig(options);
  if (typeof config === "string") {
    print(config);
    return 2;
  }
  const began = now();
  let shown = began;
  const summary = swarm({
    firstSeed: options.seed,
    seeds: options.seeds,
    config,
    maxFailures: options.maxFailures ?? 1,
    progress: (result, soFar) => {
      if (result.failure !== undefined && !options.json) {
        print(`seed ${result.seed}: ${result.failure.property}: ${result.failure.message}`);
        print(`  replay: ${replayLine({ ...options, seed: result.seed })}`);
      }
      if (now() - shown >= PROGRESS_EVERY_MS && !options.json) {
        shown = now();
        print(
          `${soFar.seeds} of ${options.seeds} seeds, ${soFar.events} events, ${count(soFar.failures.length, "failure", "failures")}`,
        );
      }
      return true;
    },
  });
  const seconds = Math.max(0.001, (now() - began) / 1000);
  if (options.json) print(JSON.stringify(toJson(options, summary, seconds)));
  else explain(options, summary, seconds, print);
  return summary.failures.length === 0 ? 0 : 1;
}

function explain(options: SwarmCommandOptions, summary: SwarmSummary, seconds: number, print: Print): void {
  const { failures } = summary;
  const verdict = failures.length === 0 ? "everything held" : `${count(failures.length, "seed", "seeds")} failed`;
  print(`${count(summary.seeds, "seed", "seeds")} from ${options.seed}: ${verdict}`);
  print("");
  const virtual = summary.virtualTime / SECOND;
  const rows: [string, string][] = [
    ["events", `${summary.events}, ${Math.round(summary.events / seconds)} a second`],
    [
      "time",
      `${virtual.toFixed(0)} s virtual in ${seconds.toFixed(1)} s: ${Math.round(virtual / seconds)} times as fast`,
    ],
    ["operations", `${summary.completed} answered, ${summary.unknown} unknown, ${summary.committed} entries agreed on`],
    ["faults", mapLine(summary.faults) || "none"],
    ["reached", mapLine(summary.goals) || "nothing"],
  ];
  const missed = missedGoals(summary);
  if (missed.length > 0)
    rows.push(["not reached", `${missed.join(", ")}: more seeds or other faults are needed to judge those`]);
  for (const line of columns(rows)) print(line);
}

function toJson(options: SwarmCommandOptions, summary: SwarmSummary, seconds: number): unknown {
  return {
    ...summary,
    faults: Object.fromEntries(summary.faults),
    goals: Object.fromEntries(summary.goals),
    failures: summary.failures.map(({ seed, failure }) => ({
      seed,
      failure,
      replay: replayLine({ ...options, seed }),
    })),
    missedGoals: missedGoals(summary),
    seconds,
  };
}

function mapLine(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, number]) => `${name} ${number}`)
    .join(", ");
}
