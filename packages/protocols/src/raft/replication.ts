import { type Instant, type LogIndex, NEVER, type NodeId } from "../protocol.ts";
import { quorumValue } from "../quorum.ts";
import { onConfigurationCommitted } from "./membership.ts";
import { becomeProbe, becomeReplicate, freeInflight, type Progress } from "./progress.ts";
import { serveEarlyReads } from "./reads.ts";
import { beginSnapshot } from "./snapshot.ts";
import { configurationOf, peersOf, type RaftState } from "./state.ts";
import { onCaughtUp } from "./transfer.ts";
import type { AppendEntriesReply, Entries, RaftOutput } from "./types.ts";

/** How long a commit may wait for the next AppendEntries to carry it before it gets a message of its own. */
const COMMIT_NOTICE_DELAY: Instant = 5_000;

/** Sends `follower` what it lacks, as far as its window allows. `fresh`: the run just appended, to be shared as it is. */
export function replicateTo(
  state: RaftState,
  now: Instant,
  follower: NodeId,
  fresh: Entries | undefined,
  out: RaftOutput,
): void {
  const progress = state.progress[follower];
  if (progress === undefined) return;
  while (canSend(state, progress) && progress.nextIndex <= state.log.lastIndex) {
    if (state.log.termAt(progress.nextIndex - 1) === undefined) return beginSnapshot(state, now, follower, out);
    const share = fresh !== undefined && fresh.first === progress.nextIndex;
    const entries = share ? fresh : state.log.slice(progress.nextIndex, state.options.maxAppendBytes);
    sendAppend(state, now, follower, progress, entries, out);
    if (progress.state === "probe") {
      progress.probing = true;
      return;
    }
    progress.nextIndex += entries.terms.length;
    progress.inflight.push(progress.nextIndex - 1);
  }
}

function canSend(state: RaftState, progress: Progress): boolean {
  if (progress.state === "probe") return !progress.probing;
  return progress.state === "replicate" && progress.inflight.length < state.options.maxInflight;
}

function sendAppend(
  state: RaftState,
  now: Instant,
  follower: NodeId,
  progress: Progress,
  entries: Entries,
  out: RaftOutput,
): void {
  const prevLogIndex = entries.first - 1;
  out.send(follower, {
    type: "AppendEntries",
    term: state.currentTerm,
    prevLogIndex,
    prevLogTerm: state.log.termAt(prevLogIndex)!,
    entries,
    leaderCommit: state.commitIndex,
  });
  progress.lastSent = now;
  progress.toldCommit = Math.min(state.commitIndex, prevLogIndex + entries.terms.length);
}

/**
 * The follower lives but lags: something was lost, or it is slow. A probe may go again; a full pipeline is tested by an
 * empty AppendEntries at its end, which is either acknowledged or refused with a hint.
 */
export function nudge(state: RaftState, now: Instant, follower: NodeId, out: RaftOutput): void {
  const progress = state.progress[follower]!;
  if (progress.matchIndex >= state.log.lastIndex) return;
  if (progress.state === "probe") progress.probing = false;
  replicateTo(state, now, follower, undefined, out);
  if (progress.state !== "replicate" || now - progress.lastSent < state.options.heartbeatInterval) return;
  if (state.log.termAt(progress.nextIndex - 1) === undefined) return becomeProbe(progress);
  sendAppend(state, now, follower, progress, state.log.slice(progress.nextIndex, 0), out);
}

export function onAppendEntriesReply(
  state: RaftState,
  now: Instant,
  from: NodeId,
  reply: AppendEntriesReply,
  out: RaftOutput,
): void {
  const progress = state.progress[from];
  if (progress === undefined) return; // not a member any more
  if (!reply.success) return onRefusal(state, now, from, progress, reply, out);
  if (reply.index > state.log.lastIndex) return; // beyond the leader's log: it belongs to another leader's tail
  acknowledge(state, now, from, reply.index, out);
}

