import { encodeRecord, recordTag } from "@synod/protocols/raft/codec";
import { encodeConfiguration } from "@synod/protocols/raft/configuration-codec";
import type { RaftRecord } from "@synod/protocols/raft/types";
import type { Disk } from "@synod/storage/disk";
import { SnapshotStore } from "@synod/storage/snapshots/store";
import type { SnapshotInfo } from "@synod/storage/snapshots/types";
import type { WalIdentity } from "@synod/storage/wal/types";
import { Wal } from "@synod/storage/wal/wal";
import { appliedHead } from "./applying.ts";
import { VoteFile } from "./vote-file.ts";

/** Where the log of a cluster begins that was given a state: behind one entry, in a term that nobody led. */
const INDEX = 1;
const TERM = 1;
/** How long to wait when the disk has not taken what was written so far. */
const DISK_PAUSE_MS = 2;

/**
 * Writes what a node's folder needs so that its group begins with a state instead of with nothing: a snapshot, and a log
 * that counts on it. Every voter of the new cluster must begin with the same.
 *
 * @param chunks as the group's machine gives them in a snapshot, at cluster time 0.
 * @throws DiskError, SnapshotError, WalError; the folder is then of no use
 */
export async function beginWithState(
  disk: Disk,
  identity: WalIdentity,
  group: number,
  voters: readonly number[],
  chunks: Iterable<Uint8Array>,
): Promise<void> {
  const configuration = { voters: [...voters].sort((a, b) => a - b), outgoing: [], learners: [] };
  const snapshots = new SnapshotStore(disk, { clusterId: identity.clusterId });
  const writer = snapshots.begin({ group, index: INDEX, term: TERM }, encodeConfiguration(configuration));
  writer.write(appliedHead(INDEX, 0));
  for (const chunk of chunks) {
    while (!writer.isReady) await new Promise((resolve) => setTimeout(resolve, DISK_PAUSE_MS));
    writer.write(chunk);
  }
  const { size, checksum } = await new Promise<SnapshotInfo>((resolve, reject) =>
    writer.finish((error, info) => (info === undefined ? reject(error) : resolve(info))),
  );
  snapshots.close();
  const votes = new VoteFile(disk, group);
  await ended((done) => votes.write({ term: TERM, votedFor: 0, recovering: false }, done));
  votes.close();
  const opened = Wal.open(disk, identity, () => {});
  if (opened.type === "corrupt") throw new Error(opened.message);
  const append = (record: RaftRecord): void =>
    opened.wal.appendSticky(group, recordTag(record.type), 0, encodeRecord(record).head);
  const meta = { lastIncludedIndex: INDEX, lastIncludedTerm: TERM, configuration, size, checksum };
  append({ type: "vote", term: TERM, votedFor: 0 });
  append({ type: "snapshot", snapshot: meta });
  await ended((done) => opened.wal.flush(done));
  await ended((done) => opened.wal.close(done));
}

function ended(step: (done: (error: Error | undefined) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => step((error) => (error === undefined ? resolve() : reject(error))));
}
