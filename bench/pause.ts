/**
 * How long a node holds its breath: the longest pause of the event loop and the slowest put while a snapshot of a large
 * state is taken, against the same load without one; and how long a restart from that snapshot takes:
 * `node bench/main.ts pause`. One node on this machine's disk, its clients in the same process.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay, PerformanceObserver } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { NodeDisk } from "@synod/runtime/disk/node-disk";
import type { Group, Requester } from "@synod/runtime/group";
import { Host } from "@synod/runtime/host/host";
import { createLogger } from "@synod/runtime/log/logger";
import { encodePutRequest } from "@synod/store/api/put";
import { Opcode, type StoreResult, StoreStateMachine } from "@synod/store/state-machine";
import { ProtobufWriter } from "@synod/wire/protobuf";
import { options } from "./options.ts";
import { keep, table } from "./report.ts";
import { quantile, shown } from "./statistics.ts";

/** One whose snapshots come at the limit itself; others take theirs later (runtime/src/host/snapshotting.ts). */
const ID = 3;
const GROUP = 1;
/** Bytes of log after which the snapshot begins that is measured. */
const LITTLE = 1 << 20;
const VALUE = new Uint8Array(100).fill(120);

/** Longest times, in milliseconds. */
interface Pauses {
  readonly phase: string;
  readonly seconds: number;
  readonly puts: number;
  /** Between two runs of a timer of one millisecond. */
  readonly pause: number;
  /** Of that, spent computing: the rest went to other processes and to the disk. */
  readonly computing: number;
  readonly collector: number;
  readonly put: number;
  readonly putP99: number;
}

/** So many clients, each of which puts its next key when the last one is answered. */
class Clients implements Requester<StoreResult> {
  readonly #group: Group<StoreResult>;
  readonly #nextKey: () => number;
  readonly #begun: number[] = [];
  readonly #writer = new ProtobufWriter();
  #stopping: (() => void) | undefined;
  #waiting = 0;
  latencies: number[] = [];
  answered = 0;

  constructor(group: Group<StoreResult>, nextKey: () => number) {
    this.#group = group;
    this.#nextKey = nextKey;
  }

  start(count: number): void {
    for (let token = 0; token < count; token += 1) this.#put(token);
    this.#waiting = count;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#stopping = resolve;
    });
  }

  applied(token: number): void {
    this.answered += 1;
    this.latencies.push(performance.now() - (this.#begun[token] as number));
    if (this.#stopping === undefined) this.#put(token);
    else if (--this.#waiting === 0) this.#stopping();
  }

  readable(): void {}

  failed(_token: number, reason: string): void {
    throw new Error(`a put failed: ${reason}`);
  }

  #put(token: number): void {
    const writer = this.#writer;
    writer.reset();
    encodePutRequest(writer, { key: Buffer.from(`key ${String(this.#nextKey()).padStart(12, "0")}`), value: VALUE });
    const command = new Uint8Array(writer.position + 1);
    command[0] = Opcode.put;
    command.set(writer.view(), 1);
    this.#begun[token] = performance.now();
    this.#group.propose(command, this, token);
  }
}

interface Node {
  readonly host: Host;
  readonly machine: StoreStateMachine;
  readonly group: Group<StoreResult>;
  readonly readyMs: number;
  close(): Promise<void>;
}

async function start(folder: string, snapshotEvery: number): Promise<Node> {
  const began = performance.now();
  const disk = new NodeDisk(folder);
  const logger = createLogger({ level: "warn" });
  const peers = new Map([[ID, "127.0.0.1:1"]]);
  const host = new Host({
    self: ID,
    peers,
    listen: "127.0.0.1:0",
    clusterId: 1n,
    disk,
    logger,
    limits: { snapshotEvery },
  });
  const machine = new StoreStateMachine();
  const group = host.addGroup(GROUP, machine);
  await host.start();
  while (group.status.leader === undefined || group.status.appliedIndex < group.status.lastIndex) await sleep(1);
  const close = async (): Promise<void> => {
    await host.close();
    disk.close();
  };
  return { host, machine, group, readyMs: performance.now() - began, close };
}

const raftOf = (node: Node) => [...node.host.groups()][0]!.raft.state;

/** The load's longest times until `ended`. */
async function measure(phase: string, clients: Clients, ended: () => boolean): Promise<Pauses> {
  const loop = monitorEventLoopDelay({ resolution: 1 });
  let collector = 0;
  const gc = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) collector = Math.max(collector, duration);
  });
  gc.observe({ entryTypes: ["gc"] });
  let computing = 0;
  let cpu = process.threadCpuUsage();
  const probe = setInterval(() => {
    const now = process.threadCpuUsage();
    computing = Math.max(computing, (now.user - cpu.user + now.system - cpu.system) / 1000);
    cpu = now;
  }, 1);
  clients.latencies = [];
  const before = clients.answered;
  const began = performance.now();
  loop.enable();
  while (!ended()) await sleep(5);
  loop.disable();
  clearInterval(probe);
  const seconds = (performance.now() - began) / 1000;
  await sleep(10);
  gc.disconnect();
  const { latencies } = clients;
  const put = latencies.reduce((longest, latency) => Math.max(longest, latency), 0);
  const pause = loop.max / 1e6;
  const puts = (clients.answered - before) / seconds;
  return { phase, seconds, puts, pause, computing, collector, put, putP99: quantile(latencies, 0.99) };
}

