import { assert } from "@synod/protocols/assert";
import { type Instant, NEVER, type NodeId } from "@synod/protocols/protocol";
import { decodeMessage, encodeMessage, encodeRecord, recordTag } from "@synod/protocols/raft/codec";
import { Raft } from "@synod/protocols/raft/raft";
import type { RaftMessage, RaftRecord } from "@synod/protocols/raft/types";
import { Random } from "@synod/protocols/random";
import type { DiskError } from "@synod/storage/disk";
import { SnapshotStore } from "@synod/storage/snapshots/store";
import type { WalError } from "@synod/storage/wal/types";
import type { Wal } from "@synod/storage/wal/wal";
import type { Group, GroupStatus, StateMachine } from "../group.ts";
import type { Logger } from "../log/logger.ts";
import { Transport } from "../transport/transport.ts";
import { DurableMessages } from "./durable-messages.ts";
import { type GroupRecovery, keepRecovering, openLog } from "./open-log.ts";
import {
  DEFAULT_LIMITS,
  HOST_RAFT_OPTIONS,
  HostError,
  type HostLimits,
  type HostOptions,
  type HostStats,
} from "./options.ts";
import { type GroupDriver, RaftGroup } from "./raft-group.ts";
import { Snapshotting } from "./snapshotting.ts";

/** Kinds of frames between hosts. */
const FRAME_RAFT = 1;
const FRAME_HASH = 2;
const TICK_MS = 1000;

/**
 * One node: its groups, their shared write-ahead log, one connection to each peer, and the turn that drives them all
 * (ARCHITECTURE.md follows a write through it). Whatever arrives in one pass of the event loop is one turn: one write to
 * each peer, one write and one sync of the disk, one loop of applying, one write to each client.
 */
export class Host implements GroupDriver {
  readonly options: HostOptions;
  readonly limits: HostLimits;
  readonly transport: Transport;
  readonly stats: HostStats = {
    turns: 0,
    flushes: 0,
    flushMicros: 0,
    slowestFlushMicros: 0,
    walBytes: 0,
    leaderChanges: 0,
    proposalsFailed: 0,
    snapshots: 0,
  };
  /** Resolves when the node had to stop by itself. */
  readonly failed: Promise<HostError>;
  readonly #logger: Logger;
  readonly #incarnation: number;
  readonly #groups: Map<number, RaftGroup<unknown>> = new Map();
  readonly #durable = new DurableMessages();
  readonly #hooks: (() => void)[] = [];
  #wal: Wal | undefined;
  #recoveries: Map<number, GroupRecovery> = new Map();
  #snapshots: SnapshotStore | undefined;
  /** To be called once what is persisted by now is durable. */
  #afterFlush: (() => void)[] = [];
  #snapshotting: Map<number, Snapshotting> = new Map();
  #turnWanted = false;
  #inTurn = false;
  #dirtyLog = false;
  #flushing = false;
  #flushStarted: Instant = 0;
  #votesChanged: Set<number> = new Set();
  #timer: NodeJS.Timeout | undefined;
  #timerAt: Instant = NEVER;
  #tick: NodeJS.Timeout | undefined;
  #stopped = false;
  #fail!: (error: HostError) => void;

  constructor(options: HostOptions) {
    this.options = options;
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#logger = options.logger;
    this.#incarnation = Date.now() * 1000 + Math.floor(Math.random() * 1000);
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
    this.transport = new Transport({
      self: options.self,
      clusterId: options.clusterId,
      incarnation: this.#incarnation,
      logger: options.logger,
      handler: {
        onFrame: (from, group, kind, body) => this.#onFrame(from, group, kind, body),
        onDisconnected: (node) => this.#onDisconnected(node),
        onConnected: () => this.wantTurn(),
      },
    });
  }

