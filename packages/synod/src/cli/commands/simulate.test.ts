/** The simulator's two verbs, as a person runs them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Run } from "../../testing/run.ts";

async function synod(...args: string[]): Promise<{ code: number | null; run: Run }> {
  const run = new Run(args);
  return { code: await run.ended(), run };
}

test("a swarm finds a planted bug, and its replay line shows it again", async () => {
  const bug = ["--nodes", "3", "--clients", "6", "--faults", "isolate,loss", "--mutant", "staleReads"];
  const { code, run } = await synod("swarm", "--seed", "1", "--seeds", "50", ...bug);
  assert.equal(code, 1, run.stderr);
  const lines = run.stdout.match(/replay: .*/g) ?? [];
  assert.equal(lines.length, 1, run.stdout);
  const replay = /^replay: npm run synod -- (sim --seed \d+ .*)$/.exec(lines[0] as string)?.[1] as string;
  const again = await synod(...replay.split(" "), "--unshrunk");
  assert.equal(again.code, 1, again.run.stderr);
  assert.match(again.run.stdout, /linearizability broke at/);
  assert.ok(again.run.stdout.endsWith(`replay: npm run synod -- ${replay}\n`), again.run.stdout);
});

test("a world that holds is exit code 0, and JSON for a program", async () => {
  const { code, run } = await synod(
    "sim",
    "--seed",
    "1",
    "--nodes",
    "1",
    "--seconds",
    "1",
    "--faults",
    "none",
    "--json",
  );
  assert.equal(code, 0, run.stderr);
  const { seed, failure, operations } = JSON.parse(run.stdout);
  assert.deepEqual({ seed, failure }, { seed: 1, failure: undefined });
  assert.ok(operations.completed > 0);
});

test("without a seed, each world is a new one that can be named", async () => {
  const worlds = [1, 2].map(() => synod("sim", "--nodes", "1", "--seconds", "1", "--faults", "none", "--json"));
  const [first, second] = (await Promise.all(worlds)).map(({ run }) => JSON.parse(run.stdout).seed);
  assert.notEqual(first, second);
});

test("a world that cannot be is named, with what could be", async () => {
  const { code, run } = await synod("swarm", "--faults", "earthquake");
  assert.equal(code, 2);
  assert.match(run.stderr, /^synod: --faults earthquake: there is no such fault; known are crash,/);
});
