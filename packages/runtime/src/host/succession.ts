import type { Instant, NodeId } from "@synod/protocols/protocol";
import { isVoter } from "@synod/protocols/quorum";
import { configurationOf, type RaftState } from "@synod/protocols/raft/state";
import type { Transport } from "../transport/transport.ts";
import type { RaftGroup } from "./raft-group.ts";

/** The connected voter to which a leader hands over at the least cost: the one with the longest equal log. */
function bestSuccessor(state: RaftState, transport: Transport): NodeId | undefined {
  if (state.role.type !== "leader") return undefined;
  let best: NodeId | undefined;
  for (const peer of transport.peers()) {
    const progress = state.progress[peer];
    if (progress === undefined || !transport.isConnected(peer)) continue;
    if (!isVoter(configurationOf(state), peer)) continue;
    if (best === undefined || progress.matchIndex > state.progress[best]!.matchIndex) best = peer;
  }
  return best;
}

/** @returns whether a transfer has begun */
export function handOver(group: RaftGroup<unknown>, transport: Transport): boolean {
  const successor = bestSuccessor(group.raft.state, transport);
  return successor !== undefined && group.transferLeadership(successor) === "started";
}

/** Waits until others lead these groups, but no longer than an election may take. */
export async function leaveOffice(
  leading: readonly RaftGroup<unknown>[],
  patience: Instant,
  now: () => Instant,
): Promise<void> {
  const until = now() + patience;
  while (leading.some((group) => group.raft.state.role.type === "leader") && now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
