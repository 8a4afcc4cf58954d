import type { Instant, NodeId } from "../protocol.ts";
import { isMember, quorumValue } from "../quorum.ts";
import { sendHeartbeats } from "./heartbeat.ts";
import { configurationOf, type RaftState } from "./state.ts";
import type { RaftOutput } from "./types.ts";

/** Reads that wait at once; a driver asks once a turn for all its clients, so this is far beyond any sound load. */
const MAX_WAITING_READS = 4096;

/**
 * ReadIndex (dissertation §6.4): a read may be served at the commit index of now once a quorum has confirmed, in a round
 * started after the read arrived, that this leader still leads.
 *
 * @param from the member whose client asks; @param context its name for the read, unique there.
 */
export function readIndex(state: RaftState, now: Instant, from: NodeId, context: number, out: RaftOutput): void {
  const { reads } = state;
  if (state.role.type !== "leader") return forwardRead(state, from, context, out);
  if (reads.pending.length + reads.early.length >= MAX_WAITING_READS)
    return answer(state, from, context, undefined, out);
  const progress = state.progress[from];
  if (progress !== undefined) progress.eagerUntil = now + state.options.electionTimeout;
  // Without a commit of its own term a leader may not know what its predecessors committed.
  if (state.log.termAt(state.commitIndex) !== state.currentTerm) {
    reads.early.push({ from, context });
    return;
  }
  if (holdsLease(state, now)) return answer(state, from, context, state.commitIndex, out);
  reads.pending.push({ round: reads.round + 1, index: state.commitIndex, from, context });
  sendHeartbeats(state, now, out);
  confirmRounds(state, out); // a leader alone is its own quorum
}

function forwardRead(state: RaftState, from: NodeId, context: number, out: RaftOutput): void {
  if (from !== state.options.id || state.leader === undefined) return answer(state, from, context, undefined, out);
  out.send(state.leader, { type: "ReadIndex", term: state.currentTerm, context });
}

function answer(state: RaftState, from: NodeId, context: number, index: number | undefined, out: RaftOutput): void {
  if (from !== state.options.id) {
    out.send(from, { type: "ReadIndexReply", term: state.currentTerm, context, index });
  } else if (index === undefined) {
    out.announce({ type: "readRefused", context });
  } else {
    out.announce({ type: "readable", context, index });
  }
}

/** A lease is a promise about clocks: off unless asked for, see RaftOptions.leaseReads. */
function holdsLease(state: RaftState, now: Instant): boolean {
  return state.options.leaseReads && !state.reads.leaseForbidden && now < state.reads.leaseUntil;
}

/** Rounds that a quorum has answered confirm every read that began before them. */
export function confirmRounds(state: RaftState, out: RaftOutput): void {
  const { reads, options } = state;
  if (reads.pending.length === 0 && !options.leaseReads) return;
  const confirmed = quorumValue(configurationOf(state), (node) =>
    node === options.id ? reads.round : (state.progress[node]?.ackedRound ?? 0),
  );
  extendLease(state, confirmed);
  let served = 0;
  while (served < reads.pending.length && reads.pending[served]!.round <= confirmed) {
    const read = reads.pending[served++]!;
    answer(state, read.from, read.context, read.index, out);
  }
  if (served > 0) reads.pending.splice(0, served);
}

/** Voters refuse other candidates for one election time-out of their clocks after a heartbeat; ours may run differently. */
function extendLease(state: RaftState, confirmed: number): void {
  const { reads, options } = state;
  let done = 0;
  while (done < reads.sentAt.length && reads.sentAt[done]!.round <= confirmed) {
    const tolerated = Math.floor((options.electionTimeout * (1_000_000 - options.clockDriftBound)) / 1_000_000);
    reads.leaseUntil = Math.max(reads.leaseUntil, reads.sentAt[done++]!.at + tolerated);
  }
  if (done > 0) reads.sentAt.splice(0, done);
}

/** The first commit of the term is there: reads that came too early start now. */
export function serveEarlyReads(state: RaftState, now: Instant, out: RaftOutput): void {
  const early = state.reads.early.splice(0);
  for (const { from, context } of early) readIndex(state, now, from, context, out);
}

/** Out of office: nobody here can confirm those reads any more. */
export function refuseReads(state: RaftState, out: RaftOutput): void {
  const { reads } = state;
  const waiting = [...reads.pending.splice(0), ...reads.early.splice(0)];
  reads.sentAt.length = 0;
  reads.leaseUntil = 0;
  for (const { from, context } of waiting) {
    if (from === state.options.id || isMember(configurationOf(state), from)) {
      answer(state, from, context, undefined, out);
    }
  }
}
