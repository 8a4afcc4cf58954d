/** What concerns all watchers is done for some in each turn, and none of them can tell the difference. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeUtf8 } from "@synod/wire/utf8";
import { World } from "../testing/watch-world.ts";
import { VISITED_PER_TURN } from "./rounds.ts";
import { TOLD_PER_TURN } from "./telling.ts";

const CROWD = 100_000;
const key = encodeUtf8;

/** Takes its right to watch from a user, as a change of roles does. */
function deny(world: World, user: string): void {
  world.access.denied = user;
  world.access.changes++;
  world.hub.dispatch();
}

test("a hundred thousand lose their right over many turns, and none of them is told another event", () => {
  const world = new World();
  const allowed = world.crowd("a", CROWD / 2);
  const denied = world.crowd("b", CROWD / 2, { user: "mallory" });
  deny(world, "mallory");
  assert.equal(denied[0]?.sink.seen.length, 0, "others are before it");
  const revision = world.put("a");
  world.put("b"); // it comes to some of them before their turn in the round does
  world.turn();
  world.put("b");
  world.run();
  for (const { sink } of denied) assert.deepEqual(sink.seen, ["denied"]);
  for (const { sink } of allowed) assert.deepEqual(sink.seen, [revision]);
  assert.equal(world.hub.watcherCount, CROWD / 2);
  assert.ok(world.most.judged <= VISITED_PER_TURN + 3 * TOLD_PER_TURN, `${world.most.judged} looked at in one turn`);
});

test("who is quiet is judged a few hundred in a turn; what changes meanwhile begins it anew, and nobody is forgotten", () => {
  const world = new World();
  const first = world.crowd("a", 2000, { user: "mallory" });
  const second = world.crowd("b", 2000, { user: "eve" });
  deny(world, "eve");
  world.turn();
  deny(world, "mallory");
  world.run();
  assert.ok(world.most.judged <= 2 * VISITED_PER_TURN, `${world.most.judged}`);
  for (const { sink } of first) assert.deepEqual(sink.seen, ["denied"]);
  for (const { sink } of second) assert.deepEqual(sink.seen, [], "she had her right back before it was her turn");
  deny(world, "eve");
  world.run();
  for (const { sink } of second) assert.deepEqual(sink.seen, ["denied"]);
});

test("a watch that is created while the others are judged is not judged again", () => {
  const world = new World();
  world.crowd("a", 3 * VISITED_PER_TURN);
  deny(world, "mallory");
  const { sink } = world.watch("a");
  world.run();
  const revision = world.put("a");
  assert.deepEqual(sink.seen, [revision]);
});

test("a hundred thousand are notified of progress over many turns, each once", () => {
  const world = new World();
  const all = world.crowd("a", CROWD, { progressNotify: true });
  world.put("elsewhere");
  world.hub.notifyProgress();
  world.hub.notifyProgress(); // while it is being done
  world.run();
  for (const { sink } of all) assert.deepEqual(sink.seen, ["p2"]);
  assert.ok(world.most.notified <= VISITED_PER_TURN, `${world.most.notified} notified in one turn`);
});

test("progress never comes before an event that it covers, nor twice, while puts go on", () => {
  const world = new World();
  const all = world.crowd("a", 10_000, { progressNotify: true });
  const quiet = world.crowd("b", 10_000, { progressNotify: true });
  world.hub.notifyProgress();
  for (let i = 0; i < 40; i++) {
    world.turn();
    world.put("a");
  }
  world.run();
  const last = world.model.revision;
  for (const { sink } of [...all, ...quiet]) {
    let known = 1;
    let notices = 0;
    for (const seen of sink.seen) {
      const revision = typeof seen === "number" ? seen : Number(seen.slice(1));
      assert.ok(typeof seen === "number" ? revision === known + 1 : revision >= known, sink.seen.join(" "));
      known = typeof seen === "number" ? revision : known;
      notices += typeof seen === "number" ? 0 : 1;
    }
    assert.ok(notices <= 1);
  }
  for (const { sink } of all)
    assert.equal(
      sink.seen.findLast((seen) => typeof seen === "number"),
      last,
    );
  assert.ok(
    quiet.every(({ sink }) => sink.seen.length === 1),
    "quiet ones are told in spite of the bustle",
  );
});

