/**
 * How fast virtual time passes: an idle cluster of five, against the clock on the wall; and worlds with faults and
 * clients, in events a second on one core: `node bench/main.ts simulation`.
 */
import { drawConfig } from "@synod/simulator/config";
import { createSimulation } from "@synod/simulator/simulate";
import { swarm } from "@synod/simulator/swarm";
import { options } from "./options.ts";
import { keep, table } from "./report.ts";
import { shown, spread } from "./statistics.ts";

const MICROSECONDS = 1_000_000;

export async function main(args: readonly string[]): Promise<void> {
  const settings = options({ rounds: "3", idle: "600", seeds: "200", first: "1" }, args);
  const rounds = Array.from({ length: Number(settings.rounds) }, () => ({
    idle: idle(Number(settings.idle)),
    faults: faults(Number(settings.first), Number(settings.seeds)),
  }));
  for (const round of rounds) keep("simulation", { ...settings, ...round });
  const of = (read: (round: (typeof rounds)[number]) => number): string => spread(rounds.map(read));
  const hard = shown(rounds[0]?.faults.tooHard ?? 0);
  console.log(
    table(
      ["run", "virtual / real time", "events/s", "committed entries/s"],
      [
        [
          `5 nodes idle, ${settings.idle} virtual s`,
          of(({ idle }) => idle.speed),
          of(({ idle }) => idle.eventsPerSecond),
          "",
        ],
        [
          `${settings.seeds} seeds with faults (${hard} too hard to judge)`,
          of(({ faults }) => faults.speed),
          of(({ faults }) => faults.eventsPerSecond),
          of(({ faults }) => faults.committedPerSecond),
        ],
      ],
    ),
  );
}

interface Speed {
  /** Virtual by real time. */
  readonly speed: number;
  readonly eventsPerSecond: number;
}

/** Five nodes with nothing to do but to hear that the leader lives, at Raft's own time-outs. */
function idle(virtualSeconds: number): Speed {
  const config = drawConfig(1, {
    nodes: 5,
    spares: 0,
    duration: virtualSeconds * MICROSECONDS,
    network: { minDelay: 200, meanDelay: 500, uniformDelay: false, loss: 0, duplicate: 0, reorder: 0, capacity: 1000 },
    disk: { model: "light" },
    workload: { clients: 0 },
    checkedCodec: false,
    faults: [],
    raft: { electionTimeout: MICROSECONDS, heartbeatInterval: MICROSECONDS / 10 },
  });
  const simulation = createSimulation(1, config, []);
  const start = performance.now();
  simulation.run();
  const elapsed = (performance.now() - start) / 1000;
  if (simulation.failure !== undefined) throw new Error(`an idle cluster failed: ${simulation.failure.message}`);
  return { speed: simulation.world.now / MICROSECONDS / elapsed, eventsPerSecond: simulation.events / elapsed };
}

function faults(firstSeed: number, seeds: number): Speed & { committedPerSecond: number; tooHard: number } {
  const start = performance.now();
  const summary = swarm({ firstSeed, seeds, maxFailures: 1 });
  const elapsed = (performance.now() - start) / 1000;
  const [failed] = summary.failures;
  if (failed !== undefined) throw new Error(`seed ${failed.seed} failed: ${failed.failure.message}`);
  return {
    speed: summary.virtualTime / MICROSECONDS / elapsed,
    eventsPerSecond: summary.events / elapsed,
    committedPerSecond: summary.committed / elapsed,
    tooHard: summary.goals.get("history too hard to judge") ?? 0,
  };
}
