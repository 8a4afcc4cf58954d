import { type Instant, type LogIndex, NEVER, type NodeId } from "../protocol.ts";
import { voteResult } from "../quorum.ts";
import { becomeFollower } from "./election.ts";
import { advanceFollowerCommit, hearLeader } from "./following.ts";
import { confirmRounds } from "./reads.ts";
import { askToRejoin } from "./rejoin.ts";
import { nudge, onCommitNoticeDue } from "./replication.ts";
import { nudgeSnapshot } from "./snapshot.ts";
import { configurationOf, peersOf, type RaftState, resetElectionTimer } from "./state.ts";
import { onTransferDeadline } from "./transfer.ts";
import type { RaftOutput } from "./types.ts";

/** Starts a round: every heartbeat asks "do I still lead?", and its number tells which answers belong to it. */
export function sendHeartbeats(state: RaftState, now: Instant, out: RaftOutput): void {
  const round = ++state.reads.round;
  if (state.options.leaseReads) state.reads.sentAt.push({ round, at: now });
  for (const peer of peersOf(state)) {
    const progress = state.progress[peer];
    if (progress === undefined) continue;
    // Beyond what it is known to hold, the follower's log may be another leader's.
    const leaderCommit = Math.min(state.commitIndex, progress.matchIndex);
    progress.toldCommit = Math.max(progress.toldCommit, leaderCommit);
    out.send(peer, { type: "Heartbeat", term: state.currentTerm, leaderCommit, round });
  }
}

export function onHeartbeat(
  state: RaftState,
  now: Instant,
  leader: NodeId,
  leaderCommit: LogIndex,
  round: number,
  out: RaftOutput,
): void {
  hearLeader(state, now, leader, out);
  // What the leader believes of a damaged log's contents is from before the damage: only the consistency check counts there.
  if (!state.recovering) advanceFollowerCommit(state, Math.min(leaderCommit, state.log.lastIndex), out);
  else if (round > 0) askToRejoin(state, leader, out);
  if (round > 0) out.send(leader, { type: "HeartbeatReply", term: state.currentTerm, round });
}

export function onHeartbeatReply(state: RaftState, now: Instant, from: NodeId, round: number, out: RaftOutput): void {
  const progress = state.progress[from];
  if (progress === undefined) return;
  progress.ackedRound = Math.max(progress.ackedRound, round);
  confirmRounds(state, out);
  if (progress.state === "snapshot") nudgeSnapshot(state, now, from, out);
  else nudge(state, now, from, out);
}

/** Everything a leader does because time has passed. */
export function onLeaderWake(state: RaftState, now: Instant, out: RaftOutput): void {
  if (now >= state.quorumCheckDue) {
    checkQuorum(state, now, out);
    if (state.role.type !== "leader") return;
  }
  if (state.transfer !== undefined && now >= state.transfer.deadline) onTransferDeadline(state);
  if (now >= state.commitNoticeDue) onCommitNoticeDue(state, out);
  if (now >= state.heartbeatDue) {
    state.heartbeatDue = now + state.options.heartbeatInterval;
    sendHeartbeats(state, now, out);
    confirmRounds(state, out);
  }
}

/** CheckQuorum (dissertation §6.2): a leader that hears no quorum for an election time-out makes way. */
function checkQuorum(state: RaftState, now: Instant, out: RaftOutput): void {
  const { options } = state;
  if (!options.checkQuorum) {
    state.quorumCheckDue = NEVER;
    return;
  }
  const heard = new Map<NodeId, boolean>([[options.id, true]]);
  for (const peer of peersOf(state)) {
    const progress = state.progress[peer];
    if (progress !== undefined) heard.set(peer, now - progress.lastHeard <= options.electionTimeout);
  }
  if (voteResult(configurationOf(state), heard) !== "won") {
    resetElectionTimer(state, now);
    becomeFollower(state, undefined, out);
    return;
  }
  state.quorumCheckDue = now + options.electionTimeout;
}
