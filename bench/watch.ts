/**
 * One write, many watchers: how many events a second leave three nodes of Synod and of etcd, in turns:
 * `node bench/main.ts watch`. Every watcher must see every write, once.
 */
import { Cluster } from "synod/cluster-test/cluster";
import { etcd, type Program, synod } from "synod/cluster-test/programs";
import { options } from "./options.ts";
import { cpuMicroseconds } from "./processes.ts";
import { keep, table } from "./report.ts";
import { median, shown, spread } from "./statistics.ts";
import { type FanOut, FanOutRun } from "./watch-client.ts";

interface Measurement extends FanOut {
  readonly program: string;
  readonly round: number;
  readonly eventsPerSecond: number;
  readonly putsPerSecond: number;
  readonly serverMicrosecondsPerEvent: number;
}

/** watchers x puts x puts under way; on one connection. */
const LOADS = "1000x500x10,100x5000x100,1x5000x10";

export async function main(args: readonly string[]): Promise<void> {
  const settings = options({ rounds: "3", loads: LOADS, connections: "1", programs: "etcd,synod" }, args);
  const programs = [etcd, { ...synod, links: false }].filter(({ name }) => settings.programs.split(",").includes(name));
  const loads = settings.loads.split(",").map((text): FanOut => {
    const [watchers, puts, inFlight] = text.split("x").map(Number) as [number, number, number];
    return { watchers, puts, inFlight, connections: Math.min(watchers, Number(settings.connections)), valueBytes: 256 };
  });
  const measurements: Measurement[] = [];
  for (let round = 1; round <= Number(settings.rounds); round += 1) {
    // A fresh start for each load too: watchers of the one before must not weigh on it.
    for (const load of loads) for (const program of programs) measurements.push(await measure(program, load, round));
  }
  for (const measurement of measurements) keep("watch", measurement);
  console.log(
    tabulate(
      measurements,
      loads,
      programs.map(({ name }) => name),
    ),
  );
}

async function measure(program: Program, load: FanOut, round: number): Promise<Measurement> {
  const cluster = await Cluster.start(program);
  try {
    const pids = cluster.nodes.map((node) => node.pid as number);
    const leader = await cluster.leader();
    // The compiler's share, for whichever program has one.
    await new FanOutRun(leader.plan.clientPort, { ...load, watchers: 10, connections: 1, puts: 2000 }).run(() => {});
    let before = 0;
    const result = await new FanOutRun(leader.plan.clientPort, load).run(() => {
      before = cpuMicroseconds(pids);
    });
    const serverMicrosecondsPerEvent = (cpuMicroseconds(pids) - before) / (load.watchers * load.puts);
    console.error(`round ${round} ${program.name} ${nameOf(load)}: ${shown(result.eventsPerSecond)} events/s`);
    return { program: program.name, round, ...load, ...result, serverMicrosecondsPerEvent };
  } finally {
    await cluster.destroy();
  }
}

function nameOf(load: FanOut): string {
  return `${load.watchers} watchers, ${load.puts} puts, ${load.inFlight} in flight`;
}

function tabulate(measurements: readonly Measurement[], loads: readonly FanOut[], programs: readonly string[]): string {
  const columns = ["events/s", "puts/s", "server µs/event"];
  const head = ["load", ...programs.flatMap((name) => columns.map((column) => `${name} ${column}`)), "ratio"];
  const rows = loads.map((load) => {
    const of = (program: string): Measurement[] =>
      measurements.filter((one) => one.program === program && nameOf(one) === nameOf(load));
    const cells = programs.flatMap((program) => {
      const runs = of(program);
      return [
        spread(runs.map((one) => one.eventsPerSecond)),
        shown(median(runs.map((one) => one.putsPerSecond))),
        shown(median(runs.map((one) => one.serverMicrosecondsPerEvent))),
      ];
    });
    const rates = programs.map((program) => median(of(program).map((one) => one.eventsPerSecond)));
    return [nameOf(load), ...cells, rates.length === 2 ? `${(rates[1]! / rates[0]!).toFixed(1)}×` : ""];
  });
  return table(head, rows);
}
