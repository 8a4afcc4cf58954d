/**
 * Puts and linearizable reads on three nodes of Synod and of etcd, on one machine, in turns: `node bench/main.ts store`.
 *
 * Both get the same bytes from the same client (h2load, Debian package nghttp2-client), start with an empty folder, sync
 * to disk, are addressed at their leader and share the machine's cores with the client. Every round starts both anew.
 */
import { Cluster } from "synod/cluster-test/cluster";
import { EtcdApi } from "synod/cluster-test/etcd-api";
import { framed, GrpcClient } from "synod/cluster-test/grpc";
import { etcd, type Program, synod } from "synod/cluster-test/programs";
import { message } from "synod/cluster-test/protobuf";
import { h2load, type Load, type LoadResult } from "./h2load.ts";
import { options } from "./options.ts";
import { cpuMicroseconds, residentMiB } from "./processes.ts";
import { keep, table } from "./report.ts";
import { median, shown, spread } from "./statistics.ts";

const KEY = "key00001";
const VALUE = new Uint8Array(256).fill("v".charCodeAt(0));
const PUT = message([1, KEY], [2, VALUE]);
const RANGE = message([1, KEY]);

type Verb = "Put" | "Range";

interface Measurement extends LoadResult {
  readonly program: string;
  readonly verb: Verb;
  readonly load: string;
  readonly round: number;
  readonly requests: number;
  /** Of all three servers together. */
  readonly serverMicrosecondsPerRequest: number;
}

const DEFAULTS = {
  rounds: "3",
  seconds: "2",
  loads: "1x1,1x10,4x25,10x100,100x1",
  verbs: "Range,Put",
  programs: "etcd,synod",
  warmup: "20000",
};

export async function main(args: readonly string[]): Promise<void> {
  const settings = options(DEFAULTS, args);
  // No proxy between the nodes: nothing is to be hurt here.
  const programs = [etcd, { ...synod, links: false }].filter(({ name }) => settings.programs.split(",").includes(name));
  const measurements: Measurement[] = [];
  const memory: string[] = [];
  for (let round = 1; round <= Number(settings.rounds); round += 1) {
    for (const program of programs) {
      const found = await measure(program, round, settings);
      measurements.push(...found.measurements);
      memory.push(`${program.name} round ${round}: ${found.residentMiB.join(" / ")} MiB`);
    }
  }
  for (const measurement of measurements) keep("store", measurement);
  console.log(
    tabulate(
      measurements,
      programs.map(({ name }) => name),
    ),
  );
  console.log(`\nResident memory of the nodes at the end: ${memory.join("; ")}.`);
}

async function measure(
  program: Program,
  round: number,
  settings: { [Name in keyof typeof DEFAULTS]: string },
): Promise<{ measurements: Measurement[]; residentMiB: number[] }> {
  const cluster = await Cluster.start(program);
  try {
    const pids = cluster.nodes.map((node) => node.pid as number);
    const { address } = await cluster.leader();
    const measurements: Measurement[] = [];
    // Reads first: etcd 3.4 reads two to three times slower after a burst of writes, and is to be seen at its best.
    for (const verb of settings.verbs.split(",") as Verb[]) {
      await warmUp(address, verb, Number(settings.warmup));
      for (const name of settings.loads.split(",")) {
        const [connections, streams] = name.split("x").map(Number) as [number, number];
        const load = { connections, streams };
        const requests = await calibrate(address, verb, load, Number(settings.seconds));
        const before = cpuMicroseconds(pids);
        const result = await verified(address, verb, load, requests);
        const serverMicrosecondsPerRequest = (cpuMicroseconds(pids) - before) / requests;
        measurements.push({
          program: program.name,
          verb,
          load: name,
          round,
          requests,
          ...result,
          serverMicrosecondsPerRequest,
        });
        console.error(`round ${round} ${program.name} ${verb} ${name}: ${shown(result.requestsPerSecond)}/s`);
      }
    }
    return { measurements, residentMiB: residentMiB(pids) };
  } finally {
    await cluster.destroy();
  }
}

async function warmUp(address: string, verb: Verb, requests: number): Promise<void> {
  await run(address, "Put", { connections: 1, streams: 1 }, 1);
  if (requests > 0) await run(address, verb, { connections: 10, streams: 10 }, requests);
}

/** How many requests make a run of about that many seconds: at least ten for each that is under way. */
async function calibrate(address: string, verb: Verb, load: Load, seconds: number): Promise<number> {
  const least = 10 * load.connections * load.streams;
  const probe = await run(address, verb, load, Math.max(least, 200));
  return Math.max(least, Math.round((probe.requestsPerSecond * seconds) / load.connections) * load.connections);
}

/** @throws if the requests did not do what they were paid for: a Put makes a revision, a Range returns the key and value. */
async function verified(address: string, verb: Verb, load: Load, requests: number): Promise<LoadResult> {
  const before = await revision(address);
  const result = await run(address, verb, load, requests);
  const made = (await revision(address)) - before;
  const expected = verb === "Put" ? requests : 0;
  if (made !== expected) throw new Error(`${requests} requests of ${verb} made ${made} revisions, not ${expected}`);
  if (verb === "Range") await verifyReplies(address, result.dataBytes / requests);
  return result;
}

async function verifyReplies(address: string, bytesPerReply: number): Promise<void> {
  const client = new GrpcClient(address);
  const reply = await client.unary("/etcdserverpb.KV/Range", RANGE, 1000);
  client.close();
  if (reply.type !== "ok") throw new Error(`a Range got ${JSON.stringify(reply)}`);
  const expected = reply.message.length + 5;
  if (bytesPerReply !== expected) throw new Error(`replies had ${bytesPerReply} bytes where ${expected} are right`);
}

function run(address: string, verb: Verb, load: Load, requests: number): Promise<LoadResult> {
  return h2load(address, `/etcdserverpb.KV/${verb}`, framed(verb === "Put" ? PUT : RANGE), load, requests);
}

async function revision(address: string): Promise<number> {
  const api = new EtcdApi(address, 2000);
  const answer = await api.get(KEY);
  api.close();
  if (answer.type !== "ok") throw new Error(`the store at ${address} does not answer: ${JSON.stringify(answer)}`);
  return answer.value.storeRevision;
}

function tabulate(measurements: readonly Measurement[], programs: readonly string[]): string {
  const columns = ["req/s", "p50/p99 ms", "server µs/req"];
  const head = [
    "operation",
    "load",
    ...programs.flatMap((name) => columns.map((column) => `${name} ${column}`)),
    "ratio",
  ];
  const cases = [...new Set(measurements.map(({ verb, load }) => `${verb} ${load}`))];
  const rows = cases.map((name) => {
    const [verb, load] = name.split(" ") as [string, string];
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
    const ratio = rates.length === 2 ? `${((rates[1] as number) / (rates[0] as number)).toFixed(1)}×` : "";
    return [verb, load, ...cells, ratio];
  });
  return table(head, rows);
}
