import assert from "node:assert/strict";
import { test } from "node:test";
import { drawConfig, SECOND } from "./config.ts";
import type { Fault } from "./plan.ts";
import { createSimulation } from "./simulate.ts";
import { Timeline } from "./timeline.ts";

const CONFIG = drawConfig(5, { nodes: 3, spares: 0, duration: 2 * SECOND, faults: [] });
const timeline = (): Timeline<unknown, unknown> =>
  new Timeline(() => createSimulation(5, CONFIG, [])) as unknown as Timeline<unknown, unknown>;
const hash = (line: Timeline<unknown, unknown>): string => line.simulation.traceHash;

test("going back and forth arrives at the same worlds", () => {
  const line = timeline();
  line.seek(700);
  const there = hash(line);
  line.seek(1200);
  const later = hash(line);
  line.seek(700);
  assert.equal(hash(line), there);
  line.stepBack();
  assert.equal(line.position, 699);
  line.seek(1200);
  assert.equal(hash(line), later);
});

test("acting in the past makes another future, and the act is remembered when the past is visited again", () => {
  const line = timeline();
  line.seek(800);
  const undisturbed = line.fork();
  const crash: Fault = {
    id: 99,
    kind: "crash",
    at: 0,
    until: line.simulation.world.now + SECOND,
    node: 1,
    peer: 0,
    amount: 0,
  };
  line.intervene(crash);
  line.seek(1500);
  undisturbed.seek(1500);
  assert.notEqual(hash(line), hash(undisturbed));
  assert.equal(line.simulation.fired.get("crash"), 1);
  const disturbed = hash(line);
  line.seek(10);
  line.seek(1500);
  assert.equal(hash(line), disturbed);
});

test("acting earlier undoes what was done later", () => {
  const line = timeline();
  const pause: Fault = { id: 1, kind: "pause", at: 0, until: SECOND, node: 1, peer: 0, amount: 0 };
  line.seek(900);
  line.intervene(pause);
  line.seek(300);
  line.intervene({ ...pause, id: 2, node: 2 });
  assert.deepEqual(
    line.interventions.map(({ event }) => event),
    [300],
  );
});

test("the next interesting event is found, and observed on the way", () => {
  const line = timeline();
  assert.ok(line.seekNext((event) => event.text.startsWith("RequestVote ")));
  const { leader } = line.simulation.world;
  assert.equal(leader, 0);
});
