import type { NodeId } from "@synod/protocols/protocol";
import type { Configuration } from "@synod/protocols/raft/types";

/** What the administrator wants to be true in the end. It gives up a wish after a while. */
interface Wish {
  readonly type: "add" | "remove";
  readonly node: NodeId;
  readonly until: number;
}

/** The cluster as its administrator sees it. */
export interface AdministeredWorld {
  readonly now: number;
  /** Starts a node that has never run. */
  ensureStarted(node: NodeId): void;
  /** Of these nodes: how many cannot vote because their disks were damaged. */
  damagedAmong(nodes: readonly NodeId[]): number;
  goal(name: string): void;
}

/** How long a wish is pursued. */
const PATIENCE = 10_000_000;

/**
 * Changes the membership step by step, as an operator with a script would: a newcomer listens first, then votes; one
 * change at a time; and never a change that leaves too few members with sound disks.
 */
export class Administrator {
  readonly #world: AdministeredWorld;
  #wishes: Wish[] = [];

  constructor(world: AdministeredWorld) {
    this.#world = world;
  }

  get idle(): boolean {
    return this.#wishes.length === 0;
  }

  wish(type: "add" | "remove", node: NodeId): void {
    this.#wishes.push({ type, node, until: this.#world.now + PATIENCE });
  }

  forget(): void {
    this.#wishes = [];
  }

  /** @returns the configuration to propose next, given the leader's; undefined: nothing for now. */
  next(current: Configuration): Configuration | undefined {
    while (this.#wishes.length > 0) {
      const wish = this.#wishes[0]!;
      const done = wish.type === "add" ? current.voters.includes(wish.node) : !isIn(current, wish.node);
      if (!done && this.#world.now < wish.until) return this.#step(wish, current);
      if (done) this.#world.goal(wish.type === "add" ? "voter added" : "member removed");
      this.#wishes.shift();
    }
    return undefined;
  }

  #step(wish: Wish, current: Configuration): Configuration | undefined {
    if (current.outgoing.length > 0) return undefined;
    const { node } = wish;
    if (wish.type === "remove") {
      const voters = current.voters.filter((voter) => voter !== node);
      if (!this.#isSound(voters)) return undefined;
      return { voters, outgoing: [], learners: current.learners.filter((learner) => learner !== node) };
    }
    this.#world.ensureStarted(node);
    if (!current.learners.includes(node)) return { ...current, learners: [...current.learners, node] };
    const voters = [...current.voters, node];
    if (!this.#isSound(voters)) return undefined;
    return { voters, outgoing: [], learners: current.learners.filter((learner) => learner !== node) };
  }

  #isSound(voters: readonly NodeId[]): boolean {
    return voters.length > 0 && this.#world.damagedAmong(voters) <= (voters.length - 1) >> 1;
  }
}

function isIn(configuration: Configuration, node: NodeId): boolean {
  return configuration.voters.includes(node) || configuration.learners.includes(node);
}
