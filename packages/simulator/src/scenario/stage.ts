import { assert } from "@synod/protocols/assert";
import type { NodeId } from "@synod/protocols/protocol";
import { RaftInvariants } from "@synod/protocols/raft/invariants";
import { DurabilityInvariants } from "@synod/protocols/raft/invariants-durability";
import {
  DEFAULT_RAFT_OPTIONS,
  type Entries,
  EntryKind,
  type RaftMessage,
  type RaftOptions,
} from "@synod/protocols/raft/types";
import { Member, type MemberWorld, type RaftRules, textBytes } from "./member.ts";

/** More deliveries than this in one command is a message storm, itself a failure. */
const MAX_DELIVERIES = 20_000;

type Options = Omit<RaftOptions, "id" | "bootstrap">;

/**
 * A world under full control: nothing happens by itself. Time stands still unless told, timers fire only when told, and
 * messages arrive in order and at once, except on links that are held or cut.
 */
export class Stage implements MemberWorld {
  now = 0;
  /** Messages that arrived since a `count`. */
  deliveries = 0;
  readonly members: Map<NodeId, Member> = new Map();
  readonly invariants: RaftInvariants = new RaftInvariants();
  readonly durability: DurabilityInvariants = new DurabilityInvariants();
  readonly #rules: RaftRules;
  #options: Options = { ...DEFAULT_RAFT_OPTIONS, snapshotChunkBytes: 64 };
  #said: string[] = [];
  readonly #queue: { from: NodeId; to: NodeId; message: RaftMessage }[] = [];
  readonly #cut = new Set<string>();
  readonly #held = new Map<string, RaftMessage[]>();

  constructor(rules: RaftRules) {
    this.#rules = rules;
  }

  option(name: string, value: string): void {
    assert(name in this.#options, `there is no option ${name}`);
    const parsed = value === "on" ? true : value === "off" ? false : Number(value);
    this.#options = { ...this.#options, [name]: parsed };
  }

  create(size: number, voters: readonly NodeId[], learners: readonly NodeId[]): void {
    for (let id = 1; id <= size; id++) {
      const bootstrap = { voters, outgoing: [], learners };
      this.members.set(id, new Member(this, this.#rules, { ...this.#options, id, bootstrap }));
    }
  }

  /** A member's log before the story begins: one entry for each term given, all durable. */
  presetLog(id: NodeId, terms: readonly number[], currentTerm: number): void {
    const member = this.member(id);
    const entries: Entries = {
      first: 1,
      terms,
      kinds: terms.map(() => EntryKind.command),
      payloads: terms.map((term, i) => textBytes(`${term}.${i + 1}`)),
      encoded: undefined,
    };
    member.records.push({ type: "vote", term: currentTerm, votedFor: 0 });
    if (terms.length > 0) member.records.push({ type: "entries", entries });
    member.durable = member.records.length;
  }

  member(id: NodeId): Member {
    const member = this.members.get(id);
    assert(member !== undefined, `there is no S${id}`);
    return member;
  }

  /** Members start when the first command needs them, so that `log` and `option` can come before. */
  startAll(): void {
    for (const member of this.members.values()) if (!member.up && member.records.length >= 0) member.start();
  }

  // --- links

  cut(from: NodeId, to: NodeId): void {
    this.#cut.add(`${from}>${to}`);
  }

  heal(): void {
    this.#cut.clear();
  }

  healLink(from: NodeId, to: NodeId): void {
    this.#cut.delete(`${from}>${to}`);
  }

  hold(from: NodeId, to: NodeId): void {
    this.#held.set(`${from}>${to}`, this.#held.get(`${from}>${to}`) ?? []);
  }

  /** Lets go of a link: what was held arrives now, in order. */
  flow(from: NodeId, to: NodeId): void {
    const messages = this.#held.get(`${from}>${to}`) ?? [];
    this.#held.delete(`${from}>${to}`);
    for (const message of messages) this.#queue.push({ from, to, message });
  }

  heldOn(from: NodeId, to: NodeId): RaftMessage[] {
    const messages = this.#held.get(`${from}>${to}`);
    assert(messages !== undefined, `the link from S${from} to S${to} is not held`);
    return messages;
  }

  /** Delivers one held message out of turn; `keep`: a duplicate of it stays on the link. */
  deliverHeld(from: NodeId, to: NodeId, position: number, keep: boolean): void {
    const messages = this.heldOn(from, to);
    const message = messages[position];
    assert(message !== undefined, `the link holds ${messages.length} messages`);
    if (!keep) messages.splice(position, 1);
    this.#deliver(from, to, message);
  }

  // --- MemberWorld

  send(from: NodeId, to: NodeId, message: RaftMessage): void {
    if (this.#cut.has(`${from}>${to}`)) return;
    const held = this.#held.get(`${from}>${to}`);
    if (held !== undefined) held.push(message);
    else this.#queue.push({ from, to, message });
  }

  say(line: string): void {
    this.#said.push(line);
  }

  takeSaid(): string[] {
    const said = this.#said;
    this.#said = [];
    return said;
  }

  // --- time and delivery

  /** Delivers everything that is on its way, and what follows from it. Paused members keep theirs waiting. */
  settle(): void {
    const waiting: { from: NodeId; to: NodeId; message: RaftMessage }[] = [];
    for (let count = 0; ; count++) {
      const next = this.#queue.shift();
      if (next === undefined) break;
      assert(count < MAX_DELIVERIES, "a message storm: the members do not come to rest");
      if (this.members.get(next.to)?.paused === true) waiting.push(next);
      else this.#deliver(next.from, next.to, next.message);
    }
    this.#queue.push(...waiting);
  }

  #deliver(from: NodeId, to: NodeId, message: RaftMessage): void {
    const member = this.members.get(to);
    if (member?.up !== true) return;
    if (from !== to) this.deliveries++;
    member.input((raft, out) => raft.receive(this.now, from, message, out));
  }

  /** Only this member's timer fires, at its own deadline. */
  fireTimer(id: NodeId): void {
    const member = this.member(id);
    this.now = Math.max(this.now, member.raft.wakeAt);
    member.input((raft, out) => raft.wake(this.now, out));
  }

  /** All timers fire as they fall due. */
  advance(micros: number): void {
    const end = this.now + micros;
    for (let count = 0; ; count++) {
      assert(count < MAX_DELIVERIES, "a storm of timers");
      const due = [...this.members.values()].reduce((a, b) => (b.wakeAt < a.wakeAt ? b : a));
      if (due.wakeAt > end) break;
      this.now = Math.max(this.now, due.wakeAt);
      due.input((raft, out) => raft.wake(this.now, out));
      this.settle();
    }
    this.now = end;
  }
}
