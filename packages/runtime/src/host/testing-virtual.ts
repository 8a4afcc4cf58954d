import type { Instant, NodeId } from "@synod/protocols/protocol";
import { decodeMessage, encodeMessage } from "@synod/protocols/raft/codec";
import { Raft } from "@synod/protocols/raft/raft";
import { recover } from "@synod/protocols/raft/recovery";
import type { RaftMessage, RaftOptions, RaftRecord } from "@synod/protocols/raft/types";
import { Random } from "@synod/protocols/random";
import type { Reach, StateMachine } from "../group.ts";
import { DEFAULT_LIMITS, HOST_RAFT_OPTIONS, type HostLimits } from "./options.ts";
import { type GroupDriver, RaftGroup } from "./raft-group.ts";

/** What the net does to each frame: chances in a million. */
export interface Weather {
  lost: number;
  twice: number;
  /** Microseconds that a frame takes at least and at most. */
  fastest: Instant;
  slowest: Instant;
}

export interface VirtualOptions<Result> {
  readonly nodes: number;
  readonly seed: string | number;
  /** Called at each start of a node. */
  machine(node: NodeId): StateMachine<Result>;
  /** The service that runs on a node, begun when its group is there. */
  service?(node: VirtualNode<Result>): void;
  readonly limits?: Partial<HostLimits>;
  readonly raft?: Partial<RaftOptions>;
}

/** One node while it runs: a group and its turns, as `Host` drives them, on virtual time. A restart makes another object. */
export class VirtualNode<Result> implements GroupDriver {
  readonly id: NodeId;
  readonly group: RaftGroup<Result>;
  readonly transport: GroupDriver["transport"];
  readonly cluster: VirtualCluster<Result>;
  /** Called at the end of each turn. */
  readonly hooks: (() => void)[] = [];
  isAlive = true;
  readonly #records: RaftRecord[];
  #held: { to: NodeId; message: RaftMessage }[] = [];
  #wanted = false;
  #alarm: Instant = Number.POSITIVE_INFINITY;

