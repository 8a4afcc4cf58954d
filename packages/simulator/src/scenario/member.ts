import { type LogIndex, NEVER, type NodeId } from "@synod/protocols/protocol";
import type { RaftInvariants } from "@synod/protocols/raft/invariants";
import type { CommittingMember, DurabilityInvariants } from "@synod/protocols/raft/invariants-durability";
import type { Raft } from "@synod/protocols/raft/raft";
import type { RecoveredState } from "@synod/protocols/raft/recovery";
import { configurationOf, type RaftState } from "@synod/protocols/raft/state";
import {
  EntryKind,
  type RaftMessage,
  type RaftOptions,
  type RaftOutcome,
  type RaftOutput,
  type RaftRecord,
  type SnapshotMeta,
} from "@synod/protocols/raft/types";
import { Random } from "@synod/protocols/random";
import type { Sessions } from "@synod/protocols/sessions";

/** The rules under test: the real ones, or a mutant's. */
export interface RaftRules {
  readonly Raft: typeof Raft;
  readonly recover: (records: Iterable<RaftRecord>) => RecoveredState;
  readonly Sessions: typeof Sessions;
}

/** Where a member's messages go, and who is told what it says. */
export interface MemberWorld {
  now: number;
  send(from: NodeId, to: NodeId, message: RaftMessage): void;
  say(line: string): void;
  readonly invariants: RaftInvariants;
  readonly durability: DurabilityInvariants;
}

/** One member on the stage: its rules, its disk, which may stall, and the texts it has applied. */
export class Member implements RaftOutput {
  readonly id: NodeId;
  readonly records: RaftRecord[] = [];
  /** Records up to here survive a crash. */
  durable = 0;
  stalled = false;
  up = false;
  paused = false;
  applied: string[] = [];
  /** Reads that may be served, as `r1`. */
  served: string[] = [];
  #appliedIndex: LogIndex = 0;
  readonly #world: MemberWorld;
  readonly #rules: RaftRules;
  readonly #options: RaftOptions;
  readonly #held: { after: number; to: NodeId; message: RaftMessage }[] = [];
  readonly #snapshots = new Map<LogIndex, Uint8Array>();
  #receiving: Uint8Array = new Uint8Array(0);
  #toInstall: SnapshotMeta | undefined;
  #sessions: Sessions;
  #raft: Raft | undefined;
  #lives = 0;

  constructor(world: MemberWorld, rules: RaftRules, options: RaftOptions) {
    this.id = options.id;
    this.#world = world;
    this.#rules = rules;
    this.#options = options;
    this.#sessions = new rules.Sessions(64);
  }

  get raft(): Raft {
    return this.#raft!;
  }

  get wakeAt(): number {
    return this.up && !this.paused ? this.raft.wakeAt : NEVER;
  }

  start(): void {
    const recovered = this.#rules.recover(this.records);
    this.up = true;
    this.applied = [];
    this.#appliedIndex = 0;
    this.#sessions = new this.#rules.Sessions(64);
    if (recovered.snapshot !== undefined) this.#restore(this.#snapshots.get(recovered.snapshot.lastIncludedIndex)!);
    const random = new Random(`S${this.id}/${this.#lives++}`);
    const source = {
      read: (meta: SnapshotMeta, offset: number, length: number): Uint8Array | undefined =>
        this.#snapshots.get(meta.lastIncludedIndex)?.subarray(offset, offset + length),
    };
    this.#raft = new this.#rules.Raft(this.#options, recovered, random, this.#world.now, source);
    this.#appliedIndex = this.raft.state.log.baseIndex;
    this.#world.invariants.started(this.raft);
    this.#world.durability.started(this.raft);
  }

  /** What the disk did not hold is gone, and so is all that waited for it. */
  crash(): void {
    this.up = false;
    this.stalled = false;
    this.records.length = this.durable;
    this.#world.durability.crashed(this.id);
    this.#held.length = 0;
    this.#receiving = new Uint8Array(0);
  }

  /** One input; everything it committed is applied before this returns. */
  input(act: (raft: Raft, out: RaftOutput) => void): void {
    act(this.raft, this);
    this.#install();
    this.#world.invariants.check(this.raft);
    this.#apply();
    if (!this.stalled) this.sync();
  }

  /** The disk catches up: what waited for it leaves. */
  sync(): void {
    this.durable = this.records.length;
    for (const { after, to, message } of this.#held.splice(0)) {
      this.#world.durability.durable(this.id, after);
      this.send(to, message);
    }
    this.#world.durability.durable(this.id, this.durable);
  }

  /** What a damaged log still holds is written in its place, with the note that something is missing. */
  damage(sound: readonly RaftRecord[]): void {
    this.records.splice(0, this.records.length, ...sound, { type: "recovery", recovering: true });
    this.durable = this.records.length;
    this.#world.durability.damaged(this.id);
  }

