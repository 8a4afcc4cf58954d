import { assert, unreachable } from "../assert.ts";
import type { Instant, LogIndex, NodeId, Proposal, Protocol } from "../protocol.ts";
import type { Random } from "../random.ts";
import {
  becomeFollower,
  hearsLeader,
  onElectionTimeout,
  onPreVote,
  onPreVoteReply,
  onRequestVote,
  onRequestVoteReply,
} from "./election.ts";
import { onAppendEntries } from "./following.ts";
import { onHeartbeat, onHeartbeatReply, onLeaderWake } from "./heartbeat.ts";
import { type ConfigurationRefusal, configurationAt, proposeConfiguration } from "./membership.ts";
import { becomeProbe } from "./progress.ts";
import { propose } from "./proposing.ts";
import { readIndex } from "./reads.ts";
import { freshState, type RecoveredState } from "./recovery.ts";
import { onRejoin, onRejoinReply } from "./rejoin.ts";
import { onAppendEntriesReply } from "./replication.ts";
import { compact, onInstallSnapshot, onInstallSnapshotReply, snapshotInstalled } from "./snapshot.ts";
import { type RaftState, resetElectionTimer, setTerm, wakeAt } from "./state.ts";
import { onTimeoutNow, type TransferResult, transferLeadership } from "./transfer.ts";
import type {
  Configuration,
  RaftMessage,
  RaftOptions,
  RaftOutcome,
  RaftOutput,
  RaftRecord,
  SnapshotMeta,
  SnapshotSource,
} from "./types.ts";

/**
 * Raft, after Ongaro & Ousterhout, "In Search of an Understandable Consensus Algorithm" (2014; its sections are cited
 * as §n) and Ongaro's dissertation, "Consensus: Bridging Theory and Practice" (2014).
 */
export class Raft implements Protocol<RaftMessage, RaftRecord, RaftOutcome, Uint8Array> {
  /** For drivers, invariants and viewers to read; only the rules in this folder write. */
  readonly state: RaftState;

  constructor(
    options: RaftOptions,
    recovered: RecoveredState,
    random: Random,
    now: Instant,
    snapshots: SnapshotSource,
  ) {
    this.state = freshState(options, recovered, random, now, snapshots);
  }

  get wakeAt(): Instant {
    return wakeAt(this.state);
  }

  wake(now: Instant, out: RaftOutput): void {
    const { state } = this;
    if (state.role.type === "leader") onLeaderWake(state, now, out);
    else if (now >= state.electionDeadline) onElectionTimeout(state, now, out);
  }

  propose(now: Instant, commands: readonly Uint8Array[], out: RaftOutput): Proposal {
    return propose(this.state, now, commands, out);
  }

  receive(now: Instant, from: NodeId, message: RaftMessage, out: RaftOutput): void {
    const { state } = this;
    if (!settleTerms(state, now, from, message, out)) return;
    if (state.role.type === "leader") {
      const progress = state.progress[from];
      if (progress !== undefined && message.term === state.currentTerm) progress.lastHeard = now;
    }
    dispatch(state, now, from, message, out);
  }

  /** A linearizable read: `readable` or `readRefused` is announced under `context`, unless its messages are lost. */
  readIndex(now: Instant, context: number, out: RaftOutput): void {
    readIndex(this.state, now, this.state.options.id, context, out);
  }

  /** Joint consensus (§6). The change is complete when a configuration without `outgoing` is announced and committed. */
  proposeConfiguration(
    now: Instant,
    next: { readonly voters: readonly NodeId[]; readonly learners: readonly NodeId[] },
    out: RaftOutput,
  ): Proposal | { type: "rejected"; reason: ConfigurationRefusal; leader: NodeId | undefined } {
    return proposeConfiguration(this.state, now, next, out);
  }

  transferLeadership(now: Instant, target: NodeId, out: RaftOutput): TransferResult {
    return transferLeadership(this.state, now, target, out);
  }

  /** A snapshot of the own state machine is durable; entries before `keepFrom` are no longer wanted in memory. */
  compact(snapshot: SnapshotMeta, keepFrom: LogIndex, out: RaftOutput): void {
    compact(this.state, snapshot, keepFrom, out);
  }

  /** The answer to `installSnapshot`. */
  snapshotInstalled(snapshot: SnapshotMeta, ok: boolean, out: RaftOutput): void {
    snapshotInstalled(this.state, snapshot, ok, out);
  }

  configurationAt(index: LogIndex): Configuration {
    return configurationAt(this.state, index);
  }

  /**
   * The link to a peer is gone: whatever was under way to it may be lost. If that was the leader, its process has most
   * likely ended, so ask for votes soon; the others still decide by what they hear (PreVote).
   */
  disconnected(now: Instant, peer: NodeId): void {
    const { state } = this;
    const progress = state.progress[peer];
    if (state.role.type === "leader") {
      if (progress !== undefined) becomeProbe(progress);
    } else if (state.leader === peer && !state.options.leaseReads) {
      state.lastLeaderContact = now - state.options.electionTimeout;
      const soon = now + state.random.below(state.options.electionTimeout >> 2);
      state.electionDeadline = Math.min(state.electionDeadline, soon);
    }
  }

