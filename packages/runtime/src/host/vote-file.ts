import type { NodeId, Term } from "@synod/protocols/protocol";
import type { Disk, DiskError, DiskFile } from "@synod/storage/disk";
import { crc32c } from "@synod/wire/crc32c";

/**
 * The second copy of each group's term and vote, and the place where it says that the log was found damaged.
 *
 * A damaged log may have lost the record of a vote, and a member that votes twice in a term breaks everything. So this
 * file is made durable beside the log whenever a vote changes (that is once an election), and believed where it is newer.
 * Two slots, written in turn: one is whole after any crash.
 */
export interface KeptVote {
  readonly term: Term;
  readonly votedFor: NodeId;
  readonly recovering: boolean;
}

const SLOT = 512;
const SIZE = 40;
const MAGIC = 0x53594e56; // "SYNV"

export class VoteFile {
  readonly #file: DiskFile;
  #counter = 0;
  #kept: KeptVote | undefined;

  constructor(disk: Disk, group: number) {
    const name = `vote-${group}`;
    const exists = disk.list().includes(name);
    this.#file = disk.open(name, true);
    if (!exists) disk.syncDirectory();
    for (const offset of [0, SLOT]) {
      const slot = decodeSlot(this.#file.read(offset, SIZE));
      if (slot === undefined || slot.counter < this.#counter) continue;
      this.#counter = slot.counter;
      this.#kept = slot;
    }
  }

  get kept(): KeptVote | undefined {
    return this.#kept;
  }

  /** @param done is called when it is durable. */
  write(vote: KeptVote, done: (error: DiskError | undefined) => void): void {
    this.#kept = vote;
    this.#counter++;
    this.#file.write((this.#counter & 1) * SLOT, encodeSlot(vote, this.#counter));
    this.#file.sync(done);
  }

  close(): void {
    this.#file.close();
  }
}

/** Writes the present votes of several groups. @param done is called when all are durable, or with the first error */
export function keepVotes(
  groups: readonly { readonly voteFile: VoteFile; readonly state: KeptVoteState }[],
  done: (error: DiskError | undefined) => void,
): void {
  let left = groups.length;
  for (const { voteFile, state } of groups) {
    const { currentTerm: term, votedFor, recovering } = state;
    voteFile.write({ term, votedFor, recovering }, (error) => {
      if (error !== undefined) done(error);
      else if (--left === 0) done(undefined);
    });
  }
}

type KeptVoteState = { readonly currentTerm: Term; readonly votedFor: NodeId; readonly recovering: boolean };

function encodeSlot(vote: KeptVote, counter: number): Uint8Array {
  const bytes = new Uint8Array(SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC);
  view.setFloat64(4, counter);
  view.setFloat64(12, vote.term);
  view.setUint32(20, vote.votedFor);
  view.setUint8(24, vote.recovering ? 1 : 0);
  view.setUint32(SIZE - 4, crc32c(bytes.subarray(0, SIZE - 4)));
  return bytes;
}

function decodeSlot(bytes: Uint8Array): (KeptVote & { counter: number }) | undefined {
  if (bytes.length < SIZE) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0) !== MAGIC || view.getUint32(SIZE - 4) !== crc32c(bytes.subarray(0, SIZE - 4))) return undefined;
  return {
    counter: view.getFloat64(4),
    term: view.getFloat64(12),
    votedFor: view.getUint32(20),
    recovering: view.getUint8(24) === 1,
  };
}
