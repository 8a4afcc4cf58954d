import { type Instant, type LogIndex, NEVER, type NodeId, type Term } from "../protocol.ts";
import { isVoter, members } from "../quorum.ts";
import type { Random } from "../random.ts";
import type { RaftLog } from "./log.ts";
import type { Progress } from "./progress.ts";
import type { Configuration, RaftOptions, RaftOutput, Role, SnapshotMeta, SnapshotSource } from "./types.ts";

/** Everything one member knows. State is a record, rules are functions on it, the class `Raft` is only the door. */
export interface RaftState {
  readonly options: RaftOptions;
  readonly random: Random;
  readonly snapshots: SnapshotSource;

  // Persistent (Figure 2): changed only together with a record.
  currentTerm: Term;
  /** 0: nobody yet in this term. */
  votedFor: NodeId;
  readonly log: RaftLog;
  /** The latest durable snapshot. */
  snapshot: SnapshotMeta | undefined;
  /**
   * This member has lost part of what it once acknowledged (a damaged log). Until it has fetched everything back it
   * neither votes nor campaigns: its word would count for entries that it no longer holds.
   */
  recovering: boolean;

  // Volatile.
  role: Role;
  leader: NodeId | undefined;
  commitIndex: LogIndex;
  /** Configurations in force from an index on, oldest first; the last one counts (§6: as soon as it is in the log). */
  configurations: { index: LogIndex; configuration: Configuration }[];
  electionDeadline: Instant;
  /** When a leader of this term was last heard; votes are refused for one election time-out from then (§4.2.3 of the dissertation). */
  lastLeaderContact: Instant;
  incoming: IncomingSnapshot | undefined;
  /** While recovering: the leader's last index when it took note of the loss, and its term. */
  rejoin: { term: Term; index: LogIndex } | undefined;

  // Leaders only.
  /** By node id; the leader's own entry tells what is on its own disk. */
  progress: (Progress | undefined)[];
  heartbeatDue: Instant;
  quorumCheckDue: Instant;
  commitNoticeDue: Instant;
  uncommittedBytes: number;
  transfer: { target: NodeId; deadline: Instant; sent: boolean } | undefined;
  readonly reads: ReadState;
}

export interface IncomingSnapshot {
  readonly meta: SnapshotMeta;
  from: NodeId;
  nextOffset: number;
  /** All bytes are there; the driver is verifying and restoring. */
  installing: boolean;
}

export interface ReadState {
  /** Number of the latest heartbeat round; unique in the life of this member (a reply can belong to one round only). */
  round: number;
  /** Reads that wait for a round to be confirmed, in round order. */
  pending: { round: number; index: LogIndex; from: NodeId; context: number }[];
  /** Reads that wait for this term's first commit (§6.4 of the dissertation). */
  early: { from: NodeId; context: number }[];
  /** When recent rounds were sent, for the lease. */
  sentAt: { round: number; at: Instant }[];
  leaseUntil: Instant;
  /** After a TimeoutNow has left, no lease is sound for the rest of the term. */
  leaseForbidden: boolean;
}

export function configurationOf(state: RaftState): Configuration {
  return state.configurations[state.configurations.length - 1]!.configuration;
}

export function configurationIndex(state: RaftState): LogIndex {
  return state.configurations[state.configurations.length - 1]!.index;
}

/**
 * A member that may campaign: its word is whole, and it is a voter of some configuration that is not yet superseded by a
 * committed one. One that is leaving may be the only one whose log can win, so it is needed until then (dissertation §4.2.2).
 */
export function mayCampaign(state: RaftState): boolean {
  if (state.recovering) return false;
  for (let i = state.configurations.length - 1; i >= 0; i--) {
    const { index, configuration } = state.configurations[i]!;
    if (isVoter(configuration, state.options.id)) return true;
    if (index <= state.commitIndex) return false;
  }
  return false;
}

export function peersOf(state: RaftState): NodeId[] {
  return members(configurationOf(state)).filter((node) => node !== state.options.id);
}

export function setTerm(state: RaftState, term: Term, votedFor: NodeId, out: RaftOutput): void {
  state.currentTerm = term;
  state.votedFor = votedFor;
  out.persist({ type: "vote", term, votedFor });
}

/** Randomized, from one to two election time-outs ahead (§5.2). */
export function resetElectionTimer(state: RaftState, now: Instant): void {
  const base = state.options.electionTimeout;
  state.electionDeadline = now + base + state.random.below(base);
}

export function announceRole(state: RaftState, out: RaftOutput): void {
  out.announce({ type: "role", role: state.role.type, term: state.currentTerm, leader: state.leader });
}

export function wakeAt(state: RaftState): Instant {
  if (state.role.type !== "leader") return mayCampaign(state) ? state.electionDeadline : NEVER;
  const due = Math.min(state.heartbeatDue, state.quorumCheckDue, state.commitNoticeDue);
  return state.transfer === undefined ? due : Math.min(due, state.transfer.deadline);
}
