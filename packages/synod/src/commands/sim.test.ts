import assert from "node:assert/strict";
import { test } from "node:test";
import { replayLine, simCommand } from "./sim.ts";
import { swarmCommand } from "./swarm.ts";

function capture(run: (print: (line: string) => void) => number): { code: number; text: string } {
  const lines: string[] = [];
  const code = run((line) => lines.push(line));
  return { code, text: lines.join("\n") };
}

test("a run that holds says so, and what happened in it", () => {
  const { code, text } = capture((print) => simCommand({ seed: 3, nodes: 3, seconds: 2, faults: "crash" }, print));
  assert.equal(code, 0);
  assert.match(text, /seed 3: everything held/);
  assert.match(text, /operations +\d+ answered/);
});

test("a planted bug fails with a replay line and a smaller plan", () => {
  const flags = { nodes: 3, seconds: 10, faults: "isolate,loss", mutant: "staleReads", clients: 6 };
  const seed = [1, 2, 3, 4, 5, 6, 7, 8].find(
    (s) => capture((p) => simCommand({ seed: s, ...flags, shrink: false }, p)).code === 1,
  )!;
  const { code, text } = capture((print) => simCommand({ seed, ...flags }, print));
  assert.equal(code, 1);
  assert.match(text, /linearizability broke at/);
  assert.match(text, /the least that still fails/);
  assert.ok(text.includes(`replay: ${replayLine({ seed, ...flags })}`), text);
});

test("a program gets one JSON value", () => {
  const { text } = capture((print) => simCommand({ seed: 1, nodes: 1, seconds: 1, faults: "none", json: true }, print));
  assert.equal(JSON.parse(text).failure, undefined);
  assert.equal(JSON.parse(text).seed, 1);
});

test("flags that make no sense are named", () => {
  assert.match(
    capture((print) => simCommand({ seed: 1, faults: "earthquake" }, print)).text,
    /earthquake: there is no such fault/,
  );
  assert.equal(capture((print) => simCommand({ seed: 1, nodes: 99 }, print)).code, 2);
});

test("a swarm counts its seeds and what they reached", () => {
  const { code, text } = capture((print) =>
    swarmCommand({ seed: 1, seeds: 3, seconds: 1, nodes: 3, faults: "none" }, print),
  );
  assert.equal(code, 0);
  assert.match(text, /3 seeds from 1: everything held/);
  assert.match(text, /not reached/);
});
