import type { Instant, LogIndex, NodeId, Term } from "@synod/protocols/protocol";
import { isJoint, isVoter } from "@synod/protocols/quorum";
import { checkState } from "@synod/protocols/raft/invariants";
import type { Raft } from "@synod/protocols/raft/raft";
import { configurationIndex, configurationOf } from "@synod/protocols/raft/state";
import {
  EntryKind,
  type RaftMessage,
  type RaftOutcome,
  type RaftOutput,
  type RaftRecord,
} from "@synod/protocols/raft/types";
import type {
  Answerer,
  Asker,
  Group,
  GroupListener,
  GroupStatus,
  Membership,
  Reach,
  Requester,
  StateMachine,
} from "../group.ts";
import type { Transport } from "../transport/transport.ts";
import { Applied } from "./applying.ts";
import { BATCH_HEADER, isBatch, stamp, stamped, timeOf } from "./batch.ts";
import { FrameKind } from "./frame-kinds.ts";
import type { HostLimits } from "./options.ts";
import { Proposals } from "./proposals.ts";
import { Questions } from "./questions.ts";
import { Reads } from "./reads.ts";

/** What a group asks of the host that drives it. */
export interface GroupDriver {
  readonly transport: Pick<Transport, "queue">;
  now(): Instant;
  persist(group: number, record: RaftRecord): void;
  send(group: number, to: NodeId, message: RaftMessage): void;
  sendOnceDurable(group: number, to: NodeId, message: RaftMessage): void;
  /** Something waits for the next turn. */
  wantTurn(): void;
  /** The protocol has said something that the second half of a turn answers. */
  announced(): void;
  roleChanged(group: number, status: GroupStatus): void;
  /** Committed entries have been applied. */
  batchApplied(began: Instant): void;
  snapshotOutcome(group: number, outcome: Extract<RaftOutcome, { type: "snapshotChunk" | "installSnapshot" }>): void;
  reach(group: number, node: NodeId): Reach;
}

/** After this long without an answer a proposal or a read is sent again: its message may be lost. */
const RETRY_AFTER: Instant = 500_000;

/** One replicated log with Raft as its engine, and the service's state machine at its end. */
export class RaftGroup<Result> implements Group<Result>, RaftOutput {
  readonly id: number;
  readonly self: NodeId;
  readonly applied: Applied<Result>;
  readonly proposals: Proposals<Result>;
  readonly reads: Reads<Result>;
  readonly questions: Questions<Result>;
  readonly #limits: HostLimits;
  readonly #driver: GroupDriver;
  readonly #listeners: GroupListener[] = [];
  #raft: Raft | undefined;
  #clockBase: Instant = 0;
  #clockSetAt: Instant = 0;
  #forwarded: Uint8Array[] = [];
  #stopped = false;

  constructor(
    id: number,
    self: NodeId,
    incarnation: number,
    machine: StateMachine<Result>,
    limits: HostLimits,
    driver: GroupDriver,
  ) {
    this.id = id;
    this.self = self;
    this.#limits = limits;
    this.#driver = driver;
    this.proposals = new Proposals(self, incarnation, limits);
    this.reads = new Reads(limits.requests, incarnation % 1_000_000_007);
    this.questions = new Questions({
      group: id,
      self,
      incarnation,
      limits,
      transport: driver.transport,
      clusterTime: () => this.clusterTime(),
      leads: () => (this.raft.state.role.type === "leader" ? this.raft.state.currentTerm : undefined),
    });
    this.applied = new Applied(machine, { self, incarnation }, this.proposals.requests, limits.hashEvery);
  }

  /** Set once by the host, when the log is recovered. */
  start(raft: Raft): void {
    this.#raft = raft;
    this.applied.recovered = raft.state.log.lastIndex;
  }

  get raft(): Raft {
    return this.#raft!;
  }

  // --- Group