/** `from` holds the leader's log up to `index`, durably. */
export function acknowledge(state: RaftState, now: Instant, from: NodeId, index: LogIndex, out: RaftOutput): void {
  const progress = state.progress[from]!;
  freeInflight(progress, index);
  const advanced = index > progress.matchIndex;
  if (advanced) {
    progress.matchIndex = index;
    progress.nextIndex = Math.max(progress.nextIndex, index + 1);
  }
  if (from === state.options.id) return advanceCommit(state, now, out);
  if (progress.state === "probe") becomeReplicate(progress);
  else if (progress.state === "snapshot" && state.log.termAt(progress.matchIndex) !== undefined)
    becomeReplicate(progress);
  if (advanced) advanceCommit(state, now, out);
  // The commit may have ended its office, or the follower's membership (§6).
  if (state.role.type !== "leader" || state.progress[from] === undefined) return;
  replicateTo(state, now, from, undefined, out);
  // Others may have committed what it only now holds; it could not be told before, and its clients wait for it.
  if (progress.eagerUntil > now) tellCommit(state, from, progress, out);
  onCaughtUp(state, from, out);
}

/** §5.3, fast back-tracking: both sides skip whole terms, so one refusal a term suffices. */
function onRefusal(
  state: RaftState,
  now: Instant,
  from: NodeId,
  progress: Progress,
  reply: AppendEntriesReply,
  out: RaftOutput,
): void {
  if (progress.state === "snapshot") return;
  const stale =
    progress.state === "replicate" ? reply.index <= progress.matchIndex : reply.index !== progress.nextIndex - 1;
  if (stale) return;
  const agree = state.log.lastIndexWithTermAtMost(reply.hintTerm, reply.hintIndex);
  becomeProbe(progress);
  progress.nextIndex = Math.max(progress.matchIndex + 1, Math.min(reply.index, agree + 1));
  // It refuses what it once acknowledged: its log is damaged, and asking again at once would only be refused again.
  if (progress.nextIndex > reply.index) progress.probing = true;
  else replicateTo(state, now, from, undefined, out);
}

/** §5.3, §5.4.2: an entry of the current term on a majority is committed, and with it all before it. */
export function advanceCommit(state: RaftState, now: Instant, out: RaftOutput): void {
  const match = quorumValue(configurationOf(state), (node) => state.progress[node]?.matchIndex ?? 0);
  if (match <= state.commitIndex || state.log.termAt(match) !== state.currentTerm) return;
  const firstOfTerm = state.log.termAt(state.commitIndex) !== state.currentTerm;
  for (let index = state.commitIndex + 1; index <= match; index++) {
    state.uncommittedBytes -= state.log.payloadAt(index).length;
  }
  state.uncommittedBytes = Math.max(0, state.uncommittedBytes); // entries of earlier leaders were never counted
  state.commitIndex = match;
  out.announce({ type: "committed", index: match });
  tellEagerFollowers(state, now, out);
  if (firstOfTerm) serveEarlyReads(state, now, out);
  onConfigurationCommitted(state, now, out);
}

/** Followers apply what they know to be committed; the ones with waiting clients hear at once, the others soon. */
function tellEagerFollowers(state: RaftState, now: Instant, out: RaftOutput): void {
  let others = false;
  for (const peer of peersOf(state)) {
    const progress = state.progress[peer];
    if (progress === undefined) continue;
    if (progress.eagerUntil > now) tellCommit(state, peer, progress, out);
    else others = true;
  }
  if (others && state.commitNoticeDue === NEVER) state.commitNoticeDue = now + COMMIT_NOTICE_DELAY;
}

export function onCommitNoticeDue(state: RaftState, out: RaftOutput): void {
  state.commitNoticeDue = NEVER;
  for (const peer of peersOf(state)) {
    const progress = state.progress[peer];
    if (progress !== undefined) tellCommit(state, peer, progress, out);
  }
}

/** A heartbeat of round 0: it carries the commit index and wants no answer. */
function tellCommit(state: RaftState, peer: NodeId, progress: Progress, out: RaftOutput): void {
  const leaderCommit = Math.min(state.commitIndex, progress.matchIndex);
  if (leaderCommit <= progress.toldCommit) return;
  progress.toldCommit = leaderCommit;
  out.send(peer, { type: "Heartbeat", term: state.currentTerm, leaderCommit, round: 0 });
}
