/**
 * Renewals of leases on three nodes of Synod and of etcd, in turns: `node bench/main.ts keepalive`, through the leader or,
 * with `--node follower`, through another node. Both renew in the leader's memory; Synod's has a majority confirm that it
 * leads, etcd's does not. Every answer must be of the lease that was asked for, and every lease must have its whole time
 * again afterwards.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Cluster } from "synod/cluster-test/cluster";
import { EtcdApi } from "synod/cluster-test/etcd-api";
import type { Program } from "synod/cluster-test/programs";
import { type KeepAliveLoad, type KeepAliveResult, KeepAliveRun } from "./keep-alive-client.ts";
import { options } from "./options.ts";
import { cpuMicroseconds } from "./processes.ts";
import { chosenPrograms, ratio } from "./programs.ts";
import { keep, table } from "./report.ts";
import { median, shown, spread } from "./statistics.ts";

interface Measurement extends KeepAliveLoad, KeepAliveResult {
  readonly program: string;
  readonly node: string;
  readonly round: number;
  readonly load: string;
  readonly serverMicrosecondsPerRenewal: number;
}

const TTL_SECONDS = 600;
/** Long enough to see of a lease that it was not renewed. */
const AGE_MS = 3000;

/** connections x streams x renewals under way on each stream */
const LOADS = "1x1x1,1x1x10,1x1x100,10x10x1,100x1x1,10x100x1";

export async function main(args: readonly string[]): Promise<void> {
  const settings = options({ rounds: "2", seconds: "2", loads: LOADS, programs: "etcd,synod", node: "leader" }, args);
  const programs = chosenPrograms(settings.programs);
  const measurements: Measurement[] = [];
  for (let round = 1; round <= Number(settings.rounds); round += 1) {
    for (const program of programs) {
      measurements.push(...(await measure(program, round, settings)));
    }
  }
  for (const measurement of measurements) keep("keepalive", measurement);
  console.log(
    tabulate(
      measurements,
      programs.map(({ name }) => name),
    ),
  );
}

async function measure(
  program: Program,
  round: number,
  settings: { readonly loads: string; readonly seconds: string; readonly node: string },
): Promise<Measurement[]> {
  const { node } = settings;
  const loads = settings.loads.split(",");
  const seconds = Number(settings.seconds);
  const cluster = await Cluster.start(program);
  const shapes = loads.map((text) => {
    const [connections, streams, inFlight] = text.split("x").map(Number) as [number, number, number];
    return { connections, streams, inFlight };
  });
  try {
    const pids = cluster.nodes.map((node) => node.pid as number);
    const leader = await cluster.leader();
    const asked = node === "leader" ? leader : cluster.nodes.find((other) => other !== leader);
    const port = (asked ?? leader).plan.clientPort;
    await grant(leader.address, Math.max(...shapes.map((load) => load.connections * load.streams * load.inFlight)));
    // The compiler's share, for whichever program has one.
    await new KeepAliveRun(port, { connections: 1, streams: 10, inFlight: 10 }, TTL_SECONDS).run(1000);
    const measurements: Measurement[] = [];
    for (const [index, load] of shapes.entries()) {
      if (index === shapes.length - 1) await sleep(AGE_MS);
      const before = cpuMicroseconds(pids);
      const result = await new KeepAliveRun(port, load, TTL_SECONDS).run(seconds * 1000);
      const serverMicrosecondsPerRenewal = (cpuMicroseconds(pids) - before) / result.renewals;
      const name = loads[index] as string;
      measurements.push({
        program: program.name,
        node,
        round,
        load: name,
        ...load,
        ...result,
        serverMicrosecondsPerRenewal,
      });
      console.error(`round ${round} ${program.name} ${name}: ${shown(result.renewalsPerSecond)}/s`);
    }
    const last = shapes.at(-1) as KeepAliveLoad;
    await verifyRenewed(leader.address, last.connections * last.streams * last.inFlight, seconds);
    return measurements;
  } finally {
    await cluster.destroy();
  }
}

async function grant(address: string, leases: number): Promise<void> {
  await eachLease(address, leases, async (api, id) => {
    const answer = await api.leaseGrant(id, TTL_SECONDS);
    if (answer.type !== "ok") throw new Error(`lease ${id} was not granted: ${JSON.stringify(answer)}`);
  });
}

/** @throws unless every lease was renewed during a run that took so long and began `AGE_MS` after the one before. */
async function verifyRenewed(address: string, leases: number, seconds: number): Promise<void> {
  const end = performance.now();
  await eachLease(address, leases, async (api, id) => {
    const answer = await api.leaseTimeToLive(id);
    const sinceEnd = (performance.now() - end) / 1000;
    const least = TTL_SECONDS - seconds - sinceEnd - 1;
    const left = answer.type === "ok" ? answer.value.ttlSeconds : -1;
    if (left < least) throw new Error(`lease ${id} has ${left} s left, not ${shown(least)}: it was not renewed`);
  });
}

async function eachLease(
  address: string,
  leases: number,
  visit: (api: EtcdApi, id: number) => Promise<void>,
): Promise<void> {
  const api = new EtcdApi(address, 5000);
  let next = 1;
  const worker = async (): Promise<void> => {
    while (next <= leases) await visit(api, next++);
  };
  try {
    await Promise.all(Array.from({ length: 50 }, worker));
  } finally {
    api.close();
  }
}

function tabulate(measurements: readonly Measurement[], programs: readonly string[]): string {
  const columns = ["renewals/s", "p50/p99 ms", "server µs/renewal"];
  const named = programs.flatMap((name) => columns.map((column) => `${name} ${column}`));
  const head = ["connections x streams x under way on each", ...named, "ratio"];
  const loads = [...new Set(measurements.map(({ load }) => load))];
  const rows = loads.map((load) => {
    const of = (program: string): Measurement[] =>
      measurements.filter((one) => one.program === program && one.load === load);
    const cells = programs.flatMap((program) => {
      const runs = of(program);
      const middle = (read: (one: Measurement) => number): string => shown(median(runs.map(read)));
      return [
        spread(runs.map((one) => one.renewalsPerSecond)),
        `${middle((one) => one.p50Ms)} / ${middle((one) => one.p99Ms)}`,
        middle((one) => one.serverMicrosecondsPerRenewal),
      ];
    });
    return [load, ...cells, ratio(programs.map((program) => median(of(program).map((one) => one.renewalsPerSecond))))];
  });
  return table(head, rows);
}
