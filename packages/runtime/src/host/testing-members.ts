import type { Membership } from "../group.ts";
import { addressesOf, MemoryDisk, settled, TestNode, TextMachine } from "./testing.ts";

/** Texts like "members 1 2 learners 3" decide who takes part. */
export class MemberMachine extends TextMachine {
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

/** Nodes on loopback that come and go, each with a disk that stays. */
export class World {
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
