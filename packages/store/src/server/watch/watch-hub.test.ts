import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeUtf8 } from "@synod/wire/utf8";
import { World } from "../testing/watch-world.ts";
import { TOLD_PER_TURN } from "./telling.ts";

const CROWD = 20_000;
const key = encodeUtf8;
const NOTHING = new Uint8Array(0);

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

test("few watchers are told in the turn itself, and nothing is scheduled", () => {
  const world = new World();
  const all = world.crowd("a", 1000);
  const revision = world.put("a");
  for (const { sink } of all) assert.deepEqual(sink.seen, [revision]);
  assert.equal(world.hub.dispatchedRevision, revision);
  assert.equal(world.turn(), false);
});

test("a crowd is told over many turns while puts go on: each watcher everything, once, in order", () => {
  const world = new World();
  const all = world.crowd();
  const first = world.put("a");
  assert.equal(world.work.told, TOLD_PER_TURN);
  for (let i = 0; i < 30; i++) {
    world.turn();
    world.put("a");
  }
  const last = world.model.revision;
  assert.ok(world.hub.dispatchedRevision < last);
  world.run();
  const expected = range(first, last);
  for (const { sink } of all) assert.deepEqual(sink.seen, expected);
  assert.equal(world.most.told, TOLD_PER_TURN);
  assert.equal(world.hub.dispatchedRevision, last);
});

test("more is applied meanwhile than may wait: the rest is read from history, and nothing is missed", () => {
  const world = new World({ catchUpEvents: 3 });
  const all = world.crowd("a", 3 * TOLD_PER_TURN);
  const first = world.put("a");
  for (let i = 0; i < 20; i++) world.put("a");
  world.run();
  for (const { sink } of all) assert.deepEqual(sink.seen, range(first, world.model.revision));
  assert.equal(world.most.told, TOLD_PER_TURN);
});

test("who catches up into the middle of a batch that is being told reads on to its end", () => {
  const world = new World({ catchUpEvents: 3, catchUpSlices: 1 });
  world.crowd("a", 3 * TOLD_PER_TURN);
  const first = world.put("a");
  for (let i = 0; i < 4; i++) world.put("a");
  while (world.hub.dispatchedRevision < first) world.turn();
  const { sink } = world.watch("a", { startRevision: first, rangeEnd: key("b") });
  world.run();
  assert.deepEqual(sink.seen, range(first, first + 4));
});

test("what was applied before a compaction reaches the crowd after it", () => {
  const world = new World();
  const all = world.crowd("a", 3 * TOLD_PER_TURN);
  const first = world.put("a");
  const last = world.put("a");
  const after = world.put("b");
  world.model.compact(after, 1);
  while (world.model.removalPending) world.model.removeCompacted(1000);
  world.hub.dispatch();
  world.run();
  for (const { sink } of all) assert.deepEqual(sink.seen, [first, last]);
});

test("half of the crowd leaves, and others come, in the middle: who left hears nothing more, who came nothing older", () => {
  const world = new World();
  const all = world.crowd();
  const first = world.put("a");
  world.turn();
  const before = all.map(({ sink }) => sink.seen.length);
  for (const [i, { watcher }] of all.entries()) if (i % 2 === 0) world.hub.remove(watcher);
  const second = world.put("a");
  const late = world.watch("a");
  const earlier = world.watch("a", { startRevision: first });
  const between = world.watch("a", { startRevision: second });
  const ranged = world.watch("a", { startRevision: first, rangeEnd: key("b") });
  const third = world.put("a");
  world.run();
  for (const [i, { sink }] of all.entries()) {
    assert.deepEqual(sink.seen, i % 2 === 0 ? [first].slice(0, before[i]) : [first, second, third]);
  }
  assert.deepEqual(late.sink.seen, [third]);
  assert.deepEqual(earlier.sink.seen, [first, second, third]);
  assert.deepEqual(between.sink.seen, [second, third]);
  assert.deepEqual(ranged.sink.seen, [first, second, third]);
  assert.equal(world.hub.behindCount, 0);
});

test("progress that is asked for in the middle comes after the events that were there, and before the next", () => {
  const world = new World();
  const all = world.crowd("a", 3 * TOLD_PER_TURN, { progressNotify: true });
  world.hub.notifyProgress(); // from here on they are quiet
  world.run();
  for (const { sink } of all) sink.seen.length = 0;
  const first = world.put("a");
  const { sink } = all.at(-1)!;
  sink.wanted = first;
  sink.onSynced();
  world.hub.notifyProgress();
  const second = world.put("a");
  assert.deepEqual(sink.seen, []);
  world.run();
  assert.deepEqual(sink.seen, [first, `p${first}`, second]);
  for (const other of all.slice(0, -1)) assert.deepEqual(other.sink.seen, [first, second]);
});

test("who has been told of a batch is not told of progress before it while others wait for it", () => {
  const world = new World();
  const [early] = world.crowd("a", 2 * TOLD_PER_TURN);
  const sink = early!.sink;
  const first = world.put("a");
  world.run();
  const second = world.put("a");
  sink.wanted = first;
  sink.onSynced();
  world.run();
  assert.deepEqual(sink.seen, [first, second, `p${second}`]);
});

test("a quiet watcher's progress waits until the crowd has been told, too", () => {
  const world = new World();
  world.crowd("a", 2 * TOLD_PER_TURN);
  const { sink } = world.watch("b", { progressNotify: true });
  const first = world.put("a");
  world.hub.notifyProgress();
  assert.deepEqual(sink.seen, []);
  world.run();
  assert.deepEqual(sink.seen, [`p${first}`]);
});

test("who may not watch any more in the middle is not told of what is left", () => {
  const world = new World();
  const all = world.crowd("a", 2 * TOLD_PER_TURN);
  const last = world.watch("a", { user: "mallory" });
  const first = world.put("a");
  world.access.denied = "mallory";
  world.access.changes++;
  world.run();
  assert.deepEqual(last.sink.seen, ["denied"]);
  for (const { sink } of all) assert.deepEqual(sink.seen, [first]);
});

test("a crowd does not hold up those who watch other keys of the same batch", () => {
  const world = new World();
  world.crowd("a", 5 * TOLD_PER_TURN);
  const { sink } = world.watch("lock");
  world.model.put({ key: key("a"), value: NOTHING }, 1);
  const revision = world.put("lock");
  assert.deepEqual(sink.seen, [revision]);
});

test("a crowd whose streams are blocked in the middle, or that begins in the past, is caught up in bounded turns", () => {
  const world = new World();
  const all = world.crowd();
  const first = world.put("a");
  for (const { sink } of all) sink.isBlocked = true;
  const second = world.put("a");
  world.run();
  assert.ok(world.hub.behindCount >= CROWD - TOLD_PER_TURN);
  for (const { sink } of all) sink.isBlocked = false;
  const late = world.crowd("a", CROWD, { startRevision: first });
  for (const { sink } of all) world.hub.unblocked(sink);
  world.run();
  for (const { sink } of [...all, ...late]) assert.deepEqual(sink.seen, [first, second]);
  assert.ok(world.most.told <= 2 * TOLD_PER_TURN, `${world.most.told} told in one turn`);
  assert.equal(world.hub.behindCount, 0);
});

test("large events are told to fewer in one turn", () => {
  const world = new World();
  world.crowd("a", 2000);
  world.model.put({ key: key("a"), value: new Uint8Array(256 << 10) }, 1);
  world.hub.dispatch();
  assert.ok(world.work.told > 0 && world.work.told < 100, `${world.work.told}`);
  world.run();
  assert.equal(world.hub.eventsSent, 2000);
});