  /** Adds a group before `start`. */
  addGroup<Result>(id: number, machine: StateMachine<Result>): Group<Result> {
    assert(this.#wal === undefined, "groups are added before the start");
    const group = new RaftGroup<Result>(id, this.options.self, this.#incarnation, machine, this.limits, this);
    this.#groups.set(id, group as RaftGroup<unknown>);
    return group;
  }

  /** Called at the end of each turn, after everything was applied: a server flushes its connections. */
  onTurnEnd(hook: () => void): void {
    this.#hooks.push(hook);
  }

  /** Recovers the log, restores the state and begins to listen. @throws HostError, WalError, DiskError, or the listener's error */
  async start(): Promise<void> {
    const { self, peers, clusterId, disk } = this.options;
    const opened = await openLog(disk, { clusterId, nodeId: self }, [...this.#groups.keys()], this.#logger, peers.size);
    this.#wal = opened.wal;
    this.#recoveries = opened.groups;
    this.#snapshots = new SnapshotStore(disk, { clusterId });
    for (const group of this.#groups.values()) {
      await this.#startGroup(group, opened.groups.get(group.id)!, this.#snapshots);
    }
    await this.transport.listen(this.options.listen ?? peers.get(self)!);
    for (const [node, address] of peers) if (node !== self) this.transport.setPeer(node, address);
    this.#tick = setInterval(() => this.#onTick(), TICK_MS);
    this.wantTurn();
  }

  async #startGroup(group: RaftGroup<unknown>, recovery: GroupRecovery, store: SnapshotStore): Promise<void> {
    const { self, peers } = this.options;
    const { state, voteFile } = recovery;
    const snapshotting = new Snapshotting(group, {
      store,
      limits: this.limits,
      logger: this.#logger,
      wantTurn: () => this.wantTurn(),
      whenDurable: (done) => void this.#afterFlush.push(done),
      release: (id, index) => this.#wal!.release(id, index),
    });
    if (!snapshotting.restore(state)) await keepRecovering(state, voteFile, peers.size, "A snapshot is damaged.");
    const voters = [...peers.keys()].sort((a, b) => a - b);
    const bootstrap = { voters, outgoing: [], learners: [] };
    const options = { ...HOST_RAFT_OPTIONS, ...this.options.raft, id: self, bootstrap };
    const random = new Random(`${self}/${group.id}/${this.#incarnation}`);
    group.start(new Raft(options, state, random, this.now(), snapshotting));
    this.#snapshotting.set(group.id, snapshotting);
  }

  // --- GroupDriver

  now(): Instant {
    return Math.floor(performance.now() * 1000);
  }

  persist(group: number, record: RaftRecord): void {
    const wal = this.#wal!;
    const { head, body } = encodeRecord(record);
    const tag = recordTag(record.type);
    if (record.type === "entries") {
      const last = record.entries.first + record.entries.terms.length - 1;
      wal.append(group, tag, last, head, body);
    } else {
      wal.appendSticky(group, tag, 0, head, body);
      if (record.type === "vote" || record.type === "recovery") this.#votesChanged.add(group);
    }
    this.#dirtyLog = true;
    this.wantTurn();
  }

  send(group: number, to: NodeId, message: RaftMessage): void {
    const { head, body } = encodeMessage(message);
    this.transport.queue(to, group, FRAME_RAFT, head, body);
    this.wantTurn();
  }

  sendOnceDurable(group: number, to: NodeId, message: RaftMessage): void {
    this.#durable.add(group, to, message);
    this.wantTurn();
  }

  roleChanged(_group: number, status: GroupStatus): void {
    if (status.role === "leader") this.#logger.info(`became leader in term ${status.term}`);
    else if (status.role === "follower" && status.leader !== undefined) {
      this.#logger.info(`follows n${status.leader} in term ${status.term}`);
    }
    if (status.leader !== undefined) this.stats.leaderChanges++;
  }

  snapshotOutcome(group: number, outcome: Parameters<GroupDriver["snapshotOutcome"]>[1]): void {
    this.#snapshotting.get(group)!.incoming(outcome);
  }

  wantTurn(): void {
    if (this.#turnWanted || this.#stopped || this.#wal === undefined) return;
    this.#turnWanted = true;
    setImmediate(this.#runTurn);
  }

  // --- Inputs

  #onFrame(from: NodeId, groupId: number, kind: number, body: Uint8Array): void {
    const group = this.#groups.get(groupId);
    if (group === undefined || this.#wal === undefined || this.#stopped) return;
    try {
      if (kind === FRAME_HASH && from === group.raft.state.leader && body.length === 11)
        group.applied.hashes.hear(body);
      if (kind !== FRAME_RAFT) return;
      const message = this.#decode(from, body);
      if (message !== undefined) this.#guard(() => group.receive(this.now(), from, message));
    } finally {
      this.wantTurn();
    }
  }

  #decode(from: NodeId, body: Uint8Array): RaftMessage | undefined {
    try {
      return decodeMessage(body);
    } catch (error) {
      this.transport.disconnect(from, `it sent a malformed message (${(error as Error).message})`);
      return undefined;
    }
  }

  #onDisconnected(node: NodeId): void {
    for (const group of this.#groups.values()) group.raft?.disconnected(this.now(), node);
    this.wantTurn();
  }

  // --- The turn

  readonly #runTurn = (): void => {
    this.#turnWanted = false;
    if (this.#stopped) return;
    this.#guard(() => this.#turn());
  };

  #turn(): void {
    this.#inTurn = true;
    this.stats.turns++;
    const now = this.now();
    for (const group of this.#groups.values()) {
      group.wake(now);
      group.takeInputs(now);
    }
    // Peers write to their disks while this node writes to its own.
    this.transport.flush();
    this.#flushLog();
    for (const group of this.#groups.values()) {
      group.applyCommitted();
      this.#snapshotting.get(group.id)!.step();
    }
    for (const hook of this.#hooks) hook();
    this.transport.flush();
    this.#inTurn = false;
    this.#armTimer();
  }

  /** One write and one sync for the turn, unless a sync is under way: then the turn's records go with the next. */
  #flushLog(): void {
    if (this.#flushing || !(this.#dirtyLog || this.#durable.isWaiting)) return;
    this.#durable.syncStarts();
    if (!this.#dirtyLog) return this.#release();
    this.#dirtyLog = false;
    this.#flushing = true;
    this.#flushStarted = this.now();
    const after = this.#afterFlush.splice(0);
    this.#keepVotes(() => this.#wal!.flush(this.#onFlushed));
    if (after.length > 0) this.#wal!.flush((error) => error === undefined && after.forEach((done) => void done()));
  }

  /** Votes are kept twice (vote-file.ts); the second copy is written first, so that it is never the older one. */
  #keepVotes(then: () => void): void {
    const changed = [...this.#votesChanged];
    this.#votesChanged.clear();
    let left = changed.length;
    if (left === 0) return then();
    for (const id of changed) {
      const { currentTerm: term, votedFor, recovering } = this.#groups.get(id)!.raft.state;
      this.#recoveries.get(id)!.voteFile.write({ term, votedFor, recovering }, (error) => {
        if (error !== undefined) this.#diskFailed(error);
        else if (--left === 0) then();
      });
    }
  }

  readonly #onFlushed = (error: DiskError | WalError | undefined): void => {
    this.#flushing = false;
    if (error !== undefined) return this.#diskFailed(error);
    const took = this.now() - this.#flushStarted;
    this.stats.flushes++;
    this.stats.flushMicros += took;
    this.stats.slowestFlushMicros = Math.max(this.stats.slowestFlushMicros, took);
    this.#guard(() => this.#release());
    if (!this.#inTurn) this.wantTurn();
  };

  #release(): void {
    const now = this.now();
    this.#durable.syncEnded((group, to, message) => {
      if (to === this.options.self) this.#groups.get(group)!.receive(now, to, message);
      else this.send(group, to, message);
    });
  }

