/** The host follows what its state machine decides of the members: with real sockets, and leaders that die meanwhile. */
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { settled } from "./testing.ts";
import { World } from "./testing-members.ts";

const worlds: World[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.end();
});

async function worldOf(first: number, all: number): Promise<World> {
  const world = await World.of(first, all);
  worlds.push(world);
  return world;
}

test("a learner joins, catches up, is promoted, and takes an old member's place", async () => {
  const world = await worldOf(3, 4);
  await world.node(1).propose("before");
  await world.node(1).propose("members 1 2 3 learners 4");
  const fourth = await world.join(4);
  await world.agreed([1, 2, 3], [4]);
  assert.equal(fourth.group.status.role, "learner");
  assert.deepEqual((await fourth.read()).at(0), "before");
  await settled(() => world.leader().group.reach(4).isInSync);
  await world.node(2).propose("members 1 2 3 4");
  await world.agreed([1, 2, 3, 4]);
  await world.node(4).propose("members 2 3 4");
  const error = await world.node(1).host.failed;
  assert.deepEqual([error.code, error.message], ["removed", "this node was removed from the cluster"]);
  await world.stop(1);
  await world.agreed([2, 3, 4]);
  await world.node(4).propose("after");
  assert.equal((await world.node(2).read()).at(-1), "after");
  assert.deepEqual(world.node(2).host.transport.peers(), [3, 4]);
});

test("a voter that has been added votes only once it has caught up: until then it costs no quorum", async () => {
  const world = await worldOf(1, 2);
  await world.node(1).propose("members 1 2");
  await settled(() => world.node(1).group.status.configuration.learners.includes(2));
  await world.node(1).propose("the cluster goes on without it");
  await world.join(2);
  await world.agreed([1, 2]);
  assert.equal((await world.node(2).read()).at(-1), "the cluster goes on without it");
});

test("a leader removed by its cluster hands over first, and one of two can be removed", async () => {
  const world = await worldOf(2, 2);
  await world.node(1).propose("members 1 2");
  const leader = world.leader().host.options.self;
  const other = 3 - leader;
  await world.node(other).propose(`members ${other}`);
  assert.equal((await world.node(leader).host.failed).code, "removed");
  await world.stop(leader);
  await world.agreed([other]);
  await world.node(other).propose("alone");
});

test("the leader dies before it has executed what was decided: the next one does, once", async () => {
  const world = await worldOf(3, 3);
  const leader = world.leader() ?? (await settled(() => world.leader() !== undefined).then(() => world.leader()));
  await leader.propose("members 1 2 3");
  const self = leader.host.options.self;
  const [left, right] = [1, 2, 3].filter((node) => node !== self) as [number, number];
  for (const peer of [left, right]) leader.host.transport.faults.block(peer, "both");
  // Nobody hears the old leader: the decision is the next one's, and so is what follows from it.
  await settled(() => [left, right].some((node) => world.node(node).group.status.role === "leader"));
  await world.node(left).propose(`members ${left} ${right}`);
  await world.agreed([left, right]);
  leader.host.transport.faults.heal();
  assert.equal((await leader.host.failed).code, "removed");
  await world.stop(self);
});

test("all nodes stop and start again: members, addresses and configuration are as they were decided", async () => {
  const world = await worldOf(2, 3);
  await world.node(1).propose("members 1 2 learners 3");
  await world.join(3);
  await world.agreed([1, 2], [3]);
  await world.node(1).propose("members 1 2 3");
  await world.agreed([1, 2, 3]);
  for (const self of [1, 2, 3]) await world.stop(self);
  await Promise.all([
    world.start(1, [1, 2, 3], [1, 2]),
    world.start(2, [1, 2, 3], [1, 2]),
    world.start(3, [1, 2, 3], []),
  ]);
  await world.agreed([1, 2, 3]);
  assert.equal(await world.node(3).propose("again"), 3);
});

test("a voter on its way out stays until those who take its place hold everything", async () => {
  const world = await worldOf(1, 2);
  await world.node(1).propose("members 1 2");
  await world.node(1).propose("members 2");
  await world.node(1).propose("still here");
  assert.deepEqual(world.node(1).group.status.configuration.voters, [1]);
  await world.join(2);
  assert.equal((await world.node(1).host.failed).code, "removed");
  await world.stop(1);
  await world.agreed([2]);
  assert.equal((await world.node(2).read()).at(-1), "still here");
});

test("whoever joins when the log has been cut gets a snapshot, and its configuration with it", async () => {
  const world = await worldOf(2, 3);
  await world.node(1).propose("members 1 2");
  const text = "x".repeat(5000);
  for (let i = 0; i < 20; i++) await world.node(1).propose(text);
  await settled(() => [1, 2].every((self) => world.node(self).group.status.lastIndex > 20 && world.hasSnapshot(self)));
  await world.node(1).propose("members 1 2 learners 3");
  await world.join(3);
  await world.agreed([1, 2], [3]);
  assert.equal((await world.node(3).read()).length, 22);
  assert.equal(world.hasSnapshot(3), true);
});

test("a learner that is removed hears of it from whoever it meets, also when it was away", async () => {
  const world = await worldOf(2, 3);
  await world.node(1).propose("members 1 2 learners 3");
  await world.join(3);
  await world.agreed([1, 2], [3]);
  await world.stop(3);
  await world.node(1).propose("members 1 2");
  await world.agreed([1, 2]);
  const returned = await world.join(3);
  assert.equal((await returned.host.failed).code, "removed");
  await world.stop(3);
});

test("a member that has moved is found where it is now", async () => {
  const world = await worldOf(3, 4);
  await world.node(1).propose("members 1 2 3");
  await world.stop(3);
  world.all.set(3, world.all.get(4) as string);
  await world.node(1).propose("members 1 2 3 moved");
  await world.start(3, [1, 2, 3], [1, 2, 3]);
  assert.equal((await world.node(3).read()).at(-1), "members 1 2 3 moved");
});

test("a member that was away while all others were replaced is found by the new ones", async () => {
  const world = await worldOf(3, 5);
  await world.node(1).propose("members 1 2 3");
  await world.stop(3);
  for (const [text, coming, going] of [
    ["members 1 2 3 4", 4, 0],
    ["members 2 3 4", 0, 1],
    ["members 2 3 4 5", 5, 0],
    ["members 3 4 5", 0, 2],
  ] as const) {
    await world.node(coming === 4 ? 1 : coming === 0 && going === 2 ? 5 : 2).propose(text);
    if (coming > 0) {
      await world.join(coming);
      await settled(() => world.node(coming).group.status.configuration.voters.includes(coming));
    } else {
      assert.equal((await world.node(going).host.failed).code, "removed");
      await world.stop(going);
    }
  }
  await world.start(3, [1, 2, 3], [1, 2, 3]);
  await world.agreed([3, 4, 5]);
  assert.equal((await world.node(3).read()).at(-1), "members 3 4 5");
});
