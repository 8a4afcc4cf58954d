import { ByteReader, ByteWriter } from "@synod/protocols/bytes";
import type { LogIndex, NodeId } from "@synod/protocols/protocol";
import type { RaftGroup } from "./raft-group.ts";

/** Hashes kept for comparison with a leader that is ahead or behind. */
const KEPT = 64;

export interface StateHash {
  readonly index: LogIndex;
  readonly hash: number;
}

/**
 * Equal logs must give equal states. The leader tells its state's hash at the latest common index; a member whose own hash
 * there differs has gone wrong, silently, and must not serve it.
 */
export class StateHashes {
  #own: StateHash[] = [];
  #heard: StateHash | undefined;
  #told: LogIndex = 0;

  note(index: LogIndex, hash: number): void {
    this.#own.push({ index, hash: hash >>> 0 });
    if (this.#own.length > KEPT) this.#own.shift();
  }

  /** A snapshot was installed: the past states were not this member's own. */
  clear(): void {
    this.#own = [];
  }

  /** @returns what the leader has to tell its followers, once for each hash. */
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
  hear(body: Uint8Array): void {
    const reader = new ByteReader(body);
    this.#heard = { index: reader.uint53(), hash: reader.uint32() };
  }

  /** @returns the hashes at one index where this member's and its leader's differ. */
  difference(): { index: LogIndex; own: number; leader: number } | undefined {
    const heard = this.#heard;
    if (heard === undefined) return undefined;
    const own = this.#own.find(({ index }) => index === heard.index);
    if (own === undefined || own.hash === heard.hash) return undefined;
    return { index: heard.index, own: own.hash, leader: heard.hash };
  }
}

/** Once in a while: a leader tells its followers its latest hash; a follower compares. @returns what to say before it stops */
export function compareStates(
  group: RaftGroup<unknown>,
  tell: (to: NodeId, body: Uint8Array) => void,
): string | undefined {
  const { hashes } = group.applied;
  const { self, configuration, role } = group.status;
  if (role === "leader") {
    const news = hashes.news();
    const members = [...configuration.voters, ...configuration.learners];
    if (news !== undefined) for (const member of members) if (member !== self) tell(member, news);
    return undefined;
  }
  const difference = hashes.difference();
  if (difference === undefined) return undefined;
  const { index, own, leader } = difference;
  return (
    `the state of n${self} differs from its leader's at index ${index} (${own.toString(16)}, ${leader.toString(16)}): ` +
    "it must not be served; delete the node's data folder and start it to fetch the state anew"
  );
}
