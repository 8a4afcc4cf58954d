import type { Instant } from "@synod/protocols/protocol";
import { Raft } from "@synod/protocols/raft/raft";
import { Random } from "@synod/protocols/random";
import { type GroupRecovery, keepRecovering } from "./open-log.ts";
import { HOST_RAFT_OPTIONS, type HostOptions } from "./options.ts";
import type { RaftGroup } from "./raft-group.ts";
import { Snapshotting, type SnapshottingOptions } from "./snapshotting.ts";

/** Restores a group's state from its latest snapshot and gives it the Raft that its log has left. */
export async function startGroup(
  group: RaftGroup<unknown>,
  recovery: GroupRecovery,
  host: { readonly options: HostOptions; readonly incarnation: number; now(): Instant },
  snapshots: SnapshottingOptions,
): Promise<Snapshotting> {
  const { self, peers, voters = peers.keys(), raft } = host.options;
  const { state, voteFile } = recovery;
  const snapshotting = new Snapshotting(group, snapshots);
  if (!snapshotting.restore(state)) await keepRecovering(state, voteFile, peers.size, "A snapshot is damaged.");
  const bootstrap = { voters: [...voters].sort((a, b) => a - b), outgoing: [], learners: [] };
  const options = { ...HOST_RAFT_OPTIONS, ...raft, id: self, bootstrap };
  const random = new Random(`${self}/${group.id}/${host.incarnation}`);
  group.start(new Raft(options, state, random, host.now(), snapshotting));
  return snapshotting;
}