  #armTimer(): void {
    let next = NEVER;
    for (const group of this.#groups.values()) next = Math.min(next, group.raft.wakeAt);
    if (next >= this.#timerAt || next === NEVER) return;
    clearTimeout(this.#timer);
    this.#timerAt = next;
    this.#timer = setTimeout(this.#onTimer, Math.max(0, (next - this.now()) / 1000));
  }

  readonly #onTimer = (): void => {
    this.#timerAt = NEVER;
    this.wantTurn();
  };

  // --- Once a second

  #onTick(): void {
    this.#guard(() => {
      if (!this.#flushing) this.#wal!.markDurable();
      this.stats.walBytes = this.#wal!.sizeBytes;
      this.#watchDisk();
      for (const group of this.#groups.values()) this.#compareStates(group);
      this.wantTurn(); // time-outs of requests
    });
  }

  /** A leader that cannot write makes way for one that can; its followers' disks commit without it (etcd #15247). */
  #watchDisk(): void {
    if (!this.#flushing || this.now() - this.#flushStarted < HOST_RAFT_OPTIONS.electionTimeout) return;
    this.#logger.warn("the disk does not answer", { seconds: (this.now() - this.#flushStarted) / 1e6 });
    for (const group of this.#groups.values()) this.#handOver(group);
  }

  #handOver(group: RaftGroup<unknown>): boolean {
    const { state } = group.raft;
    if (state.role.type !== "leader") return false;
    let best: NodeId | undefined;
    for (const peer of this.transport.peers()) {
      if (!this.transport.isConnected(peer) || state.progress[peer] === undefined) continue;
      if (best === undefined || state.progress[peer]!.matchIndex > state.progress[best]!.matchIndex) best = peer;
    }
    return best !== undefined && group.transferLeadership(best) === "started";
  }

