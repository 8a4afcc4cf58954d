import type { Instant, NodeId } from "@synod/protocols/protocol";
import { isJoint, isMember, members } from "@synod/protocols/quorum";
import { configurationIndex, configurationOf, type RaftState } from "@synod/protocols/raft/state";
import type { Configuration } from "@synod/protocols/raft/types";
import type { Membership, Reach } from "../group.ts";
import type { Transport } from "../transport/transport.ts";
import { FrameKind } from "./frame-kinds.ts";
import { electionTimeoutOf, type HostOptions } from "./options.ts";
import type { RaftGroup } from "./raft-group.ts";
import { handOver } from "./succession.ts";

/** A new voter may vote once it lacks no more than this many entries, which is what may be under way to it. */
const NEARLY_ALL = 256;
/** How often a leader on its way out tries to hand over before it leads its own removal. */
const HAND_OVERS = 3;

/** What following needs of its host. */
interface FollowingHost {
  readonly options: HostOptions;
  readonly transport: Transport;
  now(): Instant;
}

/** What was made of a group's membership when it was last looked at. */
interface Followed {
  membership: Membership | undefined;
  configuration: Configuration | undefined;
  isSettled: boolean;
  /** Members that the leader says hold nearly all of its log. */
  inSync: ReadonlySet<NodeId>;
  handOvers: number;
}

/**
 * Keeps Raft's configuration and the connections to peers as the groups' state machines have decided by their logs
 * (docs/adr/0007-membership.md). The decision is committed first and its execution follows it: whoever leads looks at both
 * and proposes what differs, so a change survives any crash and is executed once.
 */
export class MembershipFollowing {
  readonly #host: FollowingHost;
  readonly #self: NodeId;
  readonly #removed: () => void;
  readonly #followed: Map<RaftGroup<unknown>, Followed> = new Map();

  /** @param removed called when this node is known to be no member any more */
  constructor(host: FollowingHost, removed: () => void) {
    this.#host = host;
    this.#self = host.options.self;
    this.#removed = removed;
  }

