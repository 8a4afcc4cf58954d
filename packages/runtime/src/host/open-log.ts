import { decodeRecord, encodeRecord, recordTag } from "@synod/protocols/raft/codec";
import { emptyState, foldRecord, type RecoveredState } from "@synod/protocols/raft/recovery";
import type { RaftRecord } from "@synod/protocols/raft/types";
import type { Disk, DiskError } from "@synod/storage/disk";
import type { WalCorruption, WalIdentity } from "@synod/storage/wal/types";
import { Wal } from "@synod/storage/wal/wal";
import type { Logger } from "../log/logger.ts";
import { HostError } from "./host-error.ts";

import { VoteFile } from "./vote-file.ts";

export interface GroupRecovery {
  readonly state: RecoveredState;
  readonly voteFile: VoteFile;
}

export interface OpenedLog {
  readonly wal: Wal;
  readonly groups: Map<number, GroupRecovery>;
}

const DAMAGED_PREFIX = "damaged-";

/**
 * Opens the node's log and folds it into each group's state. Where it is damaged, nothing is cut off silently: the node
 * says what happened, sets the files aside, keeps what is sound and rejoins its groups without a vote until its peers
 * have given back what was lost (protocols/raft/rejoin.ts).
 *
 * @throws HostError `damaged` where no peer could give it back; WalError for another node's or cluster's log
 */
export async function openLog(
  disk: Disk,
  identity: WalIdentity,
  groupIds: readonly number[],
  logger: Logger,
  members: number,
): Promise<OpenedLog> {
  const groups = new Map<number, GroupRecovery>();
  for (const id of groupIds) groups.set(id, { state: emptyState(), voteFile: new VoteFile(disk, id) });
  const opened = Wal.open(disk, identity, (group, kind, _lastIndex, body) => {
    const recovery = groups.get(group);
    if (recovery !== undefined) foldRecord(recovery.state, decodeRecord(kind, body));
  });
  if (opened.type === "opened") {
    if (opened.recovered.tail === "torn") {
      logger.info("the log ended in a write cut short by a crash; nothing acknowledged was in it", {
        segment: opened.recovered.end?.segment,
        offset: opened.recovered.end?.offset,
      });
    }
    for (const [group, state] of compareVotes(groups, logger)) appendVote(opened.wal, group, state);
    // What was read may have been written and never synced: nothing may rest on it before it is durable.
    await completed((done) => opened.wal.flush(done));
    return { wal: opened.wal, groups };
  }
  return rebuild(disk, identity, groups, opened, logger, members);
}

/**
 * The vote's two copies may differ by the one change that a crash interrupted: the newer counts.
 * @returns the groups whose log has the older one, or the same
 */
function compareVotes(groups: Map<number, GroupRecovery>, logger: Logger): [group: number, state: RecoveredState][] {
  const behind: [number, RecoveredState][] = [];
  for (const [group, { state, voteFile }] of groups) {
    const { kept } = voteFile;
    if (kept === undefined) {
      if (state.currentTerm === 0) continue;
      logger.error("the second copy of the vote is lost; the node does not vote until its peers confirm its log", {
        group,
      });
      state.recovering = true;
      continue;
    }
    if (kept.term < state.currentTerm) continue;
    if (kept.term > state.currentTerm || state.votedFor === 0) state.votedFor = kept.votedFor;
    state.currentTerm = kept.term;
    state.recovering ||= kept.recovering;
    behind.push([group, state]);
  }
  return behind;
}

function appendVote(wal: Wal, group: number, { currentTerm: term, votedFor }: RecoveredState): void {
  const { head } = encodeRecord({ type: "vote", term, votedFor });
  wal.appendSticky(group, recordTag("vote"), 0, head);
}

async function rebuild(
  disk: Disk,
  identity: WalIdentity,
  groups: Map<number, GroupRecovery>,
  damage: WalCorruption,
  logger: Logger,
  members: number,
): Promise<OpenedLog> {
  logger.error(`${damage.message} What is lost is fetched from the peers, and until then this node does not vote.`, {
    reason: damage.reason,
    segment: damage.segment,
    offset: damage.offset,
  });
  compareVotes(groups, logger);
  for (const { state, voteFile } of groups.values()) {
    dropUnanchored(state);
    // Before anything is moved: after a crash in the middle of this, the node still knows that it must not vote.
    await keepRecovering(state, voteFile, members, damage.message);
  }
  setAside(disk, logger);
  const fresh = Wal.open(disk, identity, () => {});
  if (fresh.type === "corrupt") throw new HostError("damaged", fresh.message);
  for (const [group, { state }] of groups) rewrite(fresh.wal, group, state);
  await completed((done) => fresh.wal.flush(done));
  return { wal: fresh.wal, groups };
}

/** Writes down that the member has lost something. @throws HostError `damaged` when it has no peers to fetch it from */
export async function keepRecovering(
  state: Pick<RecoveredState, "currentTerm" | "votedFor" | "recovering">,
  voteFile: VoteFile,
  members: number,
  what: string,
): Promise<void> {
  if (members === 1) {
    throw new HostError("damaged", `${what} It has no peers to fetch them from: restore its folder from a copy.`);
  }
  state.recovering = true;
  const { currentTerm: term, votedFor } = state;
  await completed((done) => voteFile.write({ term, votedFor, recovering: true }, done));
}

/** Entries behind a gap that the lost records would have explained are no use: only the snapshot's successors are kept. */
function dropUnanchored(state: RecoveredState): void {
  const index = state.snapshot?.lastIncludedIndex ?? 0;
  if (state.log.baseIndex !== index) state.log.reset(index, state.snapshot?.lastIncludedTerm ?? 0);
}

/** Nothing is deleted: whoever wants to know what happened finds the files beside the new ones. */
export function setAside(disk: Disk, logger: Logger, prefixes: readonly string[] = ["wal-", "spare-"]): void {
  const files = disk.list();
  const attempt = 1 + files.filter((name) => name.startsWith(DAMAGED_PREFIX)).length;
  for (const name of files) {
    if (!prefixes.some((prefix) => name.startsWith(prefix))) continue;
    const aside = `${DAMAGED_PREFIX}${attempt}-${name}`;
    disk.rename(name, aside);
    logger.info(`set ${name} aside as ${aside}`);
  }
  disk.syncDirectory();
}

function rewrite(wal: Wal, group: number, state: RecoveredState): void {
  const append = (record: RaftRecord, lastIndex: number): void => {
    const { head, body } = encodeRecord(record);
    if (record.type === "entries") wal.append(group, recordTag(record.type), lastIndex, head, body);
    else wal.appendSticky(group, recordTag(record.type), lastIndex, head, body);
  };
  append({ type: "recovery", recovering: true }, 0);
  append({ type: "vote", term: state.currentTerm, votedFor: state.votedFor }, 0);
  if (state.snapshot !== undefined) append({ type: "snapshot", snapshot: state.snapshot }, 0);
  const { log } = state;
  for (let first = log.firstIndex; first <= log.lastIndex; ) {
    const entries = log.slice(first, 1 << 20);
    const next = first + entries.terms.length;
    append({ type: "entries", entries }, next - 1);
    first = next;
  }
}

function completed(step: (done: (error: DiskError | Error | undefined) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => step((error) => (error === undefined ? resolve() : reject(error))));
}