  #compareStates(group: RaftGroup<unknown>): void {
    const { hashes } = group.applied;
    if (group.raft.state.role.type === "leader") {
      const news = hashes.news();
      if (news === undefined) return;
      for (const peer of this.transport.peers()) this.transport.queue(peer, group.id, FRAME_HASH, news);
      return;
    }
    const difference = hashes.difference();
    if (difference === undefined) return;
    const { index, own, leader } = difference;
    const sentence =
      `the state of n${this.options.self} differs from its leader's at index ${index} (${own.toString(16)}, ` +
      `${leader.toString(16)}): it must not be served; delete the node's data folder and start it to fetch it anew`;
    this.#stopWith(new HostError("stateDiverged", sentence));
  }

  // --- Ending

  /** Hands leadership on, answers what is under way, makes everything durable and gives up sockets and files. */
  async close(): Promise<void> {
    if (this.#stopped) return;
    const leading = [...this.#groups.values()].filter((group) => this.#handOver(group));
    const until = this.now() + HOST_RAFT_OPTIONS.electionTimeout;
    while (leading.some((group) => group.raft.state.role.type === "leader") && this.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearInterval(this.#tick);
    for (const group of this.#groups.values()) group.stop();
    for (const hook of this.#hooks) hook();
    await this.transport.close();
    await new Promise<void>((resolve) => (this.#wal === undefined ? resolve() : this.#wal.close(() => resolve())));
    this.#snapshots?.close();
    for (const { voteFile } of this.#recoveries.values()) voteFile.close();
  }

  /** A failed sync leaves unknown what is on disk: no retry can be trusted, so the node ends. */
  #diskFailed(error: DiskError | WalError): void {
    this.#stopWith(new HostError("diskFailed", `the disk failed and the node must stop: ${error.message}`));
  }

  /** A broken invariant is a bug: a stopped node is better than a wrong one. */
  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#stopWith(new HostError("invariant", `a rule of the protocol is broken and the node must stop: ${detail}`));
    }
  }

  #stopWith(error: HostError): void {
    if (this.#stopped) return;
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearInterval(this.#tick);
    for (const group of this.#groups.values()) group.stop();
    this.#fail(error);
  }

  /** For metrics and status. */
  get wal(): Wal | undefined {
    return this.#wal;
  }

  groups(): Iterable<RaftGroup<unknown>> {
    return this.#groups.values();
  }
}
