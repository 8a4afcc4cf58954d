/** The host follows what its state machine decides of the members: with real sockets, and leaders that die meanwhile. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Membership } from "../group.ts";
import { addressesOf, MemoryDisk, settled, TestNode, TextMachine } from "./testing.ts";

/** Texts like "members 1 2 learners 3" decide who takes part. */
class MemberMachine extends TextMachine {
  readonly #all: ReadonlyMap<number, string>;
  #decided: { text: string; membership: Membership } | undefined;

  constructor(all: ReadonlyMap<number, string>) {
    super();
    this.#all = all;
  }

  membership(): Membership | undefined {
    const text = this.texts.findLast((one) => one.startsWith("members "));
    if (text !== undefined && this.#decided?.text !== text) this.#decided = { text, membership: this.#read(text) };
    return this.#decided?.membership;
  }

  #read(text: string): Membership {
    const numbers = (part = ""): number[] => [...part.matchAll(/\d+/g)].map(([digits]) => Number(digits));
    const [voters, learners] = text.split("learners").map(numbers) as [number[], number[] | undefined];
    const present = [...voters, ...(learners ?? [])];
    const before = this.texts.filter((one) => one.startsWith("members ")).flatMap(numbers);
    const addressed = [...present, ...before.slice(-8)];
    return {
      voters,
      learners: learners ?? [],
      addresses: new Map(addressed.map((node) => [node, this.#all.get(node) as string])),
      unmoved: new Set(),
      isRemoved: (node) => before.includes(node) && !present.includes(node),
    };
  }
}

const running = new Set<TestNode>();
after(async () => {
  for (const node of running) await node.host.close();
});

class World {
  readonly all: Map<number, string>;
  readonly disks: Map<number, MemoryDisk> = new Map();
  readonly nodes: Map<number, TestNode> = new Map();

  constructor(all: Map<number, string>) {
    this.all = all;
  }

  static async of(first: number, all: number): Promise<World> {
    const world = new World(await addressesOf(all));
    const voters = Array.from({ length: first }, (_, i) => i + 1);
    await Promise.all(voters.map((self) => world.start(self, voters, voters)));
    return world;
  }

  /** @param known the members of which it is told, as their addresses; @param voters those the cluster began with */
  async start(self: number, known: readonly number[], voters: readonly number[]): Promise<TestNode> {
    const disk = this.disks.get(self) ?? new MemoryDisk();
    this.disks.set(self, disk);
    const peers = new Map(known.map((node) => [node, this.all.get(node) as string]));
    const limits = { snapshotEvery: 20_000, keepBehind: 0 };
    const node = new TestNode({ self, peers, disk, voters, limits, machine: new MemberMachine(this.all) });
    running.add(node);
    this.nodes.set(self, node);
    await node.host.start();
    return node;
  }

  /** Starts one that is told who is there now. */
  join(self: number): Promise<TestNode> {
    return this.start(self, [...this.nodes.keys(), self], []);
  }

  async stop(self: number): Promise<void> {
    const node = this.node(self);
    running.delete(node);
    this.nodes.delete(self);
    await node.host.close();
  }

  node(self: number): TestNode {
    return this.nodes.get(self) as TestNode;
  }

  leader(): TestNode {
    return [...this.nodes.values()].find(({ group }) => group.status.role === "leader") as TestNode;
  }

  /** Its log begins behind a snapshot. */
  hasSnapshot(self: number): boolean {
    return [...this.node(self).host.groups()].every(({ raft }) => raft.state.log.baseIndex > 0);
  }

  /** All these nodes are in the same settled configuration. */
  async agreed(voters: readonly number[], learners: readonly number[] = []): Promise<void> {
    await settled(() =>
      [...voters, ...learners].every((self) => {
        const { configuration, isSettled } = this.node(self).group.status;
        return isSettled && `${configuration.voters}/${configuration.learners}` === `${voters}/${learners}`;
      }),
    );
  }

  async end(): Promise<void> {
    for (const self of [...this.nodes.keys()]) await this.stop(self);
  }
}

test("a learner joins, catches up, is promoted, and takes an old member's place", async () => {
  const world = await World.of(3, 4);
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
  await world.end();
});

test("a voter that has been added votes only once it has caught up: until then it costs no quorum", async () => {
  const world = await World.of(1, 2);
  await world.node(1).propose("members 1 2");
  await settled(() => world.node(1).group.status.configuration.learners.includes(2));
  await world.node(1).propose("the cluster goes on without it");
  await world.join(2);
  await world.agreed([1, 2]);
  assert.equal((await world.node(2).read()).at(-1), "the cluster goes on without it");
  await world.end();
});

test("a leader removed by its cluster hands over first, and one of two can be removed", async () => {
  const world = await World.of(2, 2);
  await world.node(1).propose("members 1 2");
  const leader = world.leader().host.options.self;
  const other = 3 - leader;
  await world.node(other).propose(`members ${other}`);
  assert.equal((await world.node(leader).host.failed).code, "removed");
  await world.stop(leader);
  await world.agreed([other]);
  await world.node(other).propose("alone");
  await world.end();
});

test("the leader dies before it has executed what was decided: the next one does, once", async () => {
  const world = await World.of(3, 3);
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
  await world.end();
});

test("all nodes stop and start again: members, addresses and configuration are as they were decided", async () => {
  const world = await World.of(2, 3);
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
  await world.end();
});

test("a voter on its way out stays until those who take its place hold everything", async () => {
  const world = await World.of(1, 2);
  await world.node(1).propose("members 1 2");
  await world.node(1).propose("members 2");
  await world.node(1).propose("still here");
  assert.deepEqual(world.node(1).group.status.configuration.voters, [1]);
  await world.join(2);
  assert.equal((await world.node(1).host.failed).code, "removed");
  await world.stop(1);
  await world.agreed([2]);
  assert.equal((await world.node(2).read()).at(-1), "still here");
  await world.end();
});

test("whoever joins when the log has been cut gets a snapshot, and its configuration with it", async () => {
  const world = await World.of(2, 3);
  await world.node(1).propose("members 1 2");
  const text = "x".repeat(5000);
  for (let i = 0; i < 20; i++) await world.node(1).propose(text);
  await settled(() => [1, 2].every((self) => world.node(self).group.status.lastIndex > 20 && world.hasSnapshot(self)));
  await world.node(1).propose("members 1 2 learners 3");
  await world.join(3);
  await world.agreed([1, 2], [3]);
  assert.equal((await world.node(3).read()).length, 22);
  assert.equal(world.hasSnapshot(3), true);
  await world.end();
});

test("a learner that is removed hears of it from whoever it meets, also when it was away", async () => {
  const world = await World.of(2, 3);
  await world.node(1).propose("members 1 2 learners 3");
  await world.join(3);
  await world.agreed([1, 2], [3]);
  await world.stop(3);
  await world.node(1).propose("members 1 2");
  await world.agreed([1, 2]);
  const returned = await world.join(3);
  assert.equal((await returned.host.failed).code, "removed");
  await world.stop(3);
  await world.end();
});

test("a member that has moved is found where it is now", async () => {
  const world = await World.of(3, 4);
  await world.node(1).propose("members 1 2 3");
  await world.stop(3);
  world.all.set(3, world.all.get(4) as string);
  await world.node(1).propose("members 1 2 3 moved");
  await world.start(3, [1, 2, 3], [1, 2, 3]);
  assert.equal((await world.node(3).read()).at(-1), "members 1 2 3 moved");
  await world.end();
});

test("a member that was away while all others were replaced is found by the new ones", async () => {
  const world = await World.of(3, 5);
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
  await world.end();
});
