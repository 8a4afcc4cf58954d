import { assert } from "../assert.ts";
import { type Instant, NEVER, type NodeId, type Term } from "../protocol.ts";
import { members, voteResult } from "../quorum.ts";
import { newProgress } from "./progress.ts";
import { appendNoop } from "./proposing.ts";
import { refuseReads } from "./reads.ts";
import {
  announceRole,
  configurationOf,
  mayCampaign,
  peersOf,
  type RaftState,
  resetElectionTimer,
  setTerm,
} from "./state.ts";
import type { RaftMessage, RaftOutput } from "./types.ts";

type RequestVote = Extract<RaftMessage, { type: "RequestVote" }>;
type PreVote = Extract<RaftMessage, { type: "PreVote" }>;

/** The election timer ran out (§5.2): ask first whether an election could be won (dissertation §9.6), or campaign at once. */
export function onElectionTimeout(state: RaftState, now: Instant, out: RaftOutput): void {
  if (!mayCampaign(state)) return;
  if (state.options.preVote) startPreVote(state, now, out);
  else campaign(state, now, false, out);
}

function startPreVote(state: RaftState, now: Instant, out: RaftOutput): void {
  resetElectionTimer(state, now);
  state.leader = undefined;
  state.role = { type: "preCandidate", votes: new Map([[state.options.id, true]]) };
  announceRole(state, out);
  if (voteResult(configurationOf(state), state.role.votes) === "won") return campaign(state, now, false, out);
  for (const peer of peersOf(state)) {
    const term = state.currentTerm + 1;
    out.send(peer, { type: "PreVote", term, lastLogIndex: state.log.lastIndex, lastLogTerm: state.log.lastTerm });
  }
}

/** §5.2. `transfer`: the old leader asked for it, so voters need not wait for it to fall silent. */
export function campaign(state: RaftState, now: Instant, transfer: boolean, out: RaftOutput): void {
  assert(mayCampaign(state), "only a voter campaigns");
  const self = state.options.id;
  resetElectionTimer(state, now);
  state.leader = undefined;
  state.role = { type: "candidate", votes: new Map() };
  setTerm(state, state.currentTerm + 1, self, out);
  announceRole(state, out);
  // The own vote counts like any other: once it is on disk.
  out.sendOnceDurable(self, { type: "RequestVoteReply", term: state.currentTerm, voteGranted: true });
  const { lastIndex: lastLogIndex, lastTerm: lastLogTerm } = state.log;
  // A request is a promise too: not to campaign in this term again, and to hold the log it advertises. A candidate that
  // forgot both in a crash would count votes for its earlier, longer log.
  for (const peer of peersOf(state)) {
    out.sendOnceDurable(peer, { type: "RequestVote", term: state.currentTerm, lastLogIndex, lastLogTerm, transfer });
  }
}

/** PreVote, receiver side: would this member vote for it? Promises nothing, changes nothing. */
export function onPreVote(state: RaftState, now: Instant, candidate: NodeId, request: PreVote, out: RaftOutput): void {
  const voteGranted =
    !state.recovering &&
    request.term > state.currentTerm &&
    !hearsLeader(state, now) &&
    isUpToDate(state, request.lastLogTerm, request.lastLogIndex);
  const term = voteGranted ? request.term : state.currentTerm;
  out.send(candidate, { type: "PreVoteReply", term, voteGranted });
}

export function onPreVoteReply(
  state: RaftState,
  now: Instant,
  from: NodeId,
  reply: { term: Term; voteGranted: boolean },
  out: RaftOutput,
): void {
  if (state.role.type !== "preCandidate") return;
  if (reply.voteGranted && reply.term !== state.currentTerm + 1) return; // an answer to an earlier attempt
  state.role.votes.set(from, reply.voteGranted);
  const result = voteResult(configurationOf(state), state.role.votes);
  if (result === "won") campaign(state, now, false, out);
  else if (result === "lost") becomeFollower(state, undefined, out);
}

/** RequestVote, receiver side (§5.2, §5.4.1). `receive` has already settled the terms. */
export function onRequestVote(
  state: RaftState,
  now: Instant,
  candidate: NodeId,
  request: RequestVote,
  out: RaftOutput,
): void {
  assert(request.term === state.currentTerm, "terms are settled before a vote");
  const free = state.votedFor === candidate || (state.votedFor === 0 && state.leader === undefined);
  const voteGranted = free && !state.recovering && isUpToDate(state, request.lastLogTerm, request.lastLogIndex);
  if (voteGranted) {
    resetElectionTimer(state, now);
    if (state.votedFor === 0) setTerm(state, state.currentTerm, candidate, out);
  }
  // A vote is a promise: it must survive a crash before anyone counts it.
  out.sendOnceDurable(candidate, { type: "RequestVoteReply", term: state.currentTerm, voteGranted });
}

export function onRequestVoteReply(
  state: RaftState,
  now: Instant,
  from: NodeId,
  voteGranted: boolean,
  out: RaftOutput,
): void {
  if (state.role.type !== "candidate") return;
  state.role.votes.set(from, voteGranted);
  const result = voteResult(configurationOf(state), state.role.votes);
  if (result === "won") becomeLeader(state, now, out);
  else if (result === "lost") becomeFollower(state, undefined, out);
}

/** §5.4.1: the later last term wins; equal terms, the longer log. */
function isUpToDate(state: RaftState, lastLogTerm: Term, lastLogIndex: number): boolean {
  if (lastLogTerm !== state.log.lastTerm) return lastLogTerm > state.log.lastTerm;
  return lastLogIndex >= state.log.lastIndex;
}

/** A leader was heard within the election time-out: whoever asks for votes now would only disrupt it (dissertation §4.2.3). */
export function hearsLeader(state: RaftState, now: Instant): boolean {
  if (!state.options.checkQuorum) return false;
  if (state.role.type === "leader") return true;
  return now - state.lastLeaderContact < state.options.electionTimeout;
}

/** Steps down within the current term, or stays a follower; a new term is set before this is called. */
export function becomeFollower(state: RaftState, leader: NodeId | undefined, out: RaftOutput): void {
  const changed = state.role.type !== "follower" || state.leader !== leader;
  const wasLeader = state.role.type === "leader";
  state.role = { type: "follower" };
  state.leader = leader;
  if (wasLeader) leaveOffice(state, out);
  if (changed) announceRole(state, out);
}

function leaveOffice(state: RaftState, out: RaftOutput): void {
  state.progress = [];
  state.uncommittedBytes = 0;
  state.transfer = undefined;
  refuseReads(state, out);
}

function becomeLeader(state: RaftState, now: Instant, out: RaftOutput): void {
  assert(state.role.type === "candidate", "only a candidate is elected");
  const { options } = state;
  state.role = { type: "leader" };
  state.leader = options.id;
  state.progress = [];
  for (const node of members(configurationOf(state))) {
    state.progress[node] = newProgress(state.log.lastIndex + 1, now);
  }
  state.uncommittedBytes = 0;
  state.transfer = undefined;
  state.reads.leaseUntil = 0;
  state.reads.leaseForbidden = false;
  state.reads.sentAt.length = 0;
  state.heartbeatDue = now + options.heartbeatInterval;
  state.quorumCheckDue = options.checkQuorum ? now + options.electionTimeout : NEVER;
  state.commitNoticeDue = NEVER;
  announceRole(state, out);
  // §8: only an entry of its own term tells a new leader how far the log is committed.
  appendNoop(state, now, out);
}