  /**
   * There is a link to a peer. A leader would be heard within a heartbeat or two; where none is, most likely all have been
   * started anew, and nobody need wait for a time-out (PreVote, as above).
   */
  connected(now: Instant): void {
    const { state } = this;
    const { preVote, leaseReads, heartbeatInterval, electionTimeout } = state.options;
    if (state.role.type === "leader" || state.leader !== undefined || !preVote || leaseReads) return;
    const soon = now + 2 * heartbeatInterval + state.random.below(electionTimeout >> 2);
    state.electionDeadline = Math.min(state.electionDeadline, soon);
  }
}

/**
 * §5.1, before any rule: a newer term makes a follower of everyone, an older one is stale.
 * @returns whether the message is to be handled.
 */
function settleTerms(state: RaftState, now: Instant, from: NodeId, message: RaftMessage, out: RaftOutput): boolean {
  if (message.term === state.currentTerm) return true;
  if (message.type === "PreVote") return true; // speaks of a term that nobody is in yet
  if (message.type === "PreVoteReply" && message.voteGranted) return true; // so does its answer
  if (message.term < state.currentTerm) return onStaleTerm(state, from, message, out);
  if (message.type === "RequestVote" && !message.transfer && hearsLeader(state, now)) return false;
  const leader = isFromLeader(message) ? from : undefined;
  const wasQuiet = state.role.type === "leader" || state.electionDeadline <= now;
  setTerm(state, message.term, 0, out);
  if (wasQuiet) resetElectionTimer(state, now);
  becomeFollower(state, leader, out);
  return true;
}

function isFromLeader(message: RaftMessage): boolean {
  return message.type === "AppendEntries" || message.type === "Heartbeat" || message.type === "InstallSnapshot";
}

/** A leader of an older term, or one stuck behind its voters' terms, learns of the newer one; the rest is ignored. */
function onStaleTerm(state: RaftState, from: NodeId, message: RaftMessage, out: RaftOutput): boolean {
  if (message.type === "ReadIndex" || message.type === "Propose") return true; // a client's wish has no term
  if (isFromLeader(message)) {
    out.send(from, {
      type: "AppendEntriesReply",
      term: state.currentTerm,
      success: false,
      index: 0,
      hintIndex: 0,
      hintTerm: 0,
    });
  } else if (message.type === "RequestVote") {
    out.send(from, { type: "RequestVoteReply", term: state.currentTerm, voteGranted: false });
  }
  return false;
}

function dispatch(state: RaftState, now: Instant, from: NodeId, message: RaftMessage, out: RaftOutput): void {
  const leading = state.role.type === "leader";
  switch (message.type) {
    case "AppendEntries":
      return onAppendEntries(state, now, from, message, out);
    case "AppendEntriesReply":
      if (leading) onAppendEntriesReply(state, now, from, message, out);
      return;
    case "Heartbeat":
      return onHeartbeat(state, now, from, message.leaderCommit, message.round, out);
    case "HeartbeatReply":
      if (leading) onHeartbeatReply(state, now, from, message.round, out);
      return;
    case "PreVote":
      return onPreVote(state, now, from, message, out);
    case "PreVoteReply":
      return onPreVoteReply(state, now, from, message, out);
    case "RequestVote":
      return onRequestVote(state, now, from, message, out);
    case "RequestVoteReply":
      return onRequestVoteReply(state, now, from, message.voteGranted, out);
    case "InstallSnapshot":
      return onInstallSnapshot(state, now, from, message, out);
    case "InstallSnapshotReply":
      if (leading) onInstallSnapshotReply(state, now, from, message, out);
      return;
    case "TimeoutNow":
      return onTimeoutNow(state, now, out);
    case "ReadIndex":
      assert(from !== state.options.id, "a member asks itself by readIndex()");
      return readIndex(state, now, from, message.context, out);
    case "ReadIndexReply":
      return onReadIndexReply(message.context, message.index, out);
    case "Propose":
      return onForwardedProposal(state, now, from, message.commands, out);
    case "Rejoin":
      return onRejoin(state, now, from, message.lastIndex, out);
    case "RejoinReply":
      return onRejoinReply(state, now, message, out);
    default:
      unreachable(message);
  }
}

function onReadIndexReply(context: number, index: LogIndex | undefined, out: RaftOutput): void {
  if (index === undefined) out.announce({ type: "readRefused", context });
  else out.announce({ type: "readable", context, index });
}

/** The driver stamps and batches them with its own clients' commands; whoever forwarded waits for the commit. */
function onForwardedProposal(
  state: RaftState,
  now: Instant,
  from: NodeId,
  commands: readonly Uint8Array[],
  out: RaftOutput,
): void {
  const progress = state.progress[from];
  if (state.role.type !== "leader" || progress === undefined) return;
  progress.eagerUntil = now + state.options.electionTimeout;
  out.announce({ type: "proposalForwarded", from, commands });
}
