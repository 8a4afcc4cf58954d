import type { Instant, LogIndex, NodeId, Output, Term } from "../protocol.ts";

/** What an entry holds. Only commands reach the state machine; the others are Raft's own (§5.4.2, §6). */
export const EntryKind = { command: 0, noop: 1, configuration: 2 } as const;
export type EntryKind = (typeof EntryKind)[keyof typeof EntryKind];

/**
 * A run of consecutive log entries; never changed once made. Position i holds the entry with index `first + i`.
 * The same object (and, once encoded, the same bytes) goes to the write-ahead log and to every peer.
 */
export interface Entries {
  readonly first: LogIndex;
  readonly terms: readonly Term[];
  readonly kinds: readonly EntryKind[];
  /** Nobody in this package looks into a command's bytes, and nobody may change them. */
  readonly payloads: readonly Uint8Array[];
  /** The codec's memo of these entries as bytes. */
  encoded: Uint8Array | undefined;
}

/** Who decides, and who only listens. `voters` alone: a simple configuration. With `outgoing`: joint (§6, C-old,new). */
export interface Configuration {
  readonly voters: readonly NodeId[];
  /** The old voters of a joint configuration; empty otherwise. Decisions then need a majority of both. */
  readonly outgoing: readonly NodeId[];
  /** Replicated to, never counted. */
  readonly learners: readonly NodeId[];
}

/** A finished snapshot as its holder describes it. */
export interface SnapshotMeta {
  readonly lastIncludedIndex: LogIndex;
  readonly lastIncludedTerm: Term;
  readonly configuration: Configuration;
  /** Bytes of the whole snapshot. */
  readonly size: number;
  /** CRC32C of the whole snapshot. */
  readonly checksum: number;
}

/** How a leader reads the bytes of the snapshot it sends: a file in production, an array in the simulator. */
export interface SnapshotSource {
  /** @returns the bytes from `offset`, at most `length`; undefined when that snapshot is gone (a newer one replaced it). */
  read(meta: SnapshotMeta, offset: number, length: number): Uint8Array | undefined;
}

/**
 * Messages, with the paper's names and fields. Every `term` is the sender's current term, except PreVote's, which is the
 * term the sender would campaign in (Ongaro's dissertation §9.6).
 */
export type RaftMessage =
  | { type: "PreVote"; term: Term; lastLogIndex: LogIndex; lastLogTerm: Term }
  | { type: "PreVoteReply"; term: Term; voteGranted: boolean }
  | { type: "RequestVote"; term: Term; lastLogIndex: LogIndex; lastLogTerm: Term; transfer: boolean }
  | { type: "RequestVoteReply"; term: Term; voteGranted: boolean }
  | AppendEntries
  | AppendEntriesReply
  | { type: "Heartbeat"; term: Term; leaderCommit: LogIndex; round: number }
  | { type: "HeartbeatReply"; term: Term; round: number }
  | InstallSnapshot
  | InstallSnapshotReply
  | { type: "TimeoutNow"; term: Term }
  | { type: "ReadIndex"; term: Term; context: number }
  | { type: "ReadIndexReply"; term: Term; context: number; index: LogIndex | undefined }
  | { type: "Propose"; term: Term; commands: readonly Uint8Array[] }
  | { type: "Rejoin"; term: Term; lastIndex: LogIndex }
  | { type: "RejoinReply"; term: Term; index: LogIndex; matchIndex: LogIndex };

export interface AppendEntries {
  type: "AppendEntries";
  term: Term;
  prevLogIndex: LogIndex;
  prevLogTerm: Term;
  entries: Entries;
  leaderCommit: LogIndex;
}

export interface AppendEntriesReply {
  type: "AppendEntriesReply";
  term: Term;
  success: boolean;
  /** On success: the log is known to equal the leader's up to here. On refusal: the prevLogIndex that did not fit. */
  index: LogIndex;
  /** On refusal: the highest index at which the logs may still agree (§5.3, fast back-tracking), and its term. */
  hintIndex: LogIndex;
  hintTerm: Term;
}

export interface InstallSnapshot {
  type: "InstallSnapshot";
  term: Term;
  snapshot: SnapshotMeta;
  offset: number;
  data: Uint8Array;
  /** CRC32C of `data`. */
  dataChecksum: number;
}

