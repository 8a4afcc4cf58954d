import type { Instant, LogIndex, NodeId, Proposal, Term } from "@synod/protocols/protocol";
import {
  decodeMessage,
  decodeRecord,
  type Encoded,
  encodeMessage,
  encodeRecord,
  recordTag,
} from "@synod/protocols/raft/codec";
import { RaftInvariants } from "@synod/protocols/raft/invariants";
import { DurabilityInvariants } from "@synod/protocols/raft/invariants-durability";
import { Raft } from "@synod/protocols/raft/raft";
import { recover } from "@synod/protocols/raft/recovery";
import { configurationOf } from "@synod/protocols/raft/state";
import {
  type Configuration,
  DEFAULT_RAFT_OPTIONS,
  type Entries,
  type EntryKind,
  type RaftMessage,
  type RaftOptions,
  type RaftOutput,
  type RaftRecord,
  type SnapshotMeta,
} from "@synod/protocols/raft/types";
import type { RaftTuning } from "./config.ts";
import type { Birth, Engine, EngineCodec, Member } from "./engine.ts";

/** Raft in a world. One engine belongs to one world: its invariants watch all members together. */
export class RaftEngine implements Engine<RaftMessage, RaftRecord> {
  readonly name = "raft";
  readonly codec: EngineCodec<RaftMessage, RaftRecord> = RAFT_CODEC;
  readonly damageRecord: RaftRecord = { type: "recovery", recovering: true };
  readonly durability: DurabilityInvariants = new DurabilityInvariants();
  readonly #tuning: RaftTuning;
  readonly #invariants = new RaftInvariants();

  constructor(tuning: RaftTuning = {}) {
    this.#tuning = tuning;
  }

  start(birth: Birth<RaftRecord>): Member<RaftMessage, RaftRecord> {
    const recovered = recover(birth.records);
    if (birth.damaged) recovered.recovering = true;
    const options: RaftOptions = {
      ...DEFAULT_RAFT_OPTIONS,
      ...this.#tuning,
      id: birth.id,
      bootstrap: birth.bootstrap,
    };
    const raft = new Raft(options, recovered, birth.random, birth.now, birth.snapshots);
    this.#invariants.started(raft);
    this.durability.started(raft);
    return new RaftMember(raft, this.#invariants);
  }

  forwardMessage(member: Member<RaftMessage, RaftRecord>, commands: readonly Uint8Array[]): RaftMessage {
    return { type: "Propose", term: member.term, commands };
  }

  digestMessage(message: RaftMessage): number {
    switch (message.type) {
      case "AppendEntries":
        return mix(1, message.term, message.prevLogIndex, message.entries.terms.length * 7 + message.leaderCommit);
      case "AppendEntriesReply":
        return mix(2, message.term, message.index, message.success ? 1 : message.hintIndex + 2);
      case "Heartbeat":
        return mix(3, message.term, message.leaderCommit, message.round);
      case "HeartbeatReply":
        return mix(4, message.term, message.round, 0);
      case "RequestVote":
        return mix(5, message.term, message.lastLogIndex, message.lastLogTerm);
      case "RequestVoteReply":
        return mix(6, message.term, message.voteGranted ? 1 : 0, 0);
      case "PreVote":
        return mix(7, message.term, message.lastLogIndex, message.lastLogTerm);
      case "InstallSnapshot":
        return mix(8, message.term, message.snapshot.lastIncludedIndex, message.offset);
      default:
        return mix(message.type.length + 8, message.term, 0, 0);
    }
  }

  digestRecord(record: RaftRecord): number {
    switch (record.type) {
      case "vote":
        return mix(31, record.term, record.votedFor, 0);
      case "entries":
        return mix(32, record.entries.first, record.entries.terms.length, record.entries.terms.at(-1) ?? 0);
      case "snapshot":
        return mix(33, record.snapshot.lastIncludedIndex, record.snapshot.checksum, 0);
      default:
        return mix(34, 0, 0, 0);
    }
  }

  describeMessage(message: RaftMessage): string {
    return `${message.type} ${fields(message)}`;
  }

  entriesOf(record: RaftRecord): { readonly first: LogIndex; readonly count: number } | undefined {
    if (record.type !== "entries") return undefined;
    return { first: record.entries.first, count: record.entries.terms.length };
  }

  snapshotOf(record: RaftRecord): SnapshotMeta | undefined {
    return record.type === "snapshot" ? record.snapshot : undefined;
  }
}

class RaftMember implements Member<RaftMessage, RaftRecord> {
  readonly #raft: Raft;
  readonly #invariants: RaftInvariants;

