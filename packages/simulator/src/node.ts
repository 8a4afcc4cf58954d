import type { LogIndex, NodeId, Output } from "@synod/protocols/protocol";
import type { Configuration, SnapshotMeta } from "@synod/protocols/raft/types";
import type { Random } from "@synod/protocols/random";
import { Alarm } from "./alarm.ts";
import { Applier } from "./applier.ts";
import { NodeClock } from "./clock.ts";
import type { NodeDisk } from "./disk.ts";
import { DurableOutbox } from "./durable-outbox.ts";
import type { Engine, LogOutcome, Member } from "./engine.ts";
import { type ClientRequest, EventKind, type NodeHost, type NodeSettings } from "./host.ts";
import { Inbox } from "./inbox.ts";
import { RequestDesk } from "./request-desk.ts";
import type { SnapshotShelf } from "./snapshot-shelf.ts";

/**
 * A node: one member of the protocol, driven the way the real runtime drives it. Inputs of a turn are handled together;
 * `send` leaves at once, `sendOnceDurable` when a sync covers what was written before it; what is committed is applied.
 */
export class SimulatedNode<Message, WalRecord> implements Output<Message, WalRecord, LogOutcome> {
  readonly id: NodeId;
  readonly clock: NodeClock;
  readonly disk: NodeDisk<WalRecord>;
  member: Member<Message, WalRecord> | undefined;
  /** Counts starts and stops: an event of an earlier life finds nobody. */
  life = 0;
  pausedUntil = 0;
  /** Has never been started. */
  absent = true;
  /** What it believed in when it last stopped. */
  lastConfiguration: Configuration | undefined;
  /** Its disk was harmed, and it has not got everything back yet. */
  damaged = false;

  readonly #engine: Engine<Message, WalRecord>;
  readonly #host: NodeHost<Message>;
  readonly #settings: NodeSettings;
  readonly #random: Random;

  readonly #inbox = new Inbox<Message>();
  readonly #outbox: DurableOutbox<Message>;
  #toSelf: Message[] = [];
  #syncing = false;
  readonly #alarm = new Alarm();

  #lastPersisted: LogIndex = 0;
  readonly #desk: RequestDesk;
  readonly #applier: Applier;

  constructor(
    id: NodeId,
    engine: Engine<Message, WalRecord>,
    disk: NodeDisk<WalRecord>,
    host: NodeHost<Message>,
    settings: NodeSettings,
    random: Random,
  ) {
    this.id = id;
    this.#engine = engine;
    this.disk = disk;
    this.#host = host;
    this.#settings = settings;
    this.#outbox = new DurableOutbox(id, engine.durability);
    this.#desk = new RequestDesk(host);
    this.#applier = new Applier(id, host, this.#desk, settings.snapshotEvery);
    this.#random = random;
    this.clock = new NodeClock(random.below(1_000_000_000));
  }

  get up(): boolean {
    return this.member !== undefined;
  }

  get shelf(): SnapshotShelf {
    return this.#applier.shelf;
  }

  get appliedIndex(): LogIndex {
    return this.#applier.appliedIndex;
  }