  constructor(cluster: VirtualCluster<Result>, id: NodeId, incarnation: number, records: RaftRecord[]) {
    this.cluster = cluster;
    this.id = id;
    this.#records = records;
    this.transport = {
      queue: (to, _group, kind, _head, body = new Uint8Array(0)) => {
        cluster.carry(id, to, (node) => node.#guard(() => node.group.hear(id, kind, body)));
        return true;
      },
    };
    const { options, random } = cluster;
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.group = new RaftGroup(1, id, incarnation, options.machine(id), limits, this);
    const voters = Array.from({ length: options.nodes }, (_, i) => i + 1);
    const settings = { ...HOST_RAFT_OPTIONS, ...options.raft, id, bootstrap: { voters, outgoing: [], learners: [] } };
    const source = { read: () => undefined };
    this.group.start(new Raft(settings, recover(records), random.split(`${id}/${incarnation}`), cluster.now, source));
  }

  get leads(): boolean {
    return this.isAlive && this.group.raft.state.role.type === "leader";
  }

  now(): Instant {
    return this.cluster.now;
  }

  persist(_group: number, record: RaftRecord): void {
    this.#records.push(record);
  }

  send(_group: number, to: NodeId, message: RaftMessage): void {
    const { head, body } = encodeMessage(message);
    const bytes = Buffer.concat([head, body ?? new Uint8Array(0)]);
    const decoded = decodeMessage(new Uint8Array(bytes));
    this.cluster.carry(this.id, to, (node) => node.#guard(() => node.group.receive(node.now(), this.id, decoded)));
  }

  sendOnceDurable(_group: number, to: NodeId, message: RaftMessage): void {
    this.#held.push({ to, message });
    this.wantTurn();
  }

  wantTurn(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.cluster.at(this.now() + 1, () => this.#turn());
  }

  announced(): void {
    this.wantTurn();
  }

  roleChanged(): void {}
  batchApplied(): void {}
  snapshotOutcome(): void {}

  reach(): Reach {
    return { isConnected: true, isInSync: true };
  }

  #guard(step: () => void): void {
    if (!this.isAlive) return;
    step();
    this.wantTurn();
  }

  #turn(): void {
    if (!this.isAlive) return;
    if (this.cluster.isPaused(this.id)) return this.cluster.at(this.now() + 1000, () => this.#turn());
    this.#wanted = false;
    const { group } = this;
    group.wake(this.now());
    group.takeInputs(this.now());
    const held = this.#held;
    this.#held = [];
    for (const { to, message } of held) {
      if (to === this.id) group.receive(this.now(), to, message);
      else this.send(1, to, message);
    }
    group.applyCommitted();
    for (const hook of this.hooks) hook();
    this.#setAlarm();
  }

  #setAlarm(): void {
    const { wakeAt } = this.group.raft;
    if (wakeAt >= this.#alarm && this.#alarm > this.now()) return;
    this.#alarm = wakeAt;
    if (Number.isFinite(wakeAt)) this.cluster.at(Math.max(wakeAt, this.now() + 1), () => this.wantTurn());
  }
}

/** Nodes on a net that loses, doubles, delays and parts, all on virtual time and of one seed. */
export class VirtualCluster<Result> {
  now: Instant = 1_000_000;
  readonly options: VirtualOptions<Result>;
  readonly random: Random;
  readonly weather: Weather = { lost: 0, twice: 0, fastest: 100, slowest: 1000 };
  readonly #net: Random;
  readonly #disks: RaftRecord[][];
  readonly #nodes: (VirtualNode<Result> | undefined)[] = [];
  #events: { time: Instant; order: number; happen: () => void }[] = [];
  #order = 0;
  #incarnation = 1;
  /** By node: who is in the same part of the net. */
  #parts: number[] = [];
  readonly #paused: Map<NodeId, (() => void)[]> = new Map();

  constructor(options: VirtualOptions<Result>) {
    this.options = options;
    this.random = new Random(options.seed);
    this.#net = this.random.split("net");
    this.#disks = Array.from({ length: options.nodes + 1 }, () => []);
    for (let id = 1; id <= options.nodes; id += 1) this.start(id);
    this.at(this.now, () => this.#tick());
  }

  /** Those that run. */
  get nodes(): VirtualNode<Result>[] {
    return this.#nodes.filter((node) => node?.isAlive === true) as VirtualNode<Result>[];
  }

  node(id: NodeId): VirtualNode<Result> | undefined {
    return this.nodes.find((node) => node.id === id);
  }

  /** Of those that think so, the one of the latest term. */
  get leader(): VirtualNode<Result> | undefined {
    const leading = this.nodes.filter((node) => node.leads);
    return leading.sort((a, b) => b.group.raft.state.currentTerm - a.group.raft.state.currentTerm)[0];
  }

  start(id: NodeId): VirtualNode<Result> {
    const node = new VirtualNode(this, id, this.#incarnation++, this.#disks[id]!);
    this.#nodes[id] = node;
    this.options.service?.(node);
    node.wantTurn();
    return node;
  }

  /** It is gone with everything in its memory; what it wrote is there for the next start. */
  kill(id: NodeId): void {
    const node = this.node(id);
    if (node !== undefined) node.isAlive = false;
    this.#paused.delete(id);
  }

  /** It does nothing until `resume`, and notices nothing but the time. */
  pause(id: NodeId): void {
    if (!this.#paused.has(id)) this.#paused.set(id, []);
  }

  resume(id: NodeId): void {
    const missed = this.#paused.get(id) ?? [];
    this.#paused.delete(id);
    for (const happen of missed) happen();
  }

  isPaused(id: NodeId): boolean {
    return this.#paused.has(id);
  }

  /** Each of these nodes is alone or with those beside it; all others are together. No argument: all are. */
  part(...parts: readonly (readonly NodeId[])[]): void {
    this.#parts = [];
    for (const [i, part] of parts.entries()) for (const id of part) this.#parts[id] = i + 1;
  }

  at(time: Instant, happen: () => void): void {
    const event = { time, order: this.#order++, happen };
    let low = 0;
    for (let high = this.#events.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (this.#events[middle]!.time > time) low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, event); // the latest at the front; of equal times the last one, too
  }

  /** Until `condition` holds. @throws when it does not within the time */
  until(condition: () => boolean, within: Instant = 20_000_000): void {
    const end = this.now + within;
    while (!condition()) {
      if (!this.#step(end)) throw new Error(`waited ${within} µs in vain for ${condition}`);
    }
  }

  run(micros: Instant): void {
    const end = this.now + micros;
    while (this.#step(end));
  }

  /** For nodes: a frame is on its way. */
  carry(from: NodeId, to: NodeId, arrive: (node: VirtualNode<Result>) => void): void {
    const { lost, twice, fastest, slowest } = this.weather;
    if (this.#net.chance(lost)) return;
    const target = this.#nodes[to];
    const copies = this.#net.chance(twice) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      this.at(this.now + this.#net.between(fastest, slowest), () => {
        if ((this.#parts[from] ?? 0) !== (this.#parts[to] ?? 0)) return;
        if (target !== this.#nodes[to] || target === undefined) return; // the connection went with the process
        const missed = this.#paused.get(to);
        if (missed !== undefined) missed.push(() => arrive(target));
        else arrive(target);
      });
    }
  }

  #step(end: Instant): boolean {
    const next = this.#events.at(-1);
    if (next === undefined || next.time > end) {
      this.now = end;
      return false;
    }
    this.#events.pop();
    this.now = Math.max(this.now, next.time);
    next.happen();
    return true;
  }

  /** As a host's, for time-outs. */
  #tick(): void {
    for (const node of this.nodes) node.wantTurn();
    this.at(this.now + 250_000, () => this.#tick());
  }
}
