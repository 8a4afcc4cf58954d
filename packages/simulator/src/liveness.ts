import type { LogIndex } from "@synod/protocols/protocol";
import type { Configuration } from "@synod/protocols/raft/types";
import type { SimulatedNode } from "./node.ts";

type AnyNode = Pick<SimulatedNode<unknown, unknown>, "id" | "up" | "member" | "damaged" | "absent" | "appliedIndex">;

/** The configuration that all running members agree on; undefined while a change may be under way. */
export function agreeOnConfiguration(nodes: readonly AnyNode[]): Configuration | undefined {
  let agreed: Configuration | undefined;
  for (const { member } of nodes.slice(1)) {
    if (member === undefined) continue;
    const { configuration } = member;
    if (configuration.outgoing.length > 0) return undefined;
    if (agreed !== undefined && agreed.voters.join() !== configuration.voters.join()) return undefined;
    agreed = configuration;
  }
  return agreed;
}

/** Every running member of the leader's configuration has applied everything that anybody has. */
export function isConverged(nodes: readonly AnyNode[], length: LogIndex): boolean {
  const leader = nodes.slice(1).find(({ member }) => member?.role === "leader" && member.commitIndex >= length);
  if (leader === undefined) return false;
  const { voters, learners } = leader.member!.configuration;
  return [...voters, ...learners].every((id) => {
    const node = nodes[id]!;
    return !node.up || node.appliedIndex === length;
  });
}

/** Why nothing moves, in sentences: no quorum, no leader although there could be one, or a leader whom something holds up. */
export function explainStandstill(nodes: readonly AnyNode[], busyClients: number, length: LogIndex): string {
  const running = nodes.slice(1).filter((node) => node.up);
  const states = running.map((node) => {
    const { role, term, commitIndex, lastIndex, recovering } = node.member!;
    return `n${node.id} ${role}${recovering ? " (recovering)" : ""} term ${term} commit ${commitIndex}/${lastIndex} applied ${node.appliedIndex}`;
  });
  return `${cause(nodes, running, busyClients, length)} ${states.join("; ")}.`;
}

function cause(nodes: readonly AnyNode[], running: readonly AnyNode[], busyClients: number, length: LogIndex): string {
  const leaders = running.filter((node) => node.member!.role === "leader");
  if (leaders.length > 0) {
    const leader = leaders.reduce((a, b) => (b.member!.term > a.member!.term ? b : a));
    const { voters, learners, outgoing } = leader.member!.configuration;
    if (outgoing.length > 0) return `n${leader.id} leads, but its joint configuration never ends.`;
    const behind = [...voters, ...learners].filter((id) => nodes[id]!.up && nodes[id]!.appliedIndex < length);
    if (behind.length > 0) return `n${leader.id} leads, but ${behind.map((id) => `n${id}`).join(" ")} never caught up.`;
    return `n${leader.id} leads and everybody has caught up, but ${busyClients} clients still wait.`;
  }
  const voting = running.filter((node) => node.member!.configuration.voters.includes(node.id));
  const able = voting.filter((node) => !node.member!.recovering);
  const needed = Math.max(0, ...voting.map((node) => (node.member!.configuration.voters.length >> 1) + 1));
  if (able.length < needed) {
    return `No quorum: ${needed} voters are needed, ${able.length} can vote.`;
  }
  const terms = new Set(running.map((node) => node.member!.term));
  return terms.size > 1
    ? "Nobody leads although a quorum runs: the terms differ, elections keep failing."
    : "Nobody leads although a quorum runs: livelock or nobody campaigns.";
}