  get localNow(): number {
    return this.clock.local(this.#host.now);
  }

  start(): void {
    this.life++;
    this.absent = false;
    const { mutant } = this.#settings;
    const silent = mutant === "silentAmnesia";
    const damageRecord = silent ? undefined : this.#engine.damageRecord;
    const { records, damaged } = this.disk.recover((index) => this.shelf.has(index), damageRecord);
    if (damaged) this.damaged = true;
    const forgets = mutant === "forgetVotes" && !records.some(this.#engine.snapshotOf);
    const member = this.#engine.start({
      id: this.id,
      bootstrap: this.#settings.bootstrap,
      records: forgets ? records.filter((record) => this.#engine.entriesOf(record) !== undefined) : records,
      damaged: damaged && !silent,
      random: this.#random.split(`life ${this.life}`),
      now: this.localNow,
      snapshots: this.shelf,
    });
    this.member = member;
    this.#applier.begin(member.firstIndex - 1, mutant !== "noDeduplication");
    this.#lastPersisted = member.lastIndex;
    this.#settle();
  }

  /** Ends the process and, with it, everything that was not durable. */
  stop(random: Random): void {
    if (this.member === undefined) return;
    this.lastConfiguration = this.member.configuration;
    this.member = undefined;
    this.life++;
    this.pausedUntil = 0;
    const { lost, kept } = this.disk.crash(random);
    this.#engine.durability.crashed(this.id);
    if (lost > 0) this.#host.goal(kept > 0 ? "some unsynced records lost" : "unsynced records lost");
    this.#inbox.clear();
    this.#outbox.clear();
    this.#toSelf = [];
    this.#syncing = false;
    this.#alarm.clear();
    this.#desk.clear();
    this.shelf.forgetIncoming();
  }

  deliver(from: NodeId, message: Message): void {
    if (this.#settings.maxBatch === 1) {
      this.member!.receive(this.localNow, from, message, this);
      this.#settle();
      return;
    }
    this.#inbox.from.push(from);
    this.#inbox.messages.push(message);
    this.#scheduleTurn(this.#inbox.messages.length);
  }

  request(request: ClientRequest): void {
    this.#inbox.requests.push(request);
    this.#scheduleTurn(this.#inbox.requests.length);
  }

  /** Everything that has arrived is handled; then one write, one sync. */
  turn(): void {
    const { from, messages } = this.#inbox.takeMessages();
    const now = this.localNow;
    for (let i = 0; i < messages.length; i++) this.member!.receive(now, from[i]!, messages[i]!, this);
    this.#takeRequests();
    this.#settle();
  }

  wake(scheduled: number): void {
    if (!this.#alarm.rings(scheduled)) return;
    const now = this.localNow;
    if (this.member!.wakeAt <= now) {
      this.#alarm.watchSpin(this.#host.now);
      this.member!.wake(now, this);
    }
    this.#settle();
  }

  synced(): void {
    this.#syncing = false;
    if (!this.disk.endSync()) {
      this.#host.syncFailed(this.id);
      return;
    }
    this.#outbox.release(this.disk.durable, this.#leave);
    this.shelf.durable(this.disk.durable);
    if (this.disk.durable === this.disk.written && !this.member!.recovering) this.damaged = false;
    this.#settle();
  }

  snapshotWritten(meta: SnapshotMeta, bytes: Uint8Array): void {
    if (!this.#applier.written(meta, bytes)) return;
    const behind = this.#random.pick([0, 0, 5, 100]);
    this.member!.compact(meta, Math.max(1, meta.lastIncludedIndex + 1 - behind), this);
    this.#settle();
  }

  snapshotRestored(meta: SnapshotMeta, bytes: Uint8Array | undefined): void {
    if (bytes !== undefined) this.#applier.restore(meta, bytes);
    this.member!.snapshotInstalled(meta, bytes !== undefined, this);
    this.#settle();
  }

  /** After the clock changed: deadlines fall elsewhere in the world's time. */
  clockChanged(): void {
    this.#alarm.clear();
    if (this.member !== undefined) this.#settle();
  }

  /** A call of an administrator, or of news about connections; its effects leave like those of any input. */
  administer(action: (member: Member<Message, WalRecord>, now: number, out: this) => void): void {
    action(this.member!, this.localNow, this);
    this.#settle();
  }

  persist(record: WalRecord): void {
    this.#host.trace(this.#engine.digestRecord(record));
    this.disk.persist(record);
    this.#engine.durability.written(this.id, this.disk.written, record);
    const snapshot = this.#engine.snapshotOf(record);
    if (snapshot !== undefined) this.shelf.recorded(this.disk.written, snapshot.lastIncludedIndex);
    const entries = this.#engine.entriesOf(record);
    if (entries === undefined) return;
    if (entries.first <= this.#lastPersisted) this.#host.goal("log truncated");
    this.#lastPersisted = entries.first + entries.count - 1;
  }

  send(to: NodeId, message: Message): void {
    this.#engine.durability.leaves(this.id, to, message);
    this.#host.transmit(this.id, to, message);
  }

  sendOnceDurable(to: NodeId, message: Message): void {
    if (this.disk.durable === this.disk.written || this.#settings.mutant === "sendBeforeDurable") {
      this.#leave(to, message);
      return;
    }
    this.#outbox.add(to, message, this.disk.written);
  }

  announce(outcome: LogOutcome): void {
    switch (outcome.type) {
      case "committed":
        this.#engine.durability.committed(this.id, this.member!, outcome.index);
        this.#applier.commitIndex = outcome.index;
        this.#host.trace(outcome.index);
        return;
      case "readable":
        this.#desk.readable(outcome.context, outcome.index);
        return;
      case "readRefused":
        this.#desk.refuseRead(outcome.context, this.member?.leader ?? 0);
        return;
      case "role":
        if (outcome.role === "leader") this.#host.becameLeader(this.id, outcome.term);
        if (outcome.role === "candidate") this.#host.goal("candidate");
        return;
      case "configuration":
        this.#host.configured(outcome.index, outcome.configuration);
        if (outcome.configuration.outgoing.length > 0) this.#host.goal("joint configuration");
        return;
      case "snapshotChunk":
        this.shelf.receive(outcome.snapshot, outcome.offset, outcome.data);
        return;
      case "installSnapshot": {
        const bytes = this.shelf.complete(outcome.snapshot);
        const delay = this.#host.syncDelay(this.id);
        this.#host.schedule(delay, EventKind.snapshotRestored, this.id, this.life, { meta: outcome.snapshot, bytes });
        return;
      }
      case "proposalForwarded":
        for (const command of outcome.commands) this.#inbox.forwarded.push(command);
        this.#host.goal("proposal forwarded");
    }
  }

  #scheduleTurn(waiting: number): void {
    if (waiting >= this.#settings.maxBatch && this.#settings.maxBatch > 1) {
      this.turn();
    } else if (!this.#inbox.turnScheduled) {
      this.#inbox.turnScheduled = true;
      const delay = this.#settings.maxBatch === 1 ? 0 : this.#random.below(500);
      this.#host.schedule(delay, EventKind.turn, this.id, this.life, undefined);
    }
  }

  #takeRequests(): void {
    const { requests, commands } = this.#inbox.takeRequests();
    if (requests.length === 0 && commands.length === 0) return;
    const member = this.member!;
    const asked: ClientRequest[] = [];
    for (const request of requests) {
      if (request.command === undefined) {
        this.#read(request);
        continue;
      }
      commands.push(request.command);
      asked.push(request);
    }
    if (commands.length === 0) return;
    const proposal = member.propose(this.localNow, commands, this);
    if (proposal.type === "accepted") {
      for (const request of asked) this.#desk.awaitApply(request);
      return;
    }
    const leader = proposal.leader ?? 0;
    const forward = this.#settings.forward && leader !== 0 && leader !== this.id;
    const message = forward ? this.#engine.forwardMessage(member, commands) : undefined;
    if (message !== undefined) this.send(leader, message);
    for (const request of asked) {
      if (message !== undefined) this.#desk.awaitApply(request);
      else this.#host.answer(request, { type: "refused", reason: proposal.reason, leader });
    }
  }

  #read(request: ClientRequest): void {
    if (this.#settings.mutant === "staleReads") {
      const value = this.#applier.machine.read(request.key);
      this.#host.answer(request, { type: "value", value, index: this.appliedIndex });
      return;
    }
    const context = this.#desk.awaitReadable(request, this.life);
    this.member!.readIndex(this.localNow, context, this);
  }

  /** After every input: what the node owes itself, its state machine, its disk and its alarm clock. */
  #settle(): void {
    const member = this.member!;
    this.#receiveOwn(member);
    while (this.#inbox.forwarded.length > 0) {
      this.#takeRequests();
      this.#receiveOwn(member);
    }
    const applier = this.#applier;
    if (applier.commitIndex > applier.appliedIndex) applier.apply(member, this.life);
    if (this.#desk.hasReadable) this.#desk.serve(applier.machine, applier.appliedIndex, member.role === "leader");
    if (!this.#syncing && this.disk.written > this.disk.durable) {
      this.#syncing = true;
      this.disk.beginSync();
      this.#host.schedule(this.#host.syncDelay(this.id), EventKind.synced, this.id, this.life, undefined);
    }
    const due = this.#alarm.set(member.wakeAt, this.clock, this.#host.now);
    if (due !== undefined) this.#host.scheduleAt(due, EventKind.wake, this.id, this.life, due);
    member.checkStep();
  }

  #receiveOwn(member: Member<Message, WalRecord>): void {
    for (let steps = 0; this.#toSelf.length > 0; steps++) {
      if (steps > 1000) throw new Error(`node ${this.id} sends to itself without end`);
      member.receive(this.localNow, this.id, this.#toSelf.shift()!, this);
    }
  }

  // A field, so that no sync makes a function of its own.
  readonly #leave = (to: NodeId, message: Message): void => {
    this.#engine.durability.leaves(this.id, to, message);
    if (to === this.id) this.#toSelf.push(message);
    else this.#host.transmit(this.id, to, message);
  };
}
