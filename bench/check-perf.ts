/**
 * etcd's own test of a cluster, `etcdctl check perf`, on three nodes of Synod and of etcd, in turns:
 * `node bench/main.ts perf`. It puts for a minute, values of 1 KiB, and passes a cluster for its size (s, m, l, xl) that
 * keeps 90 % of the size's rate, answers all within 500 ms, and spreads by less than 100 ms.
 */
import { execFile } from "node:child_process";
import { Cluster } from "synod/cluster-test/cluster";
import type { Program } from "synod/cluster-test/programs";
import { revision } from "./kv-load.ts";
import { options } from "./options.ts";
import { cpuMicroseconds, endedChildrenCpuMicroseconds } from "./processes.ts";
import { chosenPrograms } from "./programs.ts";
import { keep, table } from "./report.ts";
import { shown } from "./statistics.ts";

const SECONDS = 60;
/** It goes on until what it has begun is answered, and then deletes what it has put. */
const PATIENCE_MS = 80_000;

interface Measurement {
  readonly program: string;
  readonly round: number;
  readonly load: string;
  readonly passed: boolean;
  readonly writesPerSecond: number;
  readonly slowestSeconds: number;
  readonly deviationSeconds: number;
  readonly revisions: number;
  readonly serverMicrosecondsPerWrite: number;
  /** etcdctl's own time: divide the machine's by it for what no server could surpass here. */
  readonly clientMicrosecondsPerWrite: number;
}

export async function main(args: readonly string[]): Promise<void> {
  const settings = options({ rounds: "1", load: "xl", programs: "etcd,synod" }, args);
  const measurements: Measurement[] = [];
  for (let round = 1; round <= Number(settings.rounds); round += 1) {
    for (const program of chosenPrograms(settings.programs)) {
      measurements.push(await measure(program, round, settings.load));
    }
  }
  for (const measurement of measurements) keep("perf", measurement);
  const rows = measurements.map((one) =>
    [one.program, one.passed ? "PASS" : "FAIL", shown(one.writesPerSecond), shown(one.slowestSeconds * 1000)].concat(
      shown(one.deviationSeconds * 1000),
      shown(one.serverMicrosecondsPerWrite),
      shown(one.clientMicrosecondsPerWrite),
    ),
  );
  const head = [
    `load ${settings.load}`,
    "",
    "writes/s",
    "slowest ms",
    "deviation ms",
    "server µs/write",
    "client µs/write",
  ];
  console.log(table(head, rows));
}

async function measure(program: Program, round: number, load: string): Promise<Measurement> {
  const cluster = await Cluster.start(program);
  try {
    const pids = cluster.nodes.map((node) => node.pid as number);
    const leader = await cluster.leader();
    const made = await revision(leader.address);
    const before = cpuMicroseconds(pids);
    const beforeClient = endedChildrenCpuMicroseconds();
    const said = await checkPerf(leader.address, load);
    const revisions = (await revision(leader.address)) - made;
    const writesPerSecond = number(said, /Throughput (?:is|too low:) (\d+) writes\/s/);
    // It says one more than the rate's whole part.
    const least = (writesPerSecond - 1) * SECONDS;
    if (revisions < least) throw new Error(`${least} writes are said to be done, ${revisions} revisions were made`);
    console.error(`round ${round} ${program.name}\n${said}`);
    return {
      program: program.name,
      round,
      load,
      passed: /^PASS$/m.test(said),
      writesPerSecond,
      slowestSeconds: number(said, /Slowest request took (?:too long: )?([\d.]+)s/),
      deviationSeconds: number(said, /Stddev (?:is|too high:) ([\d.]+)s/),
      revisions,
      serverMicrosecondsPerWrite: (cpuMicroseconds(pids) - before) / revisions,
      clientMicrosecondsPerWrite: (endedChildrenCpuMicroseconds() - beforeClient) / revisions,
    };
  } finally {
    await cluster.destroy();
  }
}

/** @returns what it said; that a cluster fails the test is a result, not an error. */
function checkPerf(address: string, load: string): Promise<string> {
  const args = [`--endpoints=${address}`, "check", "perf", `--load=${load}`];
  const options = { env: { ...process.env, ETCDCTL_API: "3" }, timeout: PATIENCE_MS, killSignal: "SIGKILL" as const };
  return new Promise((resolve, reject) => {
    execFile("etcdctl", args, options, (error, stdout, stderr) => {
      // The first one follows its progress bar on the same line.
      const verdicts = stdout.match(/(?:PASS|FAIL|Slowest|Stddev)[^\r\n]*/g);
      if (verdicts !== null) resolve(verdicts.join("\n"));
      else reject(new Error(`etcdctl check perf came to no verdict: ${error?.message ?? ""} ${stderr}`));
    });
  });
}

function number(text: string, pattern: RegExp): number {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`etcdctl did not say ${pattern}:\n${text}`);
  return Number(found);
}
