/**
 * A million keys of 256 B on three nodes of Synod and of etcd, in turns: what the nodes weigh, and how long they take from
 * a kill of all until each answers a linearizable read again: `node bench/main.ts million`. Keys are put fifty in a
 * transaction, because it is the state that is measured and not the way there; `--batch 1` puts one by one.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Cluster } from "synod/cluster-test/cluster";
import { framed, GrpcClient } from "synod/cluster-test/grpc";
import type { Program } from "synod/cluster-test/programs";
import { type Field, Fields, message } from "synod/cluster-test/protobuf";
import { options } from "./options.ts";
import { cpuMicroseconds, type Residence, residence } from "./processes.ts";
import { chosenPrograms } from "./programs.ts";
import { pump } from "./pump.ts";
import { keep, table } from "./report.ts";
import { shown, spread } from "./statistics.ts";

/** Bytes of resident memory of a node, in MiB: the heaviest of the three. */
interface Weights {
  /** When the last key was answered. */
  readonly written: Residence;
  readonly settled: Residence;
  readonly restarted: Residence;
}

interface Measurement extends Weights {
  readonly program: string;
  readonly round: number;
  readonly keys: number;
  readonly batch: number;
  readonly putsPerSecond: number;
  readonly serverMicrosecondsPerPut: number;
  readonly restartMs: number;
}

const IN_FLIGHT = 64;
const SETTLING_MS = 5000;
const RESTART_MS = 60_000;
/** Keys with this between them are read back from every node. */
const SAMPLE = 9973;

export async function main(args: readonly string[]): Promise<void> {
  const settings = options({ rounds: "1", keys: "1000000", batch: "50", programs: "etcd,synod" }, args);
  const programs = chosenPrograms(settings.programs);
  const measurements: Measurement[] = [];
  for (let round = 1; round <= Number(settings.rounds); round += 1) {
    for (const program of programs) {
      measurements.push(await measure(program, round, Number(settings.keys), Number(settings.batch)));
    }
  }
  for (const measurement of measurements) keep("million", measurement);
  const rows = programs.map(({ name }) => {
    const of = (read: (one: Measurement) => number): string =>
      spread(measurements.filter(({ program }) => program === name).map(read));
    return [name, of((one) => one.putsPerSecond), of((one) => one.written.residentMiB)].concat(
      of((one) => one.settled.residentMiB),
      of((one) => one.settled.anonymousMiB),
      of((one) => one.restartMs),
      of((one) => one.restarted.residentMiB),
      of((one) => one.restarted.anonymousMiB),
    );
  });
  const weights = ["MiB a node then", `MiB after ${SETTLING_MS / 1000} s`, "of these not of files"];
  const head = ["", "keys/s", ...weights, "restart ms", "MiB a node then", "of these not of files"];
  console.log(table(head, rows));
}

async function measure(program: Program, round: number, keys: number, batch: number): Promise<Measurement> {
  const cluster = await Cluster.start(program);
  try {
    const leader = await cluster.leader();
    const pids = (): number[] => cluster.nodes.map((node) => node.pid as number);
    const before = cpuMicroseconds(pids());
    const start = performance.now();
    await fill(leader.plan.clientPort, keys, batch);
    const putsPerSecond = (keys / (performance.now() - start)) * 1000;
    const serverMicrosecondsPerPut = (cpuMicroseconds(pids()) - before) / keys;
    const written = heaviest(pids());
    await sleep(SETTLING_MS);
    const settled = heaviest(pids());
    await verify(cluster.addresses, keys);
    await Promise.all(cluster.nodes.map((node) => node.kill()));
    const restart = performance.now();
    for (const node of cluster.nodes) node.start();
    await cluster.ready(RESTART_MS);
    const restartMs = performance.now() - restart;
    const restarted = heaviest(pids());
    await verify(cluster.addresses, keys);
    console.error(
      `round ${round} ${program.name}: ${shown(settled.residentMiB)} MiB, ready again in ${shown(restartMs)} ms`,
    );
    const weights = { written, settled, restarted };
    return {
      program: program.name,
      round,
      keys,
      batch,
      putsPerSecond,
      serverMicrosecondsPerPut,
      restartMs,
      ...weights,
    };
  } finally {
    await cluster.destroy();
  }
}

function heaviest(pids: readonly number[]): Residence {
  return pids.map(residence).reduce((heaviest, one) => (one.residentMiB > heaviest.residentMiB ? one : heaviest));
}

function keyAt(index: number): string {
  return `million/${String(index).padStart(8, "0")}`;
}

/** 256 B, of which no two are alike. */
function valueAt(index: number): string {
  return `${index} `.padEnd(256, "v");
}

async function fill(port: number, keys: number, batch: number): Promise<void> {
  const put = (index: number): Uint8Array => message([1, keyAt(index)], [2, valueAt(index)]);
  if (batch === 1) return pump(port, "/etcdserverpb.KV/Put", keys, 1000, (index) => framed(put(index)));
  // TxnRequest: success = 2; RequestOp: request_put = 2.
  const txn = (index: number): Buffer => {
    const from = index * batch;
    const puts = Array.from({ length: Math.min(batch, keys - from) }, (_, at) => message([2, put(from + at)]));
    return framed(message(...puts.map((one) => [2, one] as const)));
  };
  return pump(port, "/etcdserverpb.KV/Txn", Math.ceil(keys / batch), IN_FLIGHT, txn);
}

/** @throws unless every node counts all keys and has the right values in those of a sample. */
async function verify(addresses: readonly string[], keys: number): Promise<void> {
  for (const address of addresses) {
    const client = new GrpcClient(address);
    const range = async (...fields: readonly Field[]): Promise<Fields> => {
      const reply = await client.unary("/etcdserverpb.KV/Range", message(...fields), 20_000);
      if (reply.type !== "ok") throw new Error(`a read at ${address} got ${JSON.stringify(reply)}`);
      return new Fields(reply.message);
    };
    try {
      // count_only = 9, count = 4
      const count = (await range([1, "million/"], [2, "million0"], [9, true])).number(4);
      if (count !== keys) throw new Error(`${address} counts ${count} keys where ${keys} are right`);
      for (let index = 0; index < keys; index += SAMPLE) {
        const value = (await range([1, keyAt(index)])).message(2).text(5);
        if (value !== valueAt(index)) throw new Error(`${address} has "${value}" in ${keyAt(index)}`);
      }
    } finally {
      client.close();
    }
  }
}