/** What a snapshot leaves: a state whose history begins later than what was told last. */
function installSnapshot(world: World): number {
  for (const name of ["x", "y", "z"]) world.model.put({ key: key(name), value: key("v") }, 1);
  const { revision } = world.model;
  world.model.compact(revision, 1);
  while (world.model.removalPending) world.model.removeCompacted(1000);
  world.hub.dispatch();
  return revision;
}

test("after a snapshot with a gap a hundred thousand are told so over many turns, and nothing instead of it", () => {
  const world = new World();
  const all = world.crowd("a", CROWD);
  const revision = installSnapshot(world);
  assert.equal(world.hub.behindCount, CROWD, "from the first moment on none of them counts as synced");
  assert.ok(all.every(({ watcher }) => !watcher.synced));
  const fresh = world.watch("a", { startRevision: revision + 1 });
  const late = world.put("a");
  installSnapshot(world); // and another one, while they are being told
  world.run();
  for (const { sink } of all) assert.deepEqual(sink.seen, ["compacted"]);
  assert.deepEqual(fresh.sink.seen, [late, "compacted"], "who was synced after the first gap is told of the second");
  assert.equal(world.hub.watcherCount, 0);
  assert.ok(world.most.cancelled <= TOLD_PER_TURN, `${world.most.cancelled} cancelled in one turn`);
  assert.ok(world.most.asked <= 3 * TOLD_PER_TURN, `${world.most.asked} streams asked in one turn`);
});

test("who leaves between the gap and being told so is not missed", () => {
  const world = new World();
  const all = world.crowd("a", 3 * VISITED_PER_TURN);
  installSnapshot(world);
  for (const { watcher } of all) world.hub.remove(watcher);
  world.run();
  assert.ok(all.every(({ sink }) => sink.seen.length === 0));
  assert.deepEqual([world.hub.watcherCount, world.hub.behindCount], [0, 0]);
});

test("streams that nobody reads cost those that are read nothing: only who can be told is looked at", () => {
  const world = new World();
  const blocked = world.crowd("a", CROWD);
  for (const { sink } of blocked) sink.isBlocked = true;
  const first = world.put("a");
  world.run();
  const [reader] = blocked as [(typeof blocked)[number]];
  reader.sink.isBlocked = false;
  world.most.asked = 0;
  world.hub.unblocked(reader.sink);
  world.run();
  assert.deepEqual(reader.sink.seen, [first]);
  assert.ok(world.most.asked < 10, `${world.most.asked} streams asked`);
});

test("a stream with very many watchers does not keep the places from one with few", () => {
  const world = new World();
  const [crowd] = world.crowd("a", 1) as [ReturnType<World["watch"]>];
  const first = world.put("a");
  const options = { user: undefined, watchId: 1, key: key("a"), rangeEnd: new Uint8Array(0), startRevision: first };
  const filters = { noPut: false, noDelete: false, prevKv: false, progressNotify: false, fragment: false };
  for (let i = 0; i < 20 * TOLD_PER_TURN; i++) world.hub.add(crowd.sink, { ...options, ...filters });
  const few = world.watch("a", { startRevision: first });
  let turns = 0;
  while (few.sink.seen.length === 0) {
    assert.ok(world.turn());
    turns++;
  }
  assert.ok(turns <= 3, `${turns} turns`);
  world.run();
  assert.equal(world.hub.behindCount, 0);
});

test("streams that have asked for progress hear it over several turns, and before the next event", () => {
  const world = new World();
  const all = world.crowd("a", 5 * TOLD_PER_TURN);
  const first = world.put("a");
  for (const { sink } of all) {
    sink.wanted = first;
    sink.onSynced();
  }
  const second = world.put("a");
  world.run();
  for (const { sink } of all) assert.deepEqual(sink.seen, [first, `p${first}`, second]);
  assert.ok(world.most.notified <= TOLD_PER_TURN, `${world.most.notified}`);
});