  get status(): GroupStatus {
    const { state } = this.raft;
    const configuration = configurationOf(state);
    const learner = state.role.type === "follower" && !isVoter(configuration, this.self);
    return {
      id: this.id,
      self: this.self,
      role: learner ? "learner" : state.role.type,
      leader: state.leader,
      term: state.currentTerm,
      lastIndex: state.log.lastIndex,
      commitIndex: state.commitIndex,
      appliedIndex: this.applied.index,
      configuration,
      isSettled: !isJoint(configuration) && configurationIndex(state) <= state.commitIndex,
    };
  }

  reach(node: NodeId): Reach {
    return this.#driver.reach(this.id, node);
  }

  /** Who is to take part, as the state machine has it now. */
  get membership(): Membership | undefined {
    return this.applied.machine.membership?.();
  }

  propose(command: Uint8Array, requester: Requester<Result>, token: number): void {
    if (this.#stopped) return requester.failed(token, "stopped");
    const deadline = this.#driver.now() + this.#limits.requestTimeout;
    if (!this.proposals.add(command, requester, token, deadline)) requester.failed(token, "overloaded");
    else this.#driver.wantTurn();
  }

  read(requester: Requester<Result>, token: number): void {
    if (this.#stopped) return requester.failed(token, "stopped");
    const deadline = this.#driver.now() + this.#limits.requestTimeout;
    if (!this.reads.add(requester, token, deadline)) requester.failed(token, "overloaded");
    else this.#driver.wantTurn();
  }

  ask(question: Uint8Array, asker: Asker<Result>, token: number): void {
    if (this.#stopped) return asker.failed(token, "stopped");
    const deadline = this.#driver.now() + this.#limits.requestTimeout;
    if (!this.questions.add(question, asker, token, deadline)) asker.failed(token, "overloaded");
    else this.#driver.wantTurn();
  }

  answerBy(answerer: Answerer): void {
    this.questions.answerer = answerer;
  }

  get readsByLease(): boolean {
    return this.raft.state.options.leaseReads;
  }

  clusterTime(): Instant {
    return this.#clockBase + Math.max(0, this.#driver.now() - this.#clockSetAt);
  }

  subscribe(listener: GroupListener): void {
    this.#listeners.push(listener);
  }

  transferLeadership(target: NodeId): "started" | "notLeader" | "notVoter" {
    const result = this.raft.transferLeadership(this.#driver.now(), target, this);
    this.#driver.wantTurn();
    return result === "alreadyLeader" ? "started" : result;
  }

  // --- RaftOutput

  persist(record: RaftRecord): void {
    this.#driver.persist(this.id, record);
  }

  send(to: NodeId, message: RaftMessage): void {
    this.#driver.send(this.id, to, message);
  }

  sendOnceDurable(to: NodeId, message: RaftMessage): void {
    this.#driver.sendOnceDurable(this.id, to, message);
  }

  announce(outcome: RaftOutcome): void {
    switch (outcome.type) {
      case "committed":
        break; // read from the state at the end of the turn
      case "configuration":
        for (const listener of this.#listeners) listener.roleChanged?.(this.status);
        break;
      case "proposalForwarded":
        for (const batch of outcome.commands) if (isBatch(batch)) this.#forwarded.push(batch);
        break;
      case "readable":
        this.reads.confirmed(outcome.context, outcome.index);
        break;
      case "readRefused":
        break; // asked for again once there is a leader
      case "role":
        if (outcome.role === "leader") this.#startClock();
        this.#driver.roleChanged(this.id, this.status);
        for (const listener of this.#listeners) listener.roleChanged?.(this.status);
        break;
      case "snapshotChunk":
      case "installSnapshot":
        this.#driver.snapshotOutcome(this.id, outcome);
        break;
    }
    this.#driver.announced();
  }

  // --- The host's turn

  receive(now: Instant, from: NodeId, message: RaftMessage): void {
    this.raft.receive(now, from, message, this);
    checkState(this.raft.state);
  }

  /** A frame that is not of the protocol. */
  hear(from: NodeId, kind: number, body: Uint8Array): void {
    if (kind === FrameKind.hash && body.length === 11) this.applied.hashes.hear(from, body);
    else if (kind !== FrameKind.questions && kind !== FrameKind.answers) return;
    else if (this.questions.hear(from, kind, body)) this.#driver.wantTurn();
  }

  wake(now: Instant): void {
    if (this.raft.wakeAt <= now) this.raft.wake(now, this);
    this.proposals.requests.expire(now);
    this.reads.expire(now);
    this.questions.expire(now);
    this.proposals.settle();
  }

  /** First half of a turn: what clients and followers brought goes to the protocol. */
  takeInputs(now: Instant): void {
    const { state } = this.raft;
    const leading = state.role.type === "leader";
    if (leading) this.#proposeForwarded(now);
    else this.#forwarded.length = 0; // their origins send them again
    if (state.leader !== undefined && this.proposals.hasOutstanding)
      this.#handOut(now, state.leader, state.currentTerm);
    if (state.leader === undefined) return;
    this.questions.handOut(now, state.leader, state.currentTerm, this.reads);
    if (this.reads.hasNew) this.raft.readIndex(now, this.reads.take(now), this);
    for (const context of this.reads.retry(now, now - RETRY_AFTER)) this.raft.readIndex(now, context, this);
  }

  /** Second half: what has become committed is applied, and everyone who waited is answered. */
  applyCommitted(): void {
    const { log, commitIndex } = this.raft.state;
    const before = this.applied.index;
    if (commitIndex > before) {
      const began = this.#driver.now();
      this.applied.applyUpTo(commitIndex, log);
      this.#driver.batchApplied(began);
      this.proposals.settle();
      if (this.applied.index < commitIndex) this.#driver.wantTurn();
    }
    this.reads.serve(this.applied.index);
    this.questions.tell();
    if (commitIndex > before) for (const listener of this.#listeners) listener.batchApplied?.(this.applied.index);
  }

  /** Makes Raft's configuration another one (§6). @returns whether that has begun */
  proposeConfiguration(next: { readonly voters: readonly NodeId[]; readonly learners: readonly NodeId[] }): boolean {
    return this.raft.proposeConfiguration(this.#driver.now(), next, this).type === "accepted";
  }

  /** This node is no member any more: whoever waits for that is to know before the host stops. */
  tellRemoved(): void {
    for (const listener of this.#listeners) listener.removed?.();
  }

  stop(): void {
    this.#stopped = true;
    this.proposals.requests.failAll("stopped");
    this.reads.failAll("stopped");
    this.questions.stop();
  }

  #proposeForwarded(now: Instant): void {
    if (this.#forwarded.length === 0) return;
    const batches = this.#forwarded.map((batch) => stamped(batch, this.clusterTime()));
    this.#forwarded = [];
    this.raft.propose(now, batches, this); // when it is refused, the origins send them again
  }

  #handOut(now: Instant, leader: NodeId, term: Term): void {
    // What this leader holds in its own log needs no repetition; what was sent to another may be lost.
    const before = leader === this.self ? -1 : now - RETRY_AFTER;
    const batches = this.proposals.due(leader, term, now, before);
    if (batches.length === 0) return;
    if (leader !== this.self) {
      this.send(leader, { type: "Propose", term, commands: batches.map(({ bytes }) => bytes) });
      return;
    }
    const time = this.clusterTime();
    const result = this.raft.propose(
      now,
      batches.map(({ bytes, handed }) => (handed === 1 ? stamp(bytes, time) : stamped(bytes, time))),
      this,
    );
    if (result.type === "accepted") return;
    for (const batch of batches) {
      if (result.reason === "overloaded") this.proposals.refused(batch, "overloaded");
      else this.proposals.unsent(batch);
    }
  }

  /** A new leader's time goes on from the latest that any entry carries, committed or not: it never runs backwards. */
  #startClock(): void {
    const { log } = this.raft.state;
    let latest = this.applied.time;
    for (let index: LogIndex = log.lastIndex; index > this.applied.index && index >= log.firstIndex; index--) {
      if (log.kindAt(index) !== EntryKind.command || log.payloadAt(index).length < BATCH_HEADER) continue;
      latest = Math.max(latest, timeOf(log.payloadAt(index)));
      break;
    }
    this.#clockBase = latest;
    this.#clockSetAt = this.#driver.now();
  }
}
