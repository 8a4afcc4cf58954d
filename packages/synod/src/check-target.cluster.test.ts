/** `synod check --target`, from the outside: what it starts, hurts, judges, keeps and leaves behind. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { readHistory } from "@synod/checkers/readers/read-history";
import { Run } from "./testing/run.ts";

const TIMEOUT = { timeout: 90_000 };
const folder = mkdtempSync(join(tmpdir(), "synod-check-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Processes whose command line has this text, by id. */
function processesWith(text: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(text);
      } catch {
        return false; // it ended meanwhile
      }
    })
    .map(Number);
}

/** The folder in which a run's nodes keep their data, once there are nodes. */
async function clusterOf(run: Run): Promise<string> {
  const children = (): string[] =>
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => {
        try {
          const parent = /^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
          return Number(parent) === run.process.pid ? [readFileSync(`/proc/${pid}/cmdline`, "utf8")] : [];
        } catch {
          return [];
        }
      });
  for (;;) {
    const [, data] = children().flatMap((line) => /--data\0(\S+?)\/n1\0/.exec(line) ?? []);
    if (data !== undefined) return data;
    assert.ok(run.process.exitCode === null, run.stderr);
    await sleep(50);
  }
}

test("kills, pauses and cuts: all is kept, told and drawn, and no process is left", TIMEOUT, async () => {
  const output = join(folder, "whole");
  const run = new Run([
    ...["check", "--target", "synod", "--time", "5s", "--seed", "7", "--nemesis", "kill,pause,partition"],
    ...["--workload", "list-append", "--output", output],
  ]);
  const cluster = await clusterOf(run);
  assert.equal(await run.ended(), 0, run.stdout + run.stderr);
  assert.match(run.stdout, /^txn +[\d,]+ +\d+ +\d+/m);
  assert.match(run.stdout, /^faults +kill \d, pause \d/m);
  assert.match(run.stdout, /^longest without service /m);
  assert.match(run.stdout, /^strict-serializable +list-append +✓ holds/m);
  const { history, faults, model, unit } = readHistory(readFileSync(join(output, "history.jsonl")));
  assert.deepEqual([model, unit], ["list-append", "us"]);
  assert.ok(history.length > 50 && history.every(({ node }) => /^n[123]$/.test(node ?? "")));
  assert.deepEqual(
    faults.slice(0, 2).map(({ name }) => name),
    ["kill", "pause"],
  );
  assert.deepEqual(readdirSync(output).sort(), [
    ...["history.jsonl", "n1.log", "n2.log", "n3.log"],
    ...["strict-serializable-list-append.html", "strict-serializable-list-append.svg", "verdict.json"],
  ]);
  assert.deepEqual(processesWith(cluster), []);
  assert.equal(existsSync(cluster), false);
});

test("Ctrl-C ends the work, heals what is hurt, and judges what there is", TIMEOUT, async () => {
  const run = new Run(["check", "--target", "synod", "--time", "10m", "--nemesis", "pause", "--seed", "3", "--json"]);
  const cluster = await clusterOf(run);
  while (!run.stderr.includes("clients work")) await sleep(50);
  await sleep(1500);
  assert.equal(await run.stop("SIGINT"), 0, run.stdout + run.stderr);
  const { verdict, operations, problems, seed } = JSON.parse(run.stdout) as Record<string, unknown>;
  assert.deepEqual([verdict, problems, seed], ["ok", [], 3]);
  assert.ok((operations as number) > 20, `${operations} operations`);
  assert.deepEqual(processesWith(cluster), []);
});

test("a checker that is killed takes its cluster with it, even nodes that stand still", TIMEOUT, async () => {
  const run = new Run(["check", "--target", "synod", "--time", "10m", "--nemesis", "pause", "--seed", "3"]);
  const cluster = await clusterOf(run);
  while (!run.stderr.includes("clients work")) await sleep(50);
  const nodes = processesWith(cluster);
  assert.equal(nodes.length, 3);
  process.kill(nodes[0] as number, "SIGSTOP");
  await run.stop("SIGKILL");
  while (processesWith(cluster).length > 0) await sleep(50);
  rmSync(cluster, { recursive: true, force: true });
});

test("what cannot be done is said in one sentence", TIMEOUT, async () => {
  const refusal = async (...flags: string[]): Promise<[number | null, string]> => {
    const run = new Run(["check", ...flags]);
    return [await run.ended(), run.stderr];
  };
  assert.deepEqual(await refusal("--target", "etcd", "--nemesis", "disk"), [
    2,
    "synod: --nemesis disk is not for --target etcd: which files of etcd may be damaged without losing what it acknowledged is etcd's affair\n",
  ]);
  const [code, sentence] = await refusal("--target", "etcd://127.0.0.1:1");
  assert.equal(code, 1);
  assert.match(sentence, /^synod: nothing that speaks etcd's API answers at 127\.0\.0\.1:1 \(.*\): check --target$/m);
});
