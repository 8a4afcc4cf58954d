/** Members come, are promoted, go, restart and lead in turn, as a seed has it, while a client writes: nothing is lost. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "@synod/protocols/random";
import type { TestNode } from "./testing.ts";
import { World } from "./testing-members.ts";

const FIRST = [1, 2, 3];
const STEPS = 40;

/** What has been decided, and the world that is to follow it. */
class Churn {
  readonly world: World;
  readonly random: Random;
  voters: number[] = [...FIRST];
  learners: number[] = [];
  acknowledged: string[] = [];
  #next = FIRST.length + 1;
  #decisions = 0;
  #writing = true;

  constructor(world: World, seed: string) {
    this.world = world;
    this.random = new Random(seed);
  }

  async step(): Promise<void> {
    const kind = this.random.below(6);
    if (kind === 0 && this.learners.length < 2) await this.#come(this.learners);
    else if (kind === 1 && this.voters.length < 5) await this.#come(this.voters);
    else if (kind === 2) await this.#promote();
    else if (kind === 3 && this.voters.length > 1) await this.#remove();
    else if (kind === 4) await this.#restart();
    else this.world.leader()?.group.transferLeadership(this.#one(this.voters));
    if (this.random.below(3) === 0) await this.world.agreed(this.voters, this.learners);
  }

  /** Writes through whoever is there until `stop`. */
  async write(): Promise<void> {
    for (let i = 0; this.#writing; i++) {
      const nodes = [...this.world.nodes.values()];
      const node = nodes[i % nodes.length] as TestNode;
      await node.propose(`w${i}`).then(
        () => this.acknowledged.push(`w${i}`),
        () => new Promise((resolve) => setTimeout(resolve, 10)), // its node has stopped: the outcome is unknown
      );
    }
  }

  stop(): void {
    this.#writing = false;
  }

  /** Through any voter that is there, until it is applied: the same decision twice is one. */
  async decide(newcomer = 0): Promise<void> {
    const learners = this.learners.length === 0 ? "" : ` learners ${this.learners.join(" ")}`;
    const text = `members ${this.voters.join(" ")}${learners}${" ".repeat(1 + this.#decisions++)}`;
    const present = this.voters.filter((node) => node !== newcomer);
    const ask = (): Promise<unknown> => this.world.node(this.#one(present)).propose(text);
    while ((await ask().catch(() => "unknown")) === "unknown");
  }

  async #come(where: number[]): Promise<void> {
    const node = this.#next++;
    where.push(node);
    await this.decide(node);
    await this.world.join(node);
  }

  async #promote(): Promise<void> {
    const node = this.learners.shift();
    if (node === undefined) return;
    this.voters = [...this.voters, node].sort((a, b) => a - b);
    await this.decide();
  }

  async #remove(): Promise<void> {
    const node = this.#one(this.voters);
    this.voters = this.voters.filter((other) => other !== node);
    await this.decide();
    assert.equal((await this.world.node(node).host.failed).code, "removed");
    await this.world.stop(node);
  }

  async #restart(): Promise<void> {
    const node = this.#one([...this.voters, ...this.learners]);
    const known = [...this.world.nodes.keys()];
    await this.world.stop(node);
    await this.world.start(node, known, node <= FIRST.length ? FIRST : []);
  }

  #one(nodes: readonly number[]): number {
    return nodes[this.random.below(nodes.length)] as number;
  }
}

for (const seed of ["a", "b"]) {
  test(`churn ${seed}`, async () => {
    const world = await World.of(FIRST.length, FIRST.length + STEPS);
    const churn = new Churn(world, seed);
    try {
      await churn.decide();
      const writing = churn.write();
      for (let i = 0; i < STEPS; i++) await churn.step();
      churn.stop();
      await writing;
      await world.agreed(churn.voters, churn.learners);
      const [first, ...others] = await Promise.all(
        [...churn.voters, ...churn.learners].map((node) => world.node(node).read()),
      );
      for (const other of others) assert.deepEqual(other, first);
      const counts = new Map<string, number>();
      for (const text of first ?? []) counts.set(text, (counts.get(text) ?? 0) + 1);
      for (const text of churn.acknowledged) assert.equal(counts.get(text), 1, `${text} once`);
    } finally {
      churn.stop();
      await world.end();
    }
  });
}
