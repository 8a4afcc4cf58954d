import type { Instant, LogIndex, NodeId, Output, Protocol, Term } from "@synod/protocols/protocol";
import type { Configuration, EntryKind, RaftOutcome, SnapshotMeta, SnapshotSource } from "@synod/protocols/raft/types";
import type { Random } from "@synod/protocols/random";

/** What every engine of a replicated log announces: committed, readable, a role, a configuration, a snapshot. */
export type LogOutcome = RaftOutcome;

/**
 * A protocol as the simulator sees it: how a member starts from what its disk holds, and how its messages and records are
 * told apart. Everything that a world needs to know of one protocol in particular is in its engine.
 */
export interface Engine<Message, WalRecord> {
  readonly name: string;
  start(birth: Birth<WalRecord>): Member<Message, WalRecord>;
  /** A number that differs where messages differ in what matters; it goes into the trace hash. */
  digestMessage(message: Message): number;
  digestRecord(record: WalRecord): number;
  /** One line for a person. */
  describeMessage(message: Message): string;
  /** The entries a record appends, as first index and count; undefined for any other record. */
  entriesOf(record: WalRecord): { readonly first: LogIndex; readonly count: number } | undefined;
  /** Where a record says that a snapshot took the log's place. */
  snapshotOf(record: WalRecord): SnapshotMeta | undefined;
  /** Written at the start of a node that knows its disk was damaged. */
  readonly damageRecord: WalRecord;
  /** How a member hands its clients' commands to the leader; undefined where the protocol has no such message. */
  forwardMessage(member: Member<Message, WalRecord>, commands: readonly Uint8Array[]): Message | undefined;
  readonly durability: DurabilityWatch<Message, WalRecord>;
  readonly codec: EngineCodec<Message, WalRecord> | undefined;
}

/**
 * Told what each disk has confirmed, it throws where a member promises more, or counts on more. Positions are the disk's:
 * records written since the node's first start.
 */
export interface DurabilityWatch<Message, WalRecord> {
  written(node: NodeId, position: number, record: WalRecord): void;
  durable(node: NodeId, position: number): void;
  crashed(node: NodeId): void;
  /** A fault has destroyed something that was durable. */
  damaged(node: NodeId): void;
  /** A message leaves, to another node or to the member itself. */
  leaves(from: NodeId, to: NodeId, message: Message): void;
  /** Called while the member announces it: its configuration is the one by which it counted. */
  committed(node: NodeId, member: Member<Message, WalRecord>, index: LogIndex): void;
}

export interface EngineCodec<Message, WalRecord> extends RecordCodec<WalRecord> {
  encodeMessage(message: Message): Uint8Array;
  decodeMessage(bytes: Uint8Array): Message;
}

export interface RecordCodec<WalRecord> {
  encodeRecord(record: WalRecord): Uint8Array;
  decodeRecord(tag: number, bytes: Uint8Array): WalRecord;
  recordTag(record: WalRecord): number;
}

export interface Birth<WalRecord> {
  readonly id: NodeId;
  /** The first members, or nobody for a node that joins later. */
  readonly bootstrap: Configuration;
  /** What the disk still holds, in order. Empty on a first start. */
  readonly records: readonly WalRecord[];
  /** The disk has lost something it once reported as durable, and the node knows it. */
  readonly damaged: boolean;
  readonly random: Random;
  readonly now: Instant;
  readonly snapshots: SnapshotSource;
}

/** One running member. Beyond the seam: what an administrator asks of it, and what an observer may see. */
export interface Member<Message, WalRecord> extends Protocol<Message, WalRecord, LogOutcome, Uint8Array> {
  readIndex(now: Instant, context: number, out: Output<Message, WalRecord, LogOutcome>): void;
  configure(now: Instant, next: Configuration, out: Output<Message, WalRecord, LogOutcome>): boolean;
  transferLeadership(now: Instant, target: NodeId, out: Output<Message, WalRecord, LogOutcome>): boolean;
  /** A snapshot of its own is durable. */
  compact(snapshot: SnapshotMeta, keepFrom: LogIndex, out: Output<Message, WalRecord, LogOutcome>): void;
  snapshotInstalled(snapshot: SnapshotMeta, ok: boolean, out: Output<Message, WalRecord, LogOutcome>): void;

  /** The connection to a peer broke: what was under way to it may be lost. */
  disconnected(now: Instant, peer: NodeId): void;
  /** There is a connection to some peer, where there was none. */
  connected(now: Instant): void;

  readonly role: "follower" | "preCandidate" | "candidate" | "leader";
  readonly term: Term;
  readonly leader: NodeId | undefined;
  readonly commitIndex: LogIndex;
  readonly firstIndex: LogIndex;
  readonly lastIndex: LogIndex;
  /** Lost something once; does not vote until it has it back. */
  readonly recovering: boolean;
  /** The configuration in force. */
  readonly configuration: Configuration;
  /** The configuration that was in force at an applied index. */
  configurationAt(index: LogIndex): Configuration;
  /** Undefined where the log does not hold that entry or its term. */
  termAt(index: LogIndex): Term | undefined;
  kindAt(index: LogIndex): EntryKind;
  payloadAt(index: LogIndex): Uint8Array;
  /** Throws where an invariant of the protocol is broken. Called after every event. */
  checkStep(): void;
}
