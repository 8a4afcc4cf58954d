import type { Instant, NodeId } from "@synod/protocols/protocol";
import { DEFAULT_RAFT_OPTIONS, type RaftOptions } from "@synod/protocols/raft/types";
import type { Disk } from "@synod/storage/disk";
import type { Membership } from "../group.ts";
import type { Logger } from "../log/logger.ts";
import type { HttpAnswer } from "../transport/http-answer.ts";
import type { Sockets } from "../transport/sockets.ts";

export interface HostOptions {
  readonly self: NodeId;
  /**
   * The members that this node knows when it starts, itself included, and where it reaches them (host:port). From then on
   * the state machine's membership counts, except for the way to members that have never moved.
   */
  readonly peers: ReadonlyMap<NodeId, string>;
  /**
   * The voters that the cluster began with: the same on all of them and at each start, by default all `peers`. Empty on a
   * node that joins a cluster: it learns from the log who decides.
   */
  readonly voters?: readonly NodeId[];
  readonly clusterId: bigint;
  readonly disk: Disk;
  readonly logger: Logger;
  /** Where peers reach this node; its own entry in `peers` if absent. */
  readonly listen?: string;
  /** Further addresses at which they do. */
  readonly alsoListen?: readonly string[];
  /** How connections to peers are opened: plain TCP by default. */
  readonly sockets?: Sockets;
  readonly raft?: Partial<Omit<RaftOptions, "id" | "bootstrap">>;
  readonly limits?: Partial<HostLimits>;
  readonly observer?: HostObserver;
  /** Called with each other membership once its connections are made: whoever keeps addresses for the next start. */
  readonly onMembership?: (membership: Membership) => void;
  /**
   * Called about every second while the members' states differ and no majority says whose is right; without it, the node
   * stops (`undecided`).
   */
  readonly onUndecided?: (sentence: string) => void;
  /** Answers a request for this path that comes to the peers' port over HTTP; undefined: there is nothing. */
  readonly onHttpGet?: (path: string) => HttpAnswer | undefined;
}

/** Told of what cannot be looked up later, for metrics. Called from within a turn: it must be quick and never throw. */
export interface HostObserver {
  roundTrip(node: NodeId, seconds: number): void;
  /** A turn ended after so many microseconds. */
  turnEnded(micros: Instant): void;
  /** What a turn found committed was applied to one group's state. */
  batchApplied(micros: Instant): void;
  /** So many bytes go to the log in one write. */
  logWritten(bytes: number): void;
}

export interface HostLimits {
  /** Requests that wait for an answer, per group and kind (proposals, reads, questions). A power of two. */
  readonly requests: number;
  /** Bytes of one batch of commands. */
  readonly batchBytes: number;
  /** Microseconds after which a request's outcome is reported as unknown (etcd: 5 s and two election time-outs). */
  readonly requestTimeout: Instant;
  /** Bytes of log after which a snapshot is taken. */
  readonly snapshotEvery: number;
  /** Bytes of log kept in memory behind a snapshot, for followers that are a little late. */
  readonly keepBehind: number;
  /** The state is hashed, for comparison between members, at every index divisible by this; equal on all members. */
  readonly hashEvery: number;
}

export const DEFAULT_LIMITS: HostLimits = {
  requests: 1 << 17,
  batchBytes: 512 << 10,
  requestTimeout: 7_000_000,
  snapshotEvery: 64 << 20,
  keepBehind: 8 << 20,
  hashEvery: 1024,
};

/** Faster than etcd's second, because a service is to be back within two; see docs/adr/0004-timing.md. */
export const HOST_RAFT_OPTIONS: Omit<RaftOptions, "id" | "bootstrap"> = {
  ...DEFAULT_RAFT_OPTIONS,
  electionTimeout: 600_000,
  heartbeatInterval: 80_000,
};

/** What a node reports of its work; all counters grow from zero at its start. */
export interface HostStats {
  leaderChanges: number;
}

export function electionTimeoutOf({ raft }: HostOptions): Instant {
  return raft?.electionTimeout ?? HOST_RAFT_OPTIONS.electionTimeout;
}
