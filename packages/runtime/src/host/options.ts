import type { Instant, NodeId } from "@synod/protocols/protocol";
import { DEFAULT_RAFT_OPTIONS, type RaftOptions } from "@synod/protocols/raft/types";
import type { Disk } from "@synod/storage/disk";
import type { Logger } from "../log/logger.ts";

export interface HostOptions {
  readonly self: NodeId;
  /** Every voter the cluster begins with, and where its peers reach it (host:port). */
  readonly peers: ReadonlyMap<NodeId, string>;
  readonly clusterId: bigint;
  readonly disk: Disk;
  readonly logger: Logger;
  /** Where peers reach this node; its own entry in `peers` if absent. */
  readonly listen?: string;
  readonly raft?: Partial<Omit<RaftOptions, "id" | "bootstrap">>;
  readonly limits?: Partial<HostLimits>;
  readonly observer?: HostObserver;
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
  /** Requests that wait for an answer, per group and kind (proposals, reads). A power of two. */
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