  constructor(raft: Raft, invariants: RaftInvariants) {
    this.#raft = raft;
    this.#invariants = invariants;
  }

  get wakeAt(): Instant {
    return this.#raft.wakeAt;
  }
  get role(): "follower" | "preCandidate" | "candidate" | "leader" {
    return this.#raft.state.role.type;
  }
  get term(): Term {
    return this.#raft.state.currentTerm;
  }
  get leader(): NodeId | undefined {
    return this.#raft.state.leader;
  }
  get commitIndex(): LogIndex {
    return this.#raft.state.commitIndex;
  }
  get firstIndex(): LogIndex {
    return this.#raft.state.log.firstIndex;
  }
  get lastIndex(): LogIndex {
    return this.#raft.state.log.lastIndex;
  }
  get recovering(): boolean {
    return this.#raft.state.recovering;
  }
  get configuration(): Configuration {
    return configurationOf(this.#raft.state);
  }

  receive(now: Instant, from: NodeId, message: RaftMessage, out: RaftOutput): void {
    this.#raft.receive(now, from, message, out);
  }
  propose(now: Instant, commands: readonly Uint8Array[], out: RaftOutput): Proposal {
    return this.#raft.propose(now, commands, out);
  }
  wake(now: Instant, out: RaftOutput): void {
    this.#raft.wake(now, out);
  }
  readIndex(now: Instant, context: number, out: RaftOutput): void {
    this.#raft.readIndex(now, context, out);
  }
  configure(now: Instant, next: Configuration, out: RaftOutput): boolean {
    return this.#raft.proposeConfiguration(now, next, out).type === "accepted";
  }
  transferLeadership(now: Instant, target: NodeId, out: RaftOutput): boolean {
    return this.#raft.transferLeadership(now, target, out) === "started";
  }
  compact(meta: SnapshotMeta, keepFrom: LogIndex, out: RaftOutput): void {
    this.#raft.compact(meta, keepFrom, out);
  }
  snapshotInstalled(meta: SnapshotMeta, ok: boolean, out: RaftOutput): void {
    this.#raft.snapshotInstalled(meta, ok, out);
  }
  disconnected(now: Instant, peer: NodeId): void {
    this.#raft.disconnected(now, peer);
  }
  connected(now: Instant): void {
    this.#raft.connected(now);
  }
  configurationAt(index: LogIndex): Configuration {
    return this.#raft.configurationAt(index);
  }
  termAt(index: LogIndex): Term | undefined {
    return this.#raft.state.log.termAt(index);
  }
  kindAt(index: LogIndex): EntryKind {
    return this.#raft.state.log.kindAt(index);
  }
  payloadAt(index: LogIndex): Uint8Array {
    return this.#raft.state.log.payloadAt(index);
  }
  checkStep(): void {
    this.#invariants.check(this.#raft);
  }
}

const RAFT_CODEC: EngineCodec<RaftMessage, RaftRecord> = {
  encodeMessage: (message) => joined(encodeMessage(message)),
  decodeMessage: (bytes) => decodeMessage(bytes),
  encodeRecord: (record) => joined(encodeRecord(record)),
  decodeRecord: (tag, bytes) => decodeRecord(tag, bytes),
  recordTag: (record) => recordTag(record.type),
};

function joined({ head, body }: Encoded): Uint8Array {
  const bytes = new Uint8Array(head.length + (body?.length ?? 0));
  bytes.set(head);
  if (body !== undefined) bytes.set(body, head.length);
  return bytes;
}

function mix(a: number, b: number, c: number, d: number): number {
  return Math.imul(Math.imul(Math.imul(a + 0x9e3779b1, 31) ^ b, 0x85ebca6b) ^ c, 0x2c1b3c6d) ^ d;
}

function fields(message: RaftMessage): string {
  const shown: string[] = [];
  for (const [name, value] of Object.entries(message)) {
    if (name === "type") continue;
    if (name === "entries") shown.push(`entries=${range(value as Entries)}`);
    else if (name === "snapshot") shown.push(`snapshot=${(value as SnapshotMeta).lastIncludedIndex}`);
    else if (name === "commands") shown.push(`commands=${(value as readonly unknown[]).length}`);
    else if (value instanceof Uint8Array) shown.push(`${name}=${value.length}B`);
    else shown.push(`${name}=${String(value)}`);
  }
  return shown.join(" ");
}

function range(entries: Entries): string {
  const count = entries.terms.length;
  return count === 0 ? "none" : `${entries.first}..${entries.first + count - 1}@${entries.terms.at(-1)}`;
}
