/**
 * How long a put takes while there is room: at half of the rate that etcd reaches at its best in the same round, both get
 * as many puts a second, sent by the clock and not when answers come: `node bench/main.ts paced`. A put's time counts from
 * the millisecond in which it was due, so that one that waits behind a slow one is not overlooked.
 */
import { Cluster } from "synod/cluster-test/cluster";
import { framed } from "synod/cluster-test/grpc";
import type { Program } from "synod/cluster-test/programs";
import { message } from "synod/cluster-test/protobuf";
import { h2load } from "./h2load.ts";
import { revision } from "./kv-load.ts";
import { options } from "./options.ts";
import { type PacedResult, PacedRun } from "./paced-client.ts";
import { cpuMicroseconds } from "./processes.ts";
import { chosenPrograms } from "./programs.ts";
import { keep, table } from "./report.ts";
import { median, shown, spread } from "./statistics.ts";

const PUT = "/etcdserverpb.KV/Put";
const KEYS = 1000;
const VALUE = "v".repeat(256);
const BODIES = Array.from({ length: KEYS }, (_, key) =>
  framed(message([1, `key${`${key}`.padStart(5, "0")}`], [2, VALUE])),
);
const CONNECTIONS = 10;
/** Two loads with much under way, the better of which is the peak. They warm both programs up alike. */
const PEAK_LOAD = { connections: 10, streams: 100 };
const PEAK_RUNS = 2;

interface Measurement extends PacedResult {
  readonly program: string;
  readonly round: number;
  readonly peakPerSecond: number;
  readonly ratePerSecond: number;
  readonly serverMicrosecondsPerPut: number;
}

const DEFAULTS = { rounds: "3", seconds: "6", share: "0.5", rate: "0", peakseconds: "2", programs: "etcd,synod" };

export async function main(args: readonly string[]): Promise<void> {
  const settings = options(DEFAULTS, args);
  const programs = chosenPrograms(settings.programs);
  if (programs[0]?.name !== "etcd" && settings.rate === "0") {
    throw new Error("the rate is a share of etcd's: without etcd, give it with --rate");
  }
  const measurements: Measurement[] = [];
  for (let round = 1; round <= Number(settings.rounds); round += 1) {
    let rate = Number(settings.rate);
    for (const program of programs) {
      const found = await measure(program, round, settings, rate);
      rate = found.ratePerSecond;
      measurements.push(found);
    }
  }
  for (const measurement of measurements) keep("paced", measurement);
  console.log(
    tabulate(
      measurements,
      programs.map(({ name }) => name),
    ),
  );
}

/** @param rate puts a second; 0: the share of this program's peak. */
async function measure(
  program: Program,
  round: number,
  settings: { [Name in keyof typeof DEFAULTS]: string },
  rate: number,
): Promise<Measurement> {
  const cluster = await Cluster.start(program);
  try {
    const pids = cluster.nodes.map((node) => node.pid as number);
    const leader = await cluster.leader();
    const peakPerSecond = await peak(leader.address, Number(settings.peakseconds));
    const ratePerSecond = rate > 0 ? rate : Math.round(peakPerSecond * Number(settings.share));
    const paced = new PacedRun(leader.plan.clientPort, CONNECTIONS, PUT, BODIES);
    const made = await revision(leader.address);
    const before = cpuMicroseconds(pids);
    const result = await paced.run(ratePerSecond, Number(settings.seconds));
    const serverMicrosecondsPerPut = (cpuMicroseconds(pids) - before) / result.requests;
    const revisions = (await revision(leader.address)) - made;
    if (revisions !== result.requests) throw new Error(`${result.requests} puts made ${revisions} revisions`);
    console.error(`round ${round} ${program.name} at ${shown(ratePerSecond)}/s: p99 ${shown(result.p99Ms)} ms`);
    return { program: program.name, round, peakPerSecond, ratePerSecond, ...result, serverMicrosecondsPerPut };
  } finally {
    await cluster.destroy();
  }
}

async function peak(address: string, seconds: number): Promise<number> {
  const body = BODIES[0] as Buffer;
  const probe = await h2load(address, PUT, body, PEAK_LOAD, 10_000);
  const requests = Math.round((probe.requestsPerSecond * seconds) / 10) * 10;
  let best = 0;
  for (let run = 0; run < PEAK_RUNS; run += 1) {
    best = Math.max(best, (await h2load(address, PUT, body, PEAK_LOAD, requests)).requestsPerSecond);
  }
  return best;
}

function tabulate(measurements: readonly Measurement[], programs: readonly string[]): string {
  const rows = programs.map((program) => {
    const of = (read: (one: Measurement) => number): number[] =>
      measurements.filter((one) => one.program === program).map(read);
    return [
      program,
      shown(median(of((one) => one.peakPerSecond))),
      shown(median(of((one) => one.ratePerSecond))),
    ].concat(
      [(one: Measurement) => one.p50Ms, (one: Measurement) => one.p99Ms, (one: Measurement) => one.p999Ms]
        .map(of)
        .map(spread),
      shown(Math.max(...of((one) => one.longestMs))),
      shown(Math.max(...of((one) => one.latestMs))),
      shown(median(of((one) => one.serverMicrosecondsPerPut))),
    );
  });
  const head = [
    "",
    "peak/s",
    "puts/s",
    "p50 ms",
    "p99 ms",
    "p99.9 ms",
    "longest ms",
    "client late ms",
    "server µs/put",
  ];
  return table(head, rows);
}
