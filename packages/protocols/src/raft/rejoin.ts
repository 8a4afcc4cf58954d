import type { Instant, LogIndex, NodeId, Term } from "../protocol.ts";
import { becomeProbe } from "./progress.ts";
import { replicateTo } from "./replication.ts";
import { type RaftState, resetElectionTimer } from "./state.ts";
import type { RaftOutput } from "./types.ts";

/**
 * Recovery of a member whose log was damaged (the idea is Protocol-Aware Recovery's): it may have acknowledged entries
 * that it no longer holds, so its vote would be a lie. It asks the leader to forget what it believes of it, and votes
 * again once it holds everything that the leader held when the request came: whatever it once helped to commit is in there.
 */

/** Recovering member: sent with the answer to each heartbeat, until the member is whole. */
export function askToRejoin(state: RaftState, leader: NodeId, out: RaftOutput): void {
  out.send(leader, { type: "Rejoin", term: state.currentTerm, lastIndex: state.log.lastIndex });
}

/** Leader: what it was told before the loss counts no longer. */
export function onRejoin(state: RaftState, now: Instant, from: NodeId, lastIndex: LogIndex, out: RaftOutput): void {
  const progress = state.progress[from];
  if (progress === undefined || state.role.type !== "leader") return;
  if (progress.matchIndex > lastIndex) {
    progress.matchIndex = 0;
    becomeProbe(progress);
    progress.nextIndex = lastIndex + 1;
  }
  const { matchIndex } = progress;
  out.send(from, { type: "RejoinReply", term: state.currentTerm, index: state.log.lastIndex, matchIndex });
  replicateTo(state, now, from, undefined, out);
}

export function onRejoinReply(
  state: RaftState,
  now: Instant,
  reply: { term: Term; index: LogIndex; matchIndex: LogIndex },
  out: RaftOutput,
): void {
  if (!state.recovering) return;
  // The first answer of a term sets the mark; later ones would only move it away.
  if (state.rejoin?.term !== state.currentTerm) state.rejoin = { term: state.currentTerm, index: reply.index };
  checkRejoined(state, Math.min(reply.matchIndex, state.log.lastIndex), out);
  if (!state.recovering) resetElectionTimer(state, now);
}

/** `matched`: this log is known to equal the current leader's up to here. */
export function checkRejoined(state: RaftState, matched: LogIndex, out: RaftOutput): void {
  if (!state.recovering || state.rejoin?.term !== state.currentTerm || matched < state.rejoin.index) return;
  state.recovering = false;
  state.rejoin = undefined;
  out.persist({ type: "recovery", recovering: false });
}
