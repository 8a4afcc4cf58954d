import type { NodeId } from "@synod/protocols/protocol";
import type { RaftState } from "@synod/protocols/raft/state";
import type { Transport } from "../transport/transport.ts";

/** The connected member to which a leader hands over at the least cost: the one with the longest equal log. */
export function bestSuccessor(state: RaftState, transport: Transport): NodeId | undefined {
  if (state.role.type !== "leader") return undefined;
  let best: NodeId | undefined;
  for (const peer of transport.peers()) {
    const progress = state.progress[peer];
    if (progress === undefined || !transport.isConnected(peer)) continue;
    if (best === undefined || progress.matchIndex > state.progress[best]!.matchIndex) best = peer;
  }
  return best;
}
