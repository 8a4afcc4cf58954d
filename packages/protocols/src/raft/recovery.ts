import { assert, unreachable } from "../assert.ts";
import type { Instant, NodeId, Term } from "../protocol.ts";
import type { Random } from "../random.ts";
import { decodeConfiguration } from "./configuration-codec.ts";
import { RaftLog } from "./log.ts";
import { type RaftState, resetElectionTimer } from "./state.ts";
import {
  type Configuration,
  EntryKind,
  type RaftOptions,
  type RaftRecord,
  type SnapshotMeta,
  type SnapshotSource,
} from "./types.ts";

/** What the write-ahead log told: recovery is a fold of its records. */
export interface RecoveredState {
  currentTerm: Term;
  votedFor: NodeId;
  log: RaftLog;
  snapshot: SnapshotMeta | undefined;
  recovering: boolean;
}

/** A member that has never run. */
export function emptyState(): RecoveredState {
  return { currentTerm: 0, votedFor: 0, log: new RaftLog(), snapshot: undefined, recovering: false };
}

export function recover(records: Iterable<RaftRecord>): RecoveredState {
  const recovered = emptyState();
  for (const record of records) foldRecord(recovered, record);
  return recovered;
}

/** One step of the fold. The record's bytes are kept, not copied. */
export function foldRecord(recovered: RecoveredState, record: RaftRecord): void {
  switch (record.type) {
    case "vote":
      // Records of a term are copied forward when segments are freed: an older copy must not undo a newer vote.
      if (record.term < recovered.currentTerm) return;
      recovered.currentTerm = record.term;
      recovered.votedFor = record.votedFor;
      return;
    case "entries":
      return foldEntries(recovered, record);
    case "snapshot":
      return foldSnapshot(recovered, record.snapshot);
    case "recovery":
      recovered.recovering = record.recovering;
      return;
    default:
      unreachable(record);
  }
}

/** No entry has it. */
const UNKNOWN_TERM: Term = 0;

function foldEntries(recovered: RecoveredState, { entries }: Extract<RaftRecord, { type: "entries" }>): void {
  const { log } = recovered;
  const last = entries.first + entries.terms.length - 1;
  if (last <= log.baseIndex) return; // written before the snapshot that now covers it
  if (entries.first > log.lastIndex + 1) {
    // Earlier segments are gone because a snapshot covers them; the snapshot's record says where the log begins.
    assert(log.lastIndex === log.baseIndex, "a gap in the recovered log");
    log.reset(entries.first - 1, UNKNOWN_TERM);
  }
  const skip = Math.max(0, log.baseIndex + 1 - entries.first);
  const first = entries.first + skip;
  if (first <= log.lastIndex) log.truncate(first);
  log.append(
    skip === 0
      ? entries
      : {
          first,
          terms: entries.terms.slice(skip),
          kinds: entries.kinds.slice(skip),
          payloads: entries.payloads.slice(skip),
          encoded: undefined,
        },
  );
}

function foldSnapshot(recovered: RecoveredState, snapshot: SnapshotMeta): void {
  const { log } = recovered;
  if (recovered.snapshot !== undefined && snapshot.lastIncludedIndex <= recovered.snapshot.lastIncludedIndex) return;
  recovered.snapshot = snapshot;
  const { lastIncludedIndex, lastIncludedTerm } = snapshot;
  if (lastIncludedIndex < log.baseIndex) return;
  // The entries before a freed segment are gone, and with them this term: the snapshot is what allowed it, and knows it.
  if (log.baseIndex === lastIncludedIndex && log.baseTerm === UNKNOWN_TERM) log.baseTerm = lastIncludedTerm;
  else if (log.termAt(lastIncludedIndex) === lastIncludedTerm) log.compact(lastIncludedIndex);
  else log.reset(lastIncludedIndex, lastIncludedTerm);
}

export function freshState(
  options: RaftOptions,
  recovered: RecoveredState,
  random: Random,
  now: Instant,
  snapshots: SnapshotSource,
): RaftState {
  const { log, snapshot } = recovered;
  assert(log.baseIndex === (snapshot?.lastIncludedIndex ?? 0), "the log must begin where the snapshot ends");
  const state: RaftState = {
    options,
    random,
    snapshots,
    currentTerm: recovered.currentTerm,
    votedFor: recovered.votedFor,
    log,
    snapshot,
    recovering: recovered.recovering,
    role: { type: "follower" },
    leader: undefined,
    commitIndex: log.baseIndex,
    configurations: configurationsOf(log, snapshot?.configuration ?? options.bootstrap),
    electionDeadline: 0,
    // A vote refused for a leader's lease is forgotten in a crash; with leases in use, a restarted voter waits one out.
    lastLeaderContact: options.leaseReads && recovered.currentTerm > 0 ? now : now - options.electionTimeout,
    incoming: undefined,
    rejoin: undefined,
    progress: [],
    heartbeatDue: 0,
    quorumCheckDue: 0,
    commitNoticeDue: 0,
    uncommittedBytes: 0,
    transfer: undefined,
    reads: { round: 0, pending: [], early: [], sentAt: [], leaseUntil: 0, leaseForbidden: false },
  };
  resetElectionTimer(state, now);
  // Where no term has begun there is no leader to wait for: a new cluster elects its first at once.
  if (state.currentTerm === 0) state.electionDeadline = now + random.below(options.electionTimeout >> 2);
  return state;
}

function configurationsOf(log: RaftLog, base: Configuration): { index: number; configuration: Configuration }[] {
  const configurations = [{ index: log.baseIndex, configuration: base }];
  for (let index = log.firstIndex; index <= log.lastIndex; index++) {
    if (log.kindAt(index) !== EntryKind.configuration) continue;
    configurations.push({ index, configuration: decodeConfiguration(log.payloadAt(index)) });
  }
  return configurations;
}
