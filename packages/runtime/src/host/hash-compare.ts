import { ByteReader, ByteWriter } from "@synod/protocols/bytes";
import type { LogIndex } from "@synod/protocols/protocol";

/** States are hashed for comparison at every index divisible by this. */
export const HASH_EVERY = 1024;
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
