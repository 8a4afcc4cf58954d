/**
 * What a client that wants little notices of one that floods: puts one after the other on a connection of its own, first
 * alone, then beside a connection that always has a thousand puts under way: `node bench/main.ts fairness`.
 */
import { Cluster } from "synod/cluster-test/cluster";
import { framed } from "synod/cluster-test/grpc";
import type { Program } from "synod/cluster-test/programs";
import { message } from "synod/cluster-test/protobuf";
import { h2load } from "./h2load.ts";
import { options } from "./options.ts";
import { chosenPrograms } from "./programs.ts";
import { grpcHeaders, RawHttp2 } from "./raw-http2.ts";
import { keep, table } from "./report.ts";
import { quantile, shown } from "./statistics.ts";

const PUT = "/etcdserverpb.KV/Put";
const body = (key: string): Buffer => framed(message([1, key], [2, "v".repeat(256)]));
const FLOOD = { connections: 1, streams: 1000 };

interface Measurement {
  readonly program: string;
  readonly round: number;
  readonly quietP50Ms: number;
  readonly quietP99Ms: number;
  readonly floodedP50Ms: number;
  readonly floodedP99Ms: number;
  readonly floodPerSecond: number;
}

const DEFAULTS = { rounds: "3", seconds: "2", programs: "etcd,synod" };

export async function main(args: readonly string[]): Promise<void> {
  const settings = options(DEFAULTS, args);
  const rows: string[][] = [];
  for (let round = 1; round <= Number(settings.rounds); round += 1) {
    for (const program of chosenPrograms(settings.programs)) {
      const found = await measure(program, round, Number(settings.seconds));
      keep("fairness", found);
      const { quietP50Ms, quietP99Ms, floodedP50Ms, floodedP99Ms, floodPerSecond } = found;
      const figures = [quietP50Ms, quietP99Ms, floodedP50Ms, floodedP99Ms, floodedP99Ms / quietP99Ms, floodPerSecond];
      rows.push([program.name, ...figures.map(shown)]);
    }
  }
  console.log(table(["", "quiet p50 ms", "p99", "flooded p50 ms", "p99", "times quiet", "flood/s"], rows));
}

async function measure(program: Program, round: number, seconds: number): Promise<Measurement> {
  const cluster = await Cluster.start(program);
  try {
    const leader = await cluster.leader();
    const port = leader.plan.clientPort;
    const probe = await h2load(leader.address, PUT, body("flood"), FLOOD, 20_000);
    const quiet = await oneAfterTheOther(port, seconds);
    const requests = Math.round(probe.requestsPerSecond * seconds * 1.5);
    const flooding = h2load(leader.address, PUT, body("flood"), FLOOD, requests);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const flooded = await oneAfterTheOther(port, seconds);
    const { requestsPerSecond } = await flooding;
    return {
      program: program.name,
      round,
      quietP50Ms: quantile(quiet, 0.5),
      quietP99Ms: quantile(quiet, 0.99),
      floodedP50Ms: quantile(flooded, 0.5),
      floodedP99Ms: quantile(flooded, 0.99),
      floodPerSecond: requestsPerSecond,
    };
  } finally {
    await cluster.destroy();
  }
}

/** @returns how long each put took, ms, ascending */
function oneAfterTheOther(port: number, seconds: number): Promise<number[]> {
  const headers = grpcHeaders(PUT);
  const put = body("light");
  return new Promise((resolve, reject) => {
    const took: number[] = [];
    const end = performance.now() + seconds * 1000;
    let sentAt = performance.now();
    const ended = (): void => {
      const now = performance.now();
      took.push(now - sentAt);
      if (now >= end) {
        socket.close();
        resolve(took.sort((a, b) => a - b));
        return;
      }
      sentAt = now;
      socket.open(headers, put, true);
    };
    const socket = new RawHttp2(port, { data: () => {}, ended }, (reason) => reject(new Error(reason)));
    socket.open(headers, put, true);
    socket.flush();
  });
}
