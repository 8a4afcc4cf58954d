import { assert } from "@synod/protocols/assert";
import type { Instant, NodeId } from "@synod/protocols/protocol";
import { decodeMessage, encodeMessage } from "@synod/protocols/raft/codec";
import type { Raft } from "@synod/protocols/raft/raft";
import type { RaftMessage, RaftRecord } from "@synod/protocols/raft/types";
import { SnapshotStore } from "@synod/storage/snapshots/store";
import type { Wal } from "@synod/storage/wal/wal";
import type { Group, GroupStatus, Reach, StateMachine } from "../group.ts";
import type { Logger } from "../log/logger.ts";
import { Transport } from "../transport/transport.ts";
import { Alarm } from "./alarm.ts";
import { FrameKind } from "./frame-kinds.ts";
import { HostError, hostErrorOf } from "./host-error.ts";
import { LogWriter } from "./log-writer.ts";
import { MembershipFollowing } from "./membership.ts";
import { type GroupRecovery, openLog } from "./open-log.ts";
import { DEFAULT_LIMITS, electionTimeoutOf, type HostLimits, type HostOptions, type HostStats } from "./options.ts";
import { type GroupDriver, RaftGroup } from "./raft-group.ts";
import { StateComparison } from "./repair.ts";
import type { Snapshotting } from "./snapshotting.ts";
import { startGroup } from "./start-group.ts";
import { handOver, leaveOffice } from "./succession.ts";
import { keepVotes } from "./vote-file.ts";

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
  readonly stats: HostStats = { leaderChanges: 0 };
  /** Resolves when the node had to stop by itself. */
  readonly failed: Promise<HostError>;
  readonly #logger: Logger;
  readonly #incarnation: number;
  readonly #groups: Map<number, RaftGroup<unknown>> = new Map();
  readonly #hooks: (() => void)[] = [];
  #wal: Wal | undefined;
  #recoveries: Map<number, GroupRecovery> = new Map();
  #snapshots: SnapshotStore | undefined;
  #log: LogWriter | undefined;
  #snapshotting: Map<number, Snapshotting> = new Map();
  #turnWanted = false;
  /** Where the turn stands: it still looks at what has happened before then, and needs no other turn for it. */
  #phase: "none" | "inputs" | "flush" | "outputs" = "none";
  readonly #membership: MembershipFollowing;
  readonly #comparison: StateComparison = new StateComparison(this, (error) => this.#stopWith(error));
  readonly #alarm = new Alarm(
    () => this.now(),
    () => this.wantTurn(),
  );
  #tick: NodeJS.Timeout | undefined;
  #stopped = false;
  #closed: Promise<void> | undefined;
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
      ...(options.sockets === undefined ? {} : { sockets: options.sockets }),
      handler: {
        onFrame: (from, group, kind, body) => this.#onFrame(from, group, kind, body),
        onDisconnected: (node) => this.#onLink((raft) => raft.disconnected(this.now(), node)),
        onConnected: () => this.#onLink((raft) => raft.connected(this.now())),
        onRoundTrip: (node, seconds) => options.observer?.roundTrip(node, seconds),
        isRemoved: (node) => this.#membership.isRemoved(node),
        isWelcome: (node) => this.#membership.isWelcome(node),
        onRemoved: () => this.#removed(),
        ...(options.onHttpGet === undefined ? {} : { onHttpGet: options.onHttpGet }),
      },
    });
    this.#membership = new MembershipFollowing(this, () => this.#removed());
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
    this.#log = this.#openLogWriter(opened.wal);
    this.#recoveries = opened.groups;
    this.#snapshots = new SnapshotStore(disk, { clusterId });
    for (const group of this.#groups.values()) {
      await this.#startGroup(group, opened.groups.get(group.id)!, this.#snapshots);
    }
    await this.transport.listen(this.options.listen ?? peers.get(self)!);
    for (const address of this.options.alsoListen ?? []) await this.transport.listen(address);
    for (const group of this.#groups.values()) this.#membership.follow(group);
    this.#tick = setInterval(() => this.#onTick(), TICK_MS);
    this.wantTurn();
  }

  async #startGroup(group: RaftGroup<unknown>, recovery: GroupRecovery, store: SnapshotStore): Promise<void> {
    const host = { options: this.options, incarnation: this.#incarnation, now: () => this.now() };
    const snapshotting = await startGroup(group, recovery, host, {
      store,
      limits: this.limits,
      logger: this.#logger,
      wantTurn: () => this.wantTurn(),
      guard: (step) => this.#guard(step),
      whenDurable: (done) => this.#log!.whenDurable(done),
      release: (id, index) => this.#wal!.release(id, index),
    });
    this.#snapshotting.set(group.id, snapshotting);
  }

  // --- GroupDriver

  now(): Instant {
    return Math.floor(performance.now() * 1000);
  }

  persist(group: number, record: RaftRecord): void {
    this.#log!.persist(group, record);
    if (this.#phase !== "inputs") this.wantTurn();
  }

  send(group: number, to: NodeId, message: RaftMessage): void {
    const { head, body } = encodeMessage(message);
    this.transport.queue(to, group, FrameKind.raft, head, body);
    if (this.#phase === "none") this.wantTurn();
  }

  sendOnceDurable(group: number, to: NodeId, message: RaftMessage): void {
    this.#log!.sendOnceDurable(group, to, message);
    if (this.#phase !== "inputs") this.wantTurn();
  }

  roleChanged(_group: number, status: GroupStatus): void {
    if (status.role === "leader") this.#logger.info(`became leader in term ${status.term}`);
    else if (status.role === "follower" && status.leader !== undefined) {
      this.#logger.info(`follows n${status.leader} in term ${status.term}`);
    }
    if (status.leader !== undefined) this.stats.leaderChanges++;
  }

  batchApplied(began: Instant): void {
    this.options.observer?.batchApplied(this.now() - began);
  }

  snapshotOutcome(group: number, outcome: Parameters<GroupDriver["snapshotOutcome"]>[1]): void {
    this.#snapshotting.get(group)!.incoming(outcome);
  }

  reach(group: number, node: NodeId): Reach {
    return this.#membership.reach(this.#groups.get(group)!, node);
  }

  announced(): void {
    if (this.#phase === "none" || this.#phase === "outputs") this.wantTurn();
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
    if (kind === FrameKind.inSync && from === group.raft.state.leader) this.#membership.hear(group, body);
    if (kind !== FrameKind.raft) return group.hear(from, kind, body);
    const message = this.#decode(from, body);
    if (message !== undefined) this.#guard(() => group.receive(this.now(), from, message));
  }

  #decode(from: NodeId, body: Uint8Array): RaftMessage | undefined {
    try {
      return decodeMessage(body);
    } catch (error) {
      this.transport.disconnect(from, `it sent a malformed message (${(error as Error).message})`);
      return undefined;
    }
  }

  #onLink(tell: (raft: Raft) => void): void {
    for (const { raft } of this.#groups.values()) if (raft !== undefined) tell(raft);
    this.wantTurn();
  }

  // --- The turn

  readonly #runTurn = (): void => {
    this.#turnWanted = false;
    if (this.#stopped) return;
    this.#guard(() => this.#turn());
  };

  #turn(): void {
    this.#phase = "inputs";
    const now = this.now();
    for (const group of this.#groups.values()) {
      group.wake(now);
      group.takeInputs(now);
    }
    // Peers write to their disks while this node writes to its own.
    this.transport.flush();
    this.#phase = "flush";
    this.#log!.flush();
    this.#phase = "outputs";
    for (const group of this.#groups.values()) {
      group.applyCommitted();
      this.#snapshotting.get(group.id)!.step();
      this.#membership.follow(group);
    }
    for (const hook of this.#hooks) hook();
    this.transport.flush();
    this.#phase = "none";
    this.options.observer?.turnEnded(this.now() - now);
    this.#setAlarm();
  }

  #openLogWriter(wal: Wal): LogWriter {
    return new LogWriter({
      wal,
      now: () => this.now(),
      keepVotes: (ids, done) => {
        const groups = ids.map((id) => ({ ...this.#recoveries.get(id)!, state: this.#groups.get(id)!.raft.state }));
        keepVotes(groups, (error) => (error === undefined ? done() : this.#stopWith(hostErrorOf(error))));
      },
      release: (group, to, message) => this.#release(group, to, message),
      flushed: () => {
        if (this.#phase === "none") this.wantTurn();
      },
      writing: (bytes) => this.options.observer?.logWritten(bytes),
      failed: (error) => this.#stopWith(hostErrorOf(error)),
    });
  }

  #release(group: number, to: NodeId, message: RaftMessage): void {
    if (to !== this.options.self) this.send(group, to, message);
    else this.#guard(() => this.#groups.get(group)!.receive(this.now(), to, message));
  }

  #setAlarm(): void {
    for (const group of this.#groups.values()) this.#alarm.set(group.raft.wakeAt);
  }

  #onTick(): void {
    this.#guard(() => {
      if (this.#log!.flushingSince === undefined) this.#wal!.markDurable();
      this.#watchDisk();
      for (const group of this.#groups.values()) {
        this.#comparison.tick(group);
        this.#membership.tick(group);
      }
      this.wantTurn(); // time-outs of requests
    });
  }

  /** A leader that cannot write makes way for one that can; its followers' disks commit without it (etcd #15247). */
  #watchDisk(): void {
    const since = this.#log!.flushingSince;
    if (since === undefined || this.now() - since < electionTimeoutOf(this.options)) return;
    this.#logger.warn("the disk does not answer", { seconds: (this.now() - since) / 1e6 });
    for (const group of this.#groups.values()) handOver(group, this.transport);
  }

  #removed(): void {
    if (this.#stopped) return;
    for (const group of this.#groups.values()) group.tellRemoved();
    this.#stopWith(new HostError("removed", "this node was removed from the cluster"));
  }

  // --- Ending

  /** Hands leadership on, answers what is under way, makes everything durable and gives up sockets and files. */
  close(): Promise<void> {
    this.#closed ??= this.#stopped ? this.#giveUp() : this.#leave();
    return this.#closed;
  }

  async #leave(): Promise<void> {
    const leading = [...this.#groups.values()].filter((group) => handOver(group, this.transport));
    await leaveOffice(leading, electionTimeoutOf(this.options), () => this.now());
    this.#stop();
    await this.#giveUp();
  }

  #stop(): void {
    this.#stopped = true;
    this.#alarm.cancel();
    clearInterval(this.#tick);
    for (const group of this.#groups.values()) group.stop();
  }

  async #giveUp(): Promise<void> {
    for (const hook of this.#hooks) hook();
    await this.transport.close();
    await new Promise<void>((resolve) => (this.#wal === undefined ? resolve() : this.#wal.close(() => resolve())));
    this.#snapshots?.close();
    await this.#comparison.giveUp(this.#groups, this.#recoveries);
    for (const { voteFile } of this.#recoveries.values()) voteFile.close();
  }

  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#stopWith(hostErrorOf(error));
    }
  }

  #stopWith(error: HostError): void {
    if (this.#stopped) return;
    this.#stop();
    this.#fail(error);
  }

  /** For metrics and status, once started. */
  get wal(): Wal | undefined {
    return this.#wal;
  }

  groups(): Iterable<RaftGroup<unknown>> {
    return this.#groups.values();
  }
}
