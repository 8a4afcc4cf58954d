import type { NodeId } from "./protocol.ts";
import type { Configuration } from "./raft/types.ts";

/** Majorities of simple and joint configurations (Raft §6): a joint decision needs a majority of both sets of voters. */

export function isVoter(configuration: Configuration, node: NodeId): boolean {
  return configuration.voters.includes(node) || configuration.outgoing.includes(node);
}

export function isMember(configuration: Configuration, node: NodeId): boolean {
  return isVoter(configuration, node) || configuration.learners.includes(node);
}

export function isJoint(configuration: Configuration): boolean {
  return configuration.outgoing.length > 0;
}

/** All nodes that are replicated to, ascending. */
export function members(configuration: Configuration): NodeId[] {
  const all = new Set([...configuration.voters, ...configuration.outgoing, ...configuration.learners]);
  return [...all].sort((a, b) => a - b);
}

/** `won` and `lost` are final; `pending` may still become either. */
export function voteResult(
  configuration: Configuration,
  votes: ReadonlyMap<NodeId, boolean>,
): "won" | "lost" | "pending" {
  const incoming = majorityVote(configuration.voters, votes);
  if (!isJoint(configuration)) return incoming;
  const outgoing = majorityVote(configuration.outgoing, votes);
  if (incoming === "lost" || outgoing === "lost") return "lost";
  return incoming === "won" && outgoing === "won" ? "won" : "pending";
}

function majorityVote(voters: readonly NodeId[], votes: ReadonlyMap<NodeId, boolean>): "won" | "lost" | "pending" {
  let granted = 0;
  let refused = 0;
  for (const voter of voters) {
    const vote = votes.get(voter);
    if (vote === true) granted++;
    else if (vote === false) refused++;
  }
  if (granted > voters.length >> 1) return "won";
  return refused >= voters.length - (voters.length >> 1) ? "lost" : "pending";
}

const scratch: number[] = [];

/** The greatest value that a quorum has reached: a commit index from match indexes, a confirmed round from acknowledged ones. */
export function quorumValue(configuration: Configuration, of: (node: NodeId) => number): number {
  const incoming = majorityValue(configuration.voters, of);
  if (!isJoint(configuration)) return incoming;
  return Math.min(incoming, majorityValue(configuration.outgoing, of));
}

function majorityValue(voters: readonly NodeId[], of: (node: NodeId) => number): number {
  if (voters.length === 0) return 0;
  scratch.length = 0;
  for (const voter of voters) {
    const value = of(voter);
    let at = scratch.length;
    scratch.push(value);
    for (; at > 0 && scratch[at - 1]! < value; at--) scratch[at] = scratch[at - 1]!;
    scratch[at] = value;
  }
  return scratch[voters.length >> 1]!; // descending: a majority has at least this
}