export interface InstallSnapshotReply {
  type: "InstallSnapshotReply";
  term: Term;
  lastIncludedIndex: LogIndex;
  /** The next offset the receiver wants: it resumes from here after any loss. Equal to the size: received whole. */
  offset: number;
  /** `installed`: it is durable and part of the state machine. `rejected`: the checksum did not fit, start over. */
  status: "receiving" | "installed" | "rejected";
}

/** What must survive a crash. Recovery folds these in order (`recovery.ts`). */
export type RaftRecord =
  | { type: "vote"; term: Term; votedFor: NodeId }
  /** Appends at `entries.first`; whatever the log held from there on is gone. */
  | { type: "entries"; entries: Entries }
  /** Everything up to here is in a durable snapshot. A log that does not hold that entry restarts after it. */
  | { type: "snapshot"; snapshot: SnapshotMeta }
  /** The log was found damaged (true), or everything lost has been fetched back (false). */
  | { type: "recovery"; recovering: boolean };

export type RaftOutcome =
  /** Entries up to `index` are committed; read them from the log. Announced once for each advance. */
  | { type: "committed"; index: LogIndex }
  /** Another member asks this one, the leader, to propose its clients' commands. */
  | { type: "proposalForwarded"; from: NodeId; commands: readonly Uint8Array[] }
  /** A linearizable read asked for under `context` may be served once `index` is applied. */
  | { type: "readable"; context: number; index: LogIndex }
  /** No leader could confirm that read; the caller may ask again. */
  | { type: "readRefused"; context: number }
  | { type: "role"; role: Role["type"]; term: Term; leader: NodeId | undefined }
  | { type: "configuration"; configuration: Configuration; index: LogIndex }
  /** Keep these bytes of an incoming snapshot. Offsets arrive without gaps; offset 0 starts over. */
  | { type: "snapshotChunk"; snapshot: SnapshotMeta; offset: number; data: Uint8Array }
  /** All bytes are there: verify, make durable, restore, then call `snapshotInstalled`. */
  | { type: "installSnapshot"; snapshot: SnapshotMeta };

export type RaftOutput = Output<RaftMessage, RaftRecord, RaftOutcome>;

export type Role =
  | { type: "follower" }
  | { type: "preCandidate"; votes: Votes }
  | { type: "candidate"; votes: Votes }
  | { type: "leader" };

/** votes[node]: true granted, false refused, absent not heard. */
export type Votes = Map<NodeId, boolean>;

export interface RaftOptions {
  readonly id: NodeId;
  /** The configuration of a log that holds none yet. Equal on all first members. */
  readonly bootstrap: Configuration;
  /** Election time-outs are drawn from one to two of these, in microseconds. */
  readonly electionTimeout: Instant;
  /** A leader that has nothing to say says so this often, in microseconds. */
  readonly heartbeatInterval: Instant;
  /** AppendEntries messages under way to one follower before the leader waits. */
  readonly maxInflight: number;
  /** Bytes of entries in one AppendEntries. */
  readonly maxAppendBytes: number;
  /** Bytes of entries not yet committed; more is refused as `overloaded`. */
  readonly maxUncommittedBytes: number;
  /** Bytes of one InstallSnapshot chunk. */
  readonly snapshotChunkBytes: number;
  readonly preVote: boolean;
  readonly checkQuorum: boolean;
  /**
   * Serve reads from the leader's lease instead of a quorum round. Safe only while no clock runs faster than another by
   * more than `clockDriftBound` (parts per million) within one election time-out. Off by default.
   */
  readonly leaseReads: boolean;
  readonly clockDriftBound: number;
}

export const DEFAULT_RAFT_OPTIONS: Omit<RaftOptions, "id" | "bootstrap"> = {
  electionTimeout: 1_000_000,
  heartbeatInterval: 100_000,
  maxInflight: 256,
  maxAppendBytes: 1 << 20,
  maxUncommittedBytes: 64 << 20,
  snapshotChunkBytes: 256 << 10,
  preVote: true,
  checkQuorum: true,
  leaseReads: false,
  clockDriftBound: 100_000,
};