  /** Once a turn, after everything committed was applied. */
  follow(group: RaftGroup<unknown>): void {
    const { state } = group.raft;
    const { membership } = group;
    const configuration = configurationOf(state);
    const isSettled = !isJoint(configuration) && configurationIndex(state) <= state.commitIndex;
    const followed = this.#of(group);
    const isNew = followed.membership !== membership;
    if (isNew || followed.configuration !== configuration || followed.isSettled !== isSettled) {
      followed.membership = membership;
      followed.configuration = configuration;
      followed.isSettled = isSettled;
      this.#connect();
      if (isNew && membership !== undefined) this.#host.options.onMembership?.(membership);
    }
    if (membership === undefined) return;
    if (state.role.type === "leader") this.#lead(group, membership, followed);
    if (isSettled && membership.isRemoved(this.#self) && !isMember(configuration, this.#self)) this.#removed();
  }

  isRemoved(node: NodeId): boolean {
    for (const { membership } of this.#followed.values()) if (membership?.isRemoved(node) === true) return true;
    return false;
  }

  /** A node of which nobody has told us may be a member that came while this one was away. */
  isWelcome(node: NodeId): boolean {
    for (const { applied } of this.#followed.keys()) if (applied.machine.membership === undefined) return false;
    return !this.isRemoved(node);
  }

  /** On every tick of a second: a leader says who is in sync with it, as long as somebody may be waiting for that. */
  tick(group: RaftGroup<unknown>): void {
    const { state } = group.raft;
    const followed = this.#of(group);
    const { membership } = followed;
    if (membership === undefined || state.role.type !== "leader" || membership.learners.length === 0) return;
    const inSync = membership.learners.filter((node) => this.#isInSync(state, node));
    const body = Uint8Array.from(inSync.flatMap((node) => [node >>> 8, node & 0xff]));
    followed.inSync = new Set(inSync);
    for (const to of members(configurationOf(state))) {
      if (to !== this.#self) this.#host.transport.queue(to, group.id, FrameKind.inSync, body);
    }
  }

  /** What the leader said by `tick`. */
  hear(group: RaftGroup<unknown>, body: Uint8Array): void {
    const nodes = new Set<NodeId>();
    for (let at = 0; at + 1 < body.length; at += 2) nodes.add(((body[at] as number) << 8) | (body[at + 1] as number));
    this.#of(group).inSync = nodes;
  }

  reach(group: RaftGroup<unknown>, node: NodeId): Reach {
    const { state } = group.raft;
    const leads = state.role.type === "leader";
    return {
      isConnected: node === this.#self || this.#host.transport.isConnected(node),
      isInSync: leads ? this.#isInSync(state, node) : this.#of(group).inSync.has(node),
    };
  }

  /**
   * Every member by its membership or by the configuration in force is a peer. Whoever else is one stays so until it is
   * known to be removed: this node may have yet to hear of its coming.
   */
  #connect(): void {
    const { transport, options } = this.#host;
    const kept = new Set<NodeId>();
    for (const [{ raft }, { membership }] of this.#followed) {
      const present = membership === undefined ? options.peers.keys() : [...membership.voters, ...membership.learners];
      for (const node of [...present, ...inForce(raft.state).flatMap(members)]) {
        const address = this.#addressOf(node, membership);
        kept.add(node);
        if (node !== this.#self && address !== undefined) transport.setPeer(node, address);
      }
    }
    for (const node of transport.peers()) if (!kept.has(node) && this.isRemoved(node)) transport.removePeer(node);
  }

  #addressOf(node: NodeId, membership: Membership | undefined): string | undefined {
    const own = this.#host.options.peers.get(node);
    const told = membership?.addresses.get(node);
    return told === undefined || membership?.unmoved.has(node) === true ? (own ?? told) : told;
  }

  /** Proposes what the configuration lacks to be as decided. */
  #lead(group: RaftGroup<unknown>, membership: Membership, followed: Followed): void {
    const { state } = group.raft;
    if (!followed.isSettled || state.transfer !== undefined) return;
    const current = configurationOf(state);
    const next = this.#next(state, current, membership);
    // The very first configuration is on nobody's disk: a node that joins is to find it in the log.
    if (sameNodes(current.voters, next.voters) && sameNodes(current.learners, next.learners)) {
      if (configurationIndex(state) > 0) return;
    } else if (this.#makesWay(group, membership, followed)) return;
    group.proposeConfiguration(next);
  }

  /**
   * A voter that has been added only listens until it has caught up: it would count, and could not help to decide. A voter
   * that has been removed stays until a majority of those decided upon has: what is committed is never on fewer disks.
   */
  #next(state: RaftState, current: Configuration, membership: Membership): { voters: NodeId[]; learners: NodeId[] } {
    const votes = (node: NodeId): boolean => current.voters.includes(node) || this.#hasCaughtUp(state, node);
    const ready = membership.voters.filter(votes);
    const leaving = current.voters.filter((node) => !membership.voters.includes(node));
    const voters = 2 * ready.length > membership.voters.length ? ready : [...ready, ...leaving];
    const waiting = membership.voters.filter((node) => !ready.includes(node));
    return { voters, learners: [...waiting, ...membership.learners.filter((node) => !voters.includes(node))] };
  }

  /** A leader that is removed lets another one remove it: the cluster need not wait for an election. */
  #makesWay(group: RaftGroup<unknown>, membership: Membership, followed: Followed): boolean {
    if (membership.voters.includes(this.#self) || followed.handOvers >= HAND_OVERS) return false;
    followed.handOvers++;
    return handOver(group, this.#host.transport);
  }

  #hasCaughtUp(state: RaftState, node: NodeId): boolean {
    const progress = state.progress[node];
    if (progress?.state !== "replicate" || !this.#isHeard(state, node)) return false;
    return progress.matchIndex + NEARLY_ALL >= state.log.lastIndex;
  }

  /** etcd's measure for a promotion. */
  #isInSync(state: RaftState, node: NodeId): boolean {
    const own = state.progress[this.#self]?.matchIndex ?? 0;
    return this.#isHeard(state, node) && (state.progress[node]?.matchIndex ?? 0) >= 0.9 * own;
  }

  #isHeard(state: RaftState, node: NodeId): boolean {
    const progress = state.progress[node];
    return progress !== undefined && this.#host.now() - progress.lastHeard <= electionTimeoutOf(this.#host.options);
  }

  #of(group: RaftGroup<unknown>): Followed {
    let followed = this.#followed.get(group);
    if (followed === undefined) {
      followed = {
        membership: undefined,
        configuration: undefined,
        isSettled: false,
        inSync: new Set(),
        handOvers: 0,
      };
      this.#followed.set(group, followed);
    }
    return followed;
  }
}

/** The configuration in force and, until it is committed, those that may come back. */
function inForce({ configurations, commitIndex }: RaftState): Configuration[] {
  const firstOpen = configurations.findLastIndex(({ index }) => index <= commitIndex);
  return configurations.slice(Math.max(0, firstOpen)).map(({ configuration }) => configuration);
}

function sameNodes(a: readonly NodeId[], b: readonly NodeId[]): boolean {
  return a.length === b.length && a.every((node) => b.includes(node));
}
