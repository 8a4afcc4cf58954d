import assert from "node:assert/strict";
import { test } from "node:test";
import { drawConfig } from "./config.ts";
import type { Fault } from "./plan.ts";
import { type Play, shrink } from "./shrink.ts";
import type { Failure } from "./simulation.ts";

function fault(id: number, kind: Fault["kind"]): Fault {
  return { id, kind, at: id * 1000, until: id * 1000 + 500, node: 1, peer: 2, amount: 0 };
}

const FAILURE: Failure = { property: "durability", message: "", at: 9_000, event: 10 };

test("of twenty faults the two that matter together are left, and the least of everything else", () => {
  const plan = Array.from({ length: 20 }, (_, i) => fault(i, i === 3 ? "crash" : i === 11 ? "bitFlip" : "loss"));
  const config = drawConfig(1, { nodes: 5, spares: 3, duration: 30_000 });
  // Fails where a crash and a flipped bit meet, with three nodes and two clients at least.
  const play: Play = (trial) => {
    const kinds = trial.plan.map(({ kind }) => kind);
    const fails = kinds.includes("crash") && kinds.includes("bitFlip") && trial.config.nodes >= 3;
    return fails && trial.config.workload.clients >= 2 ? FAILURE : undefined;
  };
  const small = shrink({ config, plan }, FAILURE, play, 500);
  assert.deepEqual(
    small.plan.map(({ id }) => id),
    [3, 11],
  );
  assert.equal(small.config.nodes, 3);
  assert.equal(small.config.spares, 0);
  assert.ok(small.config.workload.clients >= 2 && small.config.workload.clients < 4);
  assert.ok(small.config.duration > 11_000 && small.config.duration < 30_000);
});

test("a failure that needs no fault at all loses them all at once", () => {
  const plan = Array.from({ length: 50 }, (_, i) => fault(i, "loss"));
  const small = shrink({ config: drawConfig(1), plan }, FAILURE, () => FAILURE, 100);
  assert.equal(small.plan.length, 0);
});

test("another failure is not the same failure", () => {
  const plan = [fault(1, "crash"), fault(2, "loss")];
  const play: Play = ({ plan: left }) => (left.length === 2 ? FAILURE : { ...FAILURE, property: "liveness" });
  const small = shrink({ config: drawConfig(1), plan }, FAILURE, play, 100);
  assert.equal(small.plan.length, 2);
});

test("the search ends after the runs it was given", () => {
  const plan = Array.from({ length: 64 }, (_, i) => fault(i, "loss"));
  const play: Play = ({ plan: left }) => (left.some(({ id }) => id === 7) ? FAILURE : undefined);
  assert.equal(shrink({ config: drawConfig(1), plan }, FAILURE, play, 5).runs, 5);
});
