import { ByteReader, ByteWriter } from "@synod/protocols/bytes";
import type { LogIndex, NodeId } from "@synod/protocols/protocol";
import type { RaftGroup } from "./raft-group.ts";

/** Own hashes kept for comparison with members that are ahead or behind, and those kept of each other member. */
const KEPT = 64;
const KEPT_OF_OTHERS = 8;
/** Looks, one a second, for which nobody may know who is right before that is said: others may not have told yet. */
const PATIENCE = 5;

export interface StateHash {
  readonly index: LogIndex;
  readonly hash: number;
}

/** What comparing has come to. */
export type Divergence = {
  /** A majority of the voters agrees on another state: this member is wrong. Or: nobody knows who is right. */
  readonly type: "minority" | "undecided";
  readonly index: LogIndex;
  readonly own: number;
  readonly other: number;
};

/**
 * Equal logs must give equal states. Every member tells the others its state's hash, once for each that it takes; one whose
 * own hash differs from what a majority has at the same index has gone wrong, silently, and must not serve it.
 */
export class StateHashes {
  #own: StateHash[] = [];
  readonly #heard = new Map<NodeId, StateHash[]>();
  #told: LogIndex = 0;
  #undecided = 0;

  note(index: LogIndex, hash: number): void {
    keep(this.#own, { index, hash: hash >>> 0 }, KEPT);
  }

  /** A snapshot was installed: the past states were not this member's own. */
  clear(): void {
    this.#own = [];
  }

  /** @returns what to tell the other members, once for each hash. */
  news(): Uint8Array | undefined {
    const latest = this.#own.at(-1);
    if (latest === undefined || latest.index <= this.#told) return undefined;
    this.#told = latest.index;
    const writer = new ByteWriter(11);
    writer.uint53(latest.index);
    writer.uint32(latest.hash);
    return writer.take();
  }

  /** @throws RangeError for bytes that `news` did not make. */
  hear(from: NodeId, body: Uint8Array): void {
    const reader = new ByteReader(body);
    const heard = { index: reader.uint53(), hash: reader.uint32() };
    const known = this.#heard.get(from);
    if (known === undefined) this.#heard.set(from, [heard]);
    else keep(known, heard, KEPT_OF_OTHERS);
  }

  /**
   * Called once a second.
   * @param voters who counts; `self` is among them unless it only learns.
   */
  compare(self: NodeId, voters: readonly NodeId[]): Divergence | undefined {
    let undecided: Divergence | undefined;
    for (let at = this.#own.length - 1; at >= 0; at--) {
      const verdict = this.#judge(this.#own[at]!, self, voters);
      if (verdict?.type === "minority") return verdict;
      undecided ??= verdict;
    }
    this.#undecided = undecided === undefined ? 0 : this.#undecided + 1;
    return this.#undecided > PATIENCE ? undecided : undefined;
  }

  #judge({ index, hash: own }: StateHash, self: NodeId, voters: readonly NodeId[]): Divergence | undefined {
    const votes = new Map<number, number>();
    for (const voter of voters) {
      const hash = voter === self ? own : this.#heard.get(voter)?.find((heard) => heard.index === index)?.hash;
      if (hash !== undefined) votes.set(hash, (votes.get(hash) ?? 0) + 1);
    }
    const majority = Math.floor(voters.length / 2) + 1;
    let other: number | undefined;
    for (const [hash, count] of votes) {
      if (hash === own && count >= majority) return undefined;
      if (hash !== own && count >= majority) return { type: "minority", index, own, other: hash };
      if (hash !== own) other = hash;
    }
    return other === undefined ? undefined : { type: "undecided", index, own, other };
  }
}

/** Once a second: tells the other members this one's latest hash, and compares. */
export function compareStates(
  group: RaftGroup<unknown>,
  tell: (to: NodeId, body: Uint8Array) => void,
): Divergence | undefined {
  const { hashes } = group.applied;
  const { self, configuration } = group.status;
  const news = hashes.news();
  const members = [...configuration.voters, ...configuration.learners];
  if (news !== undefined) for (const member of members) if (member !== self) tell(member, news);
  return hashes.compare(self, configuration.voters);
}

/** What the operator is told. */
export function sentenceOf({ type, index, own, other }: Divergence, self: NodeId): string {
  const hashes = `(${own.toString(16)}, ${other.toString(16)})`;
  return type === "minority"
    ? `the state of n${self} differs from what a majority has at index ${index} ${hashes}: ` +
        "it is set aside, and fetched anew from the others"
    : `the state of n${self} differs from another member's at index ${index} ${hashes}, and no majority says who is right: ` +
        "delete the data folder of the member that is wrong, and start it to fetch the state anew";
}

function keep(hashes: StateHash[], hash: StateHash, most: number): void {
  hashes.push(hash);
  if (hashes.length > most) hashes.shift();
}