export async function main(args: readonly string[]): Promise<void> {
  const chosen = options({ keys: "1000000", clients: "64", seconds: "3", folder: tmpdir() }, args);
  const folder = mkdtempSync(join(chosen.folder, "synod-pause-"));
  try {
    const rows = await run(folder, Number(chosen.keys), Number(chosen.clients), Number(chosen.seconds));
    console.log(rows);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function run(folder: string, keys: number, count: number, seconds: number): Promise<string> {
  let key = 0;
  const nextKey = (): number => key++ % keys;
  const filling = await start(folder, Number.MAX_SAFE_INTEGER);
  const filler = new Clients(filling.group, nextKey);
  filler.start(1000);
  while (key < keys) await sleep(10);
  await filler.stop();
  const before = new Clients(filling.group, nextKey);
  before.start(count);
  const until = performance.now() + seconds * 1000;
  const phases = [await measure("without", before, () => performance.now() > until)];
  await before.stop();
  const logBytes = raftOf(filling).log.bytes;
  await filling.close();

  const node = await start(folder, logBytes + LITTLE);
  const clients = new Clients(node.group, nextKey);
  clients.start(count);
  phases.push(await measure("snapshot", clients, () => raftOf(node).snapshot !== undefined));
  await clients.stop();
  const size = (raftOf(node).snapshot?.size ?? 0) / (1 << 20);
  await node.close();
  const again = await start(folder, Number.MAX_SAFE_INTEGER);
  const { readyMs } = again;
  const step = longestStep(again.machine);
  await again.close();
  const restarts = { replayMs: node.readyMs, restoreMs: readyMs, restoreStepMs: step };
  keep("pause", { keys, clients: count, phases, snapshotMiB: size, ...restarts });
  const shape = (p: Pauses): string[] =>
    [p.phase].concat([p.seconds, p.puts, p.pause, p.computing, p.collector, p.put, p.putP99].map(shown));
  const head = ["", "s", "puts/s", "pause ms", "computing ms", "collector ms", "put ms", "put p99 ms"];
  return (
    `${table(head, phases.map(shape))}\n\n` +
    `Restart: ${shown(readyMs)} ms from a snapshot of ${shown(size)} MiB, ${shown(node.readyMs)} ms from the log alone\n` +
    `A leader's snapshot is restored in steps; the longest took ${shown(step)} ms`
  );
}

/** Of restoring such a state while the node serves, in milliseconds. */
function longestStep(machine: StoreStateMachine): number {
  const steps = new StoreStateMachine().restoreInSteps({ [Symbol.iterator]: () => machine.snapshot() });
  let longest = 0;
  for (let done = false; !done; ) {
    const began = performance.now();
    done = steps.next().done === true;
    longest = Math.max(longest, performance.now() - began);
  }
  return longest;
}
