/**
 * How long three nodes take from `spawn` until each answers a linearizable read, with nothing on disk and after a great
 * deal was written and all were killed; and what they weigh while idle: `node bench/main.ts start`.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { Cluster } from "synod/cluster-test/cluster";
import { framed } from "synod/cluster-test/grpc";
import { etcd, type Program, synod } from "synod/cluster-test/programs";
import { message } from "synod/cluster-test/protobuf";
import { options } from "./options.ts";
import { cpuMicroseconds, residentMiB } from "./processes.ts";
import { pump } from "./pump.ts";
import { keep, table } from "./report.ts";
import { shown, spread } from "./statistics.ts";

interface Measurement {
  readonly program: string;
  readonly round: number;
  readonly emptyMs: number;
  readonly idleMiB: number;
  /** Of one core, all three nodes together. */
  readonly idleCpuPercent: number;
  readonly writtenMiB: number;
  readonly restartMs: number;
  readonly restartedMiB: number;
}

const VALUE_BYTES = 8 << 10;
/** Keys written in turn, so that most of what is written is history. */
const KEYS = 1000;
const IN_FLIGHT = 64;

export async function main(args: readonly string[]): Promise<void> {
  const settings = options({ rounds: "3", mebibytes: "1024", programs: "etcd,synod" }, args);
  const programs = [etcd, { ...synod, links: false }].filter(({ name }) => settings.programs.split(",").includes(name));
  const measurements: Measurement[] = [];
  for (let round = 1; round <= Number(settings.rounds); round += 1) {
    for (const program of programs) measurements.push(await measure(program, round, Number(settings.mebibytes)));
  }
  for (const measurement of measurements) keep("start", measurement);
  const rows = programs.map(({ name }) => {
    const of = (read: (one: Measurement) => number): string =>
      spread(measurements.filter(({ program }) => program === name).map(read));
    return [name, of((one) => one.emptyMs), of((one) => one.idleMiB), of((one) => one.idleCpuPercent)].concat(
      of((one) => one.restartMs),
      of((one) => one.restartedMiB),
    );
  });
  const after = `ready after ${settings.mebibytes} MiB, ms`;
  console.log(table(["", "ready when empty, ms", "idle MiB a node", "idle CPU %", after, "MiB a node then"], rows));
}

async function measure(program: Program, round: number, writtenMiB: number): Promise<Measurement> {
  const start = performance.now();
  const cluster = await Cluster.start(program);
  try {
    const emptyMs = performance.now() - start;
    const pids = (): number[] => cluster.nodes.map((node) => node.pid as number);
    await sleep(1000);
    const before = cpuMicroseconds(pids());
    await sleep(2000);
    const idleCpuPercent = (cpuMicroseconds(pids()) - before) / 20_000;
    const idleMiB = Math.max(...residentMiB(pids()));
    const leader = await cluster.leader();
    await write(leader.plan.clientPort, Math.ceil((writtenMiB << 20) / VALUE_BYTES));
    await Promise.all(cluster.nodes.map((node) => node.kill()));
    const restart = performance.now();
    for (const node of cluster.nodes) node.start();
    await cluster.ready(600_000);
    const restartMs = performance.now() - restart;
    const restartedMiB = Math.max(...residentMiB(pids()));
    console.error(`round ${round} ${program.name}: ${shown(emptyMs)} ms empty, ${shown(restartMs)} ms full`);
    return { program: program.name, round, emptyMs, idleMiB, idleCpuPercent, writtenMiB, restartMs, restartedMiB };
  } finally {
    await cluster.destroy();
  }
}

function write(port: number, puts: number): Promise<void> {
  const value = new Uint8Array(VALUE_BYTES).fill(7);
  const bodies = Array.from({ length: KEYS }, (_, key) => framed(message([1, `bulk/${key}`], [2, value])));
  return pump(port, "/etcdserverpb.KV/Put", puts, IN_FLIGHT, (index) => bodies[index % KEYS] as Buffer);
}
