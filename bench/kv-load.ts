/**
 * One kind of request at a time on three nodes of Synod and of etcd, on one machine, in turns.
 *
 * Both get the same bytes from the same client (h2load, Debian package nghttp2-client), start with an empty folder, sync
 * to disk, are addressed at their leader and share the machine's cores with the client. Every round starts both anew.
 */
import { Cluster } from "synod/cluster-test/cluster";
import { EtcdApi } from "synod/cluster-test/etcd-api";
import { framed, GrpcClient } from "synod/cluster-test/grpc";
import type { Program } from "synod/cluster-test/programs";
import { h2load, type Load, type LoadResult } from "./h2load.ts";
import { cpuMicroseconds, residentMiB } from "./processes.ts";
import { chosenPrograms, ratio } from "./programs.ts";
import { keep, table } from "./report.ts";
import { median, shown, spread } from "./statistics.ts";

/** A request that is sent over and over. */
export interface StoreRequest {
  readonly verb: string;
  /** `/package.Service/Method` */
  readonly method: string;
  readonly message: Uint8Array;
  /** What each one raises the store's revision by, if and only if it did what it is to do. */
  readonly revisions: number;
  /** Every reply is the same, so that their bytes tell that all came whole. */
  readonly constantReply: boolean;
}

export interface KvSettings {
  readonly rounds: string;
  /** Of each load, about. */
  readonly seconds: string;
  /** Connections x requests under way on each, with commas between. */
  readonly loads: string;
  readonly programs: string;
  /** Requests before the first load. */
  readonly warmup: string;
}

interface Measurement extends LoadResult {
  readonly program: string;
  readonly verb: string;
  readonly load: string;
  readonly round: number;
  readonly requests: number;
  /** Of all three servers together. */
  readonly serverMicrosecondsPerRequest: number;
}

/**
 * @param prepared puts there what the requests expect, at the leader of each new cluster.
 * @throws if requests did not do what they were paid for.
 */
export async function compareRequests(
  name: string,
  requests: readonly StoreRequest[],
  settings: KvSettings,
  prepared: (address: string) => Promise<void>,
): Promise<void> {
  const programs = chosenPrograms(settings.programs);
  const measurements: Measurement[] = [];
  const memory: string[] = [];
  for (let round = 1; round <= Number(settings.rounds); round += 1) {
    for (const program of programs) {
      const found = await measure(program, round, requests, settings, prepared);
      measurements.push(...found.measurements);
      memory.push(`${program.name} round ${round}: ${found.residentMiB.join(" / ")} MiB`);
    }
  }
  for (const measurement of measurements) keep(name, measurement);
  console.log(
    tabulate(
      measurements,
      programs.map((program) => program.name),
    ),
  );
  console.log(`\nResident memory of the nodes at the end: ${memory.join("; ")}.`);
}

async function measure(
  program: Program,
  round: number,
  requests: readonly StoreRequest[],
  settings: KvSettings,
  prepared: (address: string) => Promise<void>,
): Promise<{ measurements: Measurement[]; residentMiB: number[] }> {
  const cluster = await Cluster.start(program);
  try {
    const pids = cluster.nodes.map((node) => node.pid as number);
    const { address } = await cluster.leader();
    await prepared(address);
    const measurements: Measurement[] = [];
    for (const request of requests) {
      const warmup = Number(settings.warmup);
      if (warmup > 0) await run(address, request, { connections: 10, streams: 10 }, warmup);
      for (const name of settings.loads.split(",")) {
        const [connections, streams] = name.split("x").map(Number) as [number, number];
        const load = { connections, streams };
        const count = await calibrate(address, request, load, Number(settings.seconds));
        const before = cpuMicroseconds(pids);
        const result = await verified(address, request, load, count);
        const serverMicrosecondsPerRequest = (cpuMicroseconds(pids) - before) / count;
        const { verb } = request;
        const found = { program: program.name, verb, load: name, round, requests: count };
        measurements.push({ ...found, ...result, serverMicrosecondsPerRequest });
        console.error(`round ${round} ${program.name} ${verb} ${name}: ${shown(result.requestsPerSecond)}/s`);
      }
    }
    return { measurements, residentMiB: residentMiB(pids) };
  } finally {
    await cluster.destroy();
  }
}

/** How many requests make a run of about that many seconds: at least ten for each that is under way. */
async function calibrate(address: string, request: StoreRequest, load: Load, seconds: number): Promise<number> {
  const least = 10 * load.connections * load.streams;
  const probe = await run(address, request, load, Math.max(least, 200));
  return Math.max(least, Math.round((probe.requestsPerSecond * seconds) / load.connections) * load.connections);
}

async function verified(address: string, request: StoreRequest, load: Load, count: number): Promise<LoadResult> {
  const before = await revision(address);
  const result = await run(address, request, load, count);
  const made = (await revision(address)) - before;
  const expected = count * request.revisions;
  if (made !== expected) throw new Error(`${count} ${request.verb} made ${made} revisions, not ${expected}`);
  if (request.constantReply) await verifyReplies(address, request, result.dataBytes / count);
  return result;
}

async function verifyReplies(address: string, request: StoreRequest, bytesPerReply: number): Promise<void> {
  const client = new GrpcClient(address);
  const reply = await client.unary(request.method, request.message, 1000);
  client.close();
  if (reply.type !== "ok") throw new Error(`a ${request.verb} got ${JSON.stringify(reply)}`);
  const expected = reply.message.length + 5;
  if (bytesPerReply !== expected) throw new Error(`replies had ${bytesPerReply} bytes where ${expected} are right`);
}

function run(address: string, request: StoreRequest, load: Load, count: number): Promise<LoadResult> {
  return h2load(address, request.method, framed(request.message), load, count);
}

/** The store's revision, read linearizably. @throws if the store does not answer. */
export async function revision(address: string): Promise<number> {
  const api = new EtcdApi(address, 5000);
  const answer = await api.get("no such key");
  api.close();
  if (answer.type !== "ok") throw new Error(`the store at ${address} does not answer: ${JSON.stringify(answer)}`);
  return answer.value.storeRevision;
}

function tabulate(measurements: readonly Measurement[], programs: readonly string[]): string {
  const columns = ["req/s", "p50/p99 ms", "server µs/req"];
  const named = programs.flatMap((name) => columns.map((column) => `${name} ${column}`));
  const head = ["operation", "load", ...named, "ratio"];
  const cases = new Map(measurements.map((one) => [`${one.verb} ${one.load}`, one]));
  const rows = [...cases.values()].map(({ verb, load }) => {
    const of = (program: string): Measurement[] =>
      measurements.filter((one) => one.program === program && one.verb === verb && one.load === load);
    const cells = programs.flatMap((program) => {
      const runs = of(program);
      const middle = (read: (one: Measurement) => number): string => shown(median(runs.map(read)));
      return [
        spread(runs.map((one) => one.requestsPerSecond)),
        `${middle((one) => one.p50Ms)} / ${middle((one) => one.p99Ms)}`,
        middle((one) => one.serverMicrosecondsPerRequest),
      ];
    });
    const rates = programs.map((program) => median(of(program).map((one) => one.requestsPerSecond)));
    return [verb, load, ...cells, ratio(rates)];
  });
  return table(head, rows);
}