  /** A snapshot of what is applied; entries more than `keep` behind it are compacted. */
  snapshot(keep: number): SnapshotMeta {
    const { state } = this.raft;
    const bytes = textBytes(JSON.stringify({ applied: this.applied, sessions: [...this.#sessions.snapshot()] }));
    const meta = {
      lastIncludedIndex: this.#appliedIndex,
      lastIncludedTerm: state.log.termAt(this.#appliedIndex)!,
      configuration: this.raft.configurationAt(this.#appliedIndex),
      size: bytes.length,
      checksum: 0,
    };
    this.#snapshots.set(meta.lastIncludedIndex, bytes);
    this.input((raft, out) => raft.compact(meta, meta.lastIncludedIndex - keep + 1, out));
    return meta;
  }

  persist(record: RaftRecord): void {
    this.records.push(record);
    this.#world.durability.written(this.id, this.records.length, record);
  }

  send(to: NodeId, message: RaftMessage): void {
    this.#world.durability.leaves(this.id, to, message);
    this.#world.send(this.id, to, message);
  }

  sendOnceDurable(to: NodeId, message: RaftMessage): void {
    this.#held.push({ after: this.records.length, to, message });
  }

  announce(outcome: RaftOutcome): void {
    const name = `S${this.id}`;
    switch (outcome.type) {
      case "role":
        this.#world.say(roleLine(name, outcome));
        break;
      case "committed":
        this.#world.durability.committed(this.id, committing(this.raft.state), outcome.index);
        this.#world.say(`${name} commits ${outcome.index}`);
        break;
      case "readable":
        this.served.push(`r${outcome.context}`);
        this.#world.say(`${name} may serve read r${outcome.context} at ${outcome.index}`);
        break;
      case "readRefused":
        this.#world.say(`${name} refuses read r${outcome.context}`);
        break;
      case "configuration":
        this.#world.say(`${name} uses ${configurationText(outcome.configuration)} from ${outcome.index}`);
        break;
      case "snapshotChunk":
        this.#receiving = joined(outcome.offset === 0 ? new Uint8Array(0) : this.#receiving, outcome.data);
        break;
      case "installSnapshot":
        this.#toInstall = outcome.snapshot;
        break;
      case "proposalForwarded":
        break;
    }
  }

  #install(): void {
    const meta = this.#toInstall;
    if (meta === undefined) return;
    this.#toInstall = undefined;
    if (meta.lastIncludedIndex > this.#appliedIndex) {
      this.#snapshots.set(meta.lastIncludedIndex, this.#receiving);
      this.#restore(this.#receiving);
      this.#appliedIndex = meta.lastIncludedIndex;
      this.#world.say(`S${this.id} installs a snapshot up to ${meta.lastIncludedIndex}`);
    }
    this.raft.snapshotInstalled(meta, true, this);
  }

  #apply(): void {
    const { log, commitIndex } = this.raft.state;
    for (let index = this.#appliedIndex + 1; index <= commitIndex; index++) {
      if (log.kindAt(index) === EntryKind.command) this.#applyText(index, String.fromCharCode(...log.payloadAt(index)));
      this.#appliedIndex = index;
    }
  }

  /** `c1:5:x` is request 5 of client 1; any other text is applied as it is. */
  #applyText(index: LogIndex, text: string): void {
    const request = /^c(\d+):(\d+):(.*)$/.exec(text);
    if (request === null) {
      this.applied.push(text);
      return;
    }
    const session = this.#sessions.open(Number(request[1]), 1, index);
    if (this.#sessions.admit(session, Number(request[2]))) this.applied.push(request[3]!);
  }

  #restore(bytes: Uint8Array): void {
    const { applied, sessions } = JSON.parse(String.fromCharCode(...bytes)) as {
      applied: string[];
      sessions: number[];
    };
    this.applied = [...applied];
    this.#sessions.restore(Uint8Array.from(sessions));
  }
}

function committing(state: RaftState): CommittingMember {
  const termAt = (index: LogIndex): number | undefined => state.log.termAt(index);
  return { role: state.role.type, configuration: configurationOf(state), termAt };
}

export function textBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export function configurationText(configuration: {
  readonly voters: readonly NodeId[];
  readonly outgoing: readonly NodeId[];
  readonly learners: readonly NodeId[];
}): string {
  const list = (nodes: readonly NodeId[]): string => nodes.map((node) => `S${node}`).join(" ");
  const outgoing = configuration.outgoing.length > 0 ? ` and (${list(configuration.outgoing)})` : "";
  const learners = configuration.learners.length > 0 ? ` learners ${list(configuration.learners)}` : "";
  return `voters (${list(configuration.voters)})${outgoing}${learners}`;
}

function roleLine(name: string, { role, term, leader }: Extract<RaftOutcome, { type: "role" }>): string {
  if (role === "leader") return `${name} leads term ${term}`;
  if (role === "candidate") return `${name} campaigns in term ${term}`;
  if (role === "preCandidate") return `${name} asks whether it could win term ${term + 1}`;
  return leader === undefined ? `${name} follows nobody in term ${term}` : `${name} follows S${leader} in term ${term}`;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
