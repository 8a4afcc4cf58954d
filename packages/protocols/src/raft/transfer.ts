import type { Instant, NodeId } from "../protocol.ts";
import { isVoter } from "../quorum.ts";
import { campaign } from "./election.ts";
import { replicateTo } from "./replication.ts";
import { configurationOf, mayCampaign, type RaftState } from "./state.ts";
import type { RaftOutput } from "./types.ts";

export type TransferResult = "started" | "notLeader" | "notVoter" | "alreadyLeader";

/**
 * Leadership transfer (dissertation §3.10): no new proposals, bring the target up to date, tell it to campaign at once.
 * Given up after one election time-out, so a slow or dead target costs no more than that.
 */
export function transferLeadership(state: RaftState, now: Instant, target: NodeId, out: RaftOutput): TransferResult {
  if (state.role.type !== "leader") return "notLeader";
  if (target === state.options.id) return "alreadyLeader";
  if (!isVoter(configurationOf(state), target) || state.progress[target] === undefined) return "notVoter";
  state.transfer = { target, deadline: now + state.options.electionTimeout, sent: false };
  replicateTo(state, now, target, undefined, out);
  onCaughtUp(state, target, out);
  return "started";
}

export function onCaughtUp(state: RaftState, follower: NodeId, out: RaftOutput): void {
  const { transfer } = state;
  if (transfer === undefined || transfer.target !== follower || transfer.sent) return;
  if (state.progress[follower]!.matchIndex < state.log.lastIndex) return;
  transfer.sent = true;
  // The target's election bypasses the voters' patience, on which a lease rests; the message may even arrive much later.
  state.reads.leaseForbidden = true;
  out.send(follower, { type: "TimeoutNow", term: state.currentTerm });
}

export function onTransferDeadline(state: RaftState): void {
  state.transfer = undefined;
}

export function onTimeoutNow(state: RaftState, now: Instant, out: RaftOutput): void {
  if (mayCampaign(state) && state.role.type !== "leader") campaign(state, now, true, out);
}
