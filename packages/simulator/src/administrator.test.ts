import assert from "node:assert/strict";
import { test } from "node:test";
import type { Configuration } from "@synod/protocols/raft/types";
import { type AdministeredWorld, Administrator } from "./administrator.ts";

function world(damaged: readonly number[] = []): AdministeredWorld & { started: number[]; now: number } {
  const started: number[] = [];
  return {
    now: 0,
    started,
    ensureStarted: (node) => started.push(node),
    damagedAmong: (nodes) => nodes.filter((node) => damaged.includes(node)).length,
    goal: () => {},
  };
}

const of = (voters: number[], learners: number[] = [], outgoing: number[] = []): Configuration => ({
  voters,
  outgoing,
  learners,
});

test("a newcomer listens first, then votes, and then the wish is over", () => {
  const around = world();
  const administrator = new Administrator(around);
  administrator.wish("add", 4);
  assert.deepEqual(administrator.next(of([1, 2, 3])), of([1, 2, 3], [4]));
  assert.deepEqual(around.started, [4]);
  assert.deepEqual(administrator.next(of([1, 2, 3], [4])), of([1, 2, 3, 4]));
  assert.equal(administrator.next(of([1, 2, 3, 4])), undefined);
  assert.equal(administrator.idle, true);
});

test("nothing is begun while a change is under way", () => {
  const administrator = new Administrator(world());
  administrator.wish("remove", 3);
  assert.equal(administrator.next(of([1, 2, 3], [], [1, 2])), undefined);
  assert.deepEqual(administrator.next(of([1, 2, 3])), of([1, 2]));
});

test("a removal that would leave harmed disks without a sound majority waits, and is given up in the end", () => {
  const around = world([2]);
  const administrator = new Administrator(around);
  administrator.wish("remove", 3);
  assert.equal(administrator.next(of([1, 2, 3])), undefined);
  assert.equal(administrator.idle, false);
  around.now = 60_000_000;
  assert.equal(administrator.next(of([1, 2, 3])), undefined);
  assert.equal(administrator.idle, true);
});

test("the last voter is never removed", () => {
  const administrator = new Administrator(world());
  administrator.wish("remove", 1);
  assert.equal(administrator.next(of([1])), undefined);
});
