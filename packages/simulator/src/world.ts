import type { LogIndex, NodeId, Term } from "@synod/protocols/protocol";
import type { Configuration, EntryKind } from "@synod/protocols/raft/types";
import { Random } from "@synod/protocols/random";
import { type AdministeredWorld, Administrator } from "./administrator.ts";
import { Agreement, PropertyViolation } from "./agreement.ts";
import { type ClientHost, Clients } from "./clients.ts";
import type { SimulationConfig } from "./config.ts";
import { LightDisk, type NodeDisk } from "./disk.ts";
import type { Engine } from "./engine.ts";
import { EventQueue } from "./event-queue.ts";
import { exponential } from "./exponential.ts";
import type { FaultyWorld } from "./fault-actions.ts";
import { FullDisk } from "./full-disk.ts";
import { type Answer, type ClientRequest, EventKind, type NodeHost } from "./host.ts";
import { Network } from "./network.ts";
import { SimulatedNode } from "./node.ts";
import { TraceHash } from "./trace-hash.ts";

/** A cluster, its links and its clients, and what each of them may do to the rest. `Simulation` makes it move. */
export class World<Message, WalRecord> implements NodeHost<Message>, ClientHost, FaultyWorld, AdministeredWorld {
  /** Virtual microseconds. */
  now = 0;
  readonly config: SimulationConfig;
  readonly network: Network;
  readonly agreement: Agreement = new Agreement();
  readonly clients: Clients;
  readonly goals: Map<string, number> = new Map();
  readonly nodes: SimulatedNode<Message, WalRecord>[] = [];
  readonly maxNode: NodeId;
  readonly queue: EventQueue = new EventQueue();
  readonly traced: TraceHash = new TraceHash();
  readonly administrator: Administrator = new Administrator(this);
  readonly seed: Random;
  /** Nodes that never come back. */
  readonly abandoned: Set<NodeId> = new Set();

  readonly #engine: Engine<Message, WalRecord>;
  readonly #diskRandom: Random;
  readonly #connections: Random;
  readonly #clientRandom: Random;
  readonly #slowDisks: number[];
  /** Configurations of entries of which nobody knows yet whether they will be: they may still be under way somewhere. */
  #undecided: { index: LogIndex; configuration: Configuration }[] = [];
  /** Which client speaks in which session. */
  readonly #sessions = new Map<number, number>();

  constructor(seed: number | string, config: SimulationConfig, engine: Engine<Message, WalRecord>) {
    this.config = config;
    this.#engine = engine;
    this.seed = new Random(seed);
    this.#diskRandom = this.seed.split("disk delays");
    this.#connections = this.seed.split("connections");
    this.#clientRandom = this.seed.split("client links");
    this.maxNode = config.nodes + config.spares;
    this.#slowDisks = new Array(this.maxNode + 1).fill(0);
    this.network = new Network(this.maxNode, config.network, this.seed.split("network"));
    this.clients = new Clients(config.workload, this, this.seed.split("clients"));
    for (let id = 1; id <= this.maxNode; id++) this.nodes[id] = this.#makeNode(id);
    for (let id = 1; id <= config.nodes; id++) this.startAt(id, 0);
  }

  get firstMembers(): number {
    return this.config.nodes;
  }

  get leader(): NodeId {
    let found = 0;
    let term = -1;
    for (let id = 1; id <= this.maxNode; id++) {
      const { member } = this.nodes[id]!;
      if (member === undefined || member.role !== "leader" || member.term <= term) continue;
      found = id;
      term = member.term;
    }
    return found;
  }

  // What a node may do.

  transmit(from: NodeId, to: NodeId, message: Message): void {
    if (to === from || to < 1 || to > this.maxNode) {
      throw new PropertyViolation("assertion", `n${from} sends to n${to}`);
    }
    this.traced.mix(this.#engine.digestMessage(message));
    const { network, now } = this;
    const arrival = network.depart(now, from, to);
    if (arrival < 0) return;
    const carried = this.config.checkedCodec ? this.#throughCodec(message) : message;
    this.queue.push(arrival, EventKind.deliver, to, from, 0, carried);
    const copy = network.duplicate(now, from, to);
    if (copy >= 0) this.queue.push(copy, EventKind.deliver, to, from, 0, carried);
  }

  answer(request: ClientRequest, answer: Answer): void {
    const delay = this.#clientDelay();
    if (delay >= 0)
      this.queue.push(this.now + delay, EventKind.answer, 0, this.#sessions.get(request.client) ?? 0, 0, {
        request,
        answer,
      });
  }

  schedule(delay: number, kind: number, node: NodeId, life: number, message: unknown): void {
    this.queue.push(this.now + delay, kind, node, life, 0, message);
  }

  scheduleAt(time: number, kind: number, node: NodeId, life: number, message: unknown): void {
    this.queue.push(time, kind, node, life, 0, message);
  }

  syncDelay(node: NodeId): number {
    const { minSync, meanSync } = this.config.disk;
    return minSync + exponential(this.#diskRandom, meanSync - minSync) + this.#slowDisks[node]!;
  }

  trace(value: number): void {
    this.traced.mix(value);
  }

  syncFailed(node: NodeId): void {
    this.goal("node stopped by a failed sync");
    const random = this.seed.split(`failed sync ${node} ${this.now}`);
    this.crash(node, random);
    this.startAt(node, this.now + random.between(10_000, 1_000_000));
  }

  applied(node: NodeId, index: LogIndex, term: Term, kind: EntryKind, payload: Uint8Array, stateHash: number): void {
    this.agreement.applied(node, index, term, kind, payload, stateHash);
  }

  restored(node: NodeId, index: LogIndex, stateHash: number): void {
    this.agreement.restored(node, index, stateHash);
  }

  configured(index: LogIndex, configuration: Configuration): void {
    if (index > this.agreement.length) this.#undecided.push({ index, configuration });
  }

  becameLeader(node: NodeId, term: Term): void {
    this.goal("leader elected");
    this.agreement.leader(node, term);
  }

  goal(name: string): void {
    this.goals.set(name, (this.goals.get(name) ?? 0) + 1);
  }

  // What a client may do.

  ask(client: number, node: NodeId, request: ClientRequest): void {
    const delay = this.#clientDelay();
    this.#sessions.set(request.client, client);
    if (delay >= 0) this.queue.push(this.now + delay, EventKind.request, node, 0, 0, request);
  }

  setTimer(client: number, delay: number, token: number): void {
    this.queue.push(this.now + delay, EventKind.clientTimer, 0, client, token, undefined);
  }

  // What a fault may do.

  isUp(node: NodeId): boolean {
    return this.nodes[node]?.up === true;
  }

  crash(node: NodeId, random: Random): void {
    this.nodes[node]!.stop(random);
    if (!this.config.noticeCrashes) return;
    for (let peer = 1; peer <= this.maxNode; peer++) {
      if (peer === node || this.network.isCut(node, peer)) continue;
      this.queue.push(this.now + random.below(5_000), EventKind.disconnected, peer, node, 0, undefined);
    }
  }

  /** A process that has started and those that run find each other: each hears of the connection in its own time. */
  noticeStart(node: NodeId): void {
    if (!this.config.noticeCrashes) return;
    for (let peer = 1; peer <= this.maxNode; peer++) {
      if (peer === node || !this.isUp(peer) || this.network.isCut(node, peer)) continue;
      for (const end of [node, peer]) {
        this.queue.push(this.now + this.#connections.below(5_000), EventKind.connected, end, 0, 0, undefined);
      }
    }
  }

  startAt(node: NodeId, time: number): void {
    this.queue.push(time, EventKind.start, node, 0, 0, undefined);
  }

  pause(node: NodeId, until: number): void {
    this.nodes[node]!.pausedUntil = until;
  }

  harm(node: NodeId, damage: "bitFlip" | "misdirect" | "amnesia", random: Random): boolean {
    const victim = this.nodes[node]!;
    if (!this.#mayHarm(node)) {
      this.goal("spared by the fault atlas");
      return false;
    }
    this.crash(node, random);
    if (victim.disk.harm(damage, random) || damage === "amnesia") {
      victim.damaged = true;
      this.#engine.durability.damaged(node);
    }
    if (damage === "amnesia") victim.shelf.clear();
    return true;
  }

  failNextSync(node: NodeId): void {
    this.nodes[node]!.disk.failNextSync();
  }

  slowDisk(node: NodeId, by: number): void {
    this.#slowDisks[node]! += by;
  }

  setDrift(node: NodeId, partsPerMillion: number): void {
    this.nodes[node]!.clock.setDrift(this.now, partsPerMillion);
    this.nodes[node]!.clockChanged();
  }

  leap(node: NodeId, by: number): void {
    this.nodes[node]!.clock.leap(this.now, by);
    this.nodes[node]!.clockChanged();
  }

  transfer(target: NodeId): boolean {
    const { leader } = this;
    if (leader === 0 || this.isPaused(leader)) return false;
    let started = false;
    this.nodes[leader]!.administer((member, now, out) => {
      started = member.transferLeadership(now, target, out);
    });
    return started;
  }

  replace(node: NodeId): void {
    // The mutant brings it back as if nothing had happened.
    if (this.config.mutant === "silentAmnesia") {
      this.startAt(node, this.now + 1_000);
      return;
    }
    this.abandoned.add(node);
    this.wish("remove", node);
    const fresh = this.nodes.find((other) => other?.absent);
    if (fresh !== undefined) this.wish("add", fresh.id);
  }

  wish(type: "add" | "remove", node: NodeId): void {
    if (this.administrator.idle) this.queue.push(this.now, EventKind.administer, 0, 0, 0, undefined);
    this.administrator.wish(type, node);
  }

  // What the administrator sees.

  ensureStarted(node: NodeId): void {
    if (this.nodes[node]!.absent) this.nodes[node]!.start();
  }

  damagedAmong(nodes: readonly NodeId[]): number {
    return nodes.filter((id) => this.nodes[id]?.damaged === true).length;
  }

  isPaused(node: NodeId): boolean {
    return this.nodes[node]!.pausedUntil > this.now;
  }

  /** A message whose bytes do not give it back is a bug of its codec. */
  #throughCodec(message: Message): Message {
    const { codec } = this.#engine;
    if (codec === undefined) return message;
    const bytes = codec.encodeMessage(message);
    const decoded = codec.decodeMessage(bytes);
    const again = codec.encodeMessage(decoded);
    if (again.length !== bytes.length || again.some((byte, i) => byte !== bytes[i])) {
      throw new PropertyViolation(
        "codec",
        `${this.#engine.describeMessage(message)} changes when it is encoded and decoded`,
      );
    }
    return decoded;
  }

  /** −1: lost. Clients' links are never partitioned; they lose and delay like others. */
  #clientDelay(): number {
    const { loss, minDelay, meanDelay } = this.network.settings;
    if (loss > 0 && this.#clientRandom.chance(loss)) return -1;
    return minDelay + exponential(this.#clientRandom, meanDelay - minDelay);
  }

  /**
   * The fault atlas: never harm more disks than the others can make good. For each configuration that some node believes
   * in, running or not, and each that is still undecided, the harmed voters stay a minority.
   */
  #mayHarm(victim: NodeId): boolean {
    this.#undecided = this.#undecided.filter(({ index }) => index > this.agreement.length);
    const believed = this.nodes
      .slice(1)
      .map(({ member, lastConfiguration }) => member?.configuration ?? lastConfiguration);
    for (const configuration of [...believed, ...this.#undecided.map((entry) => entry.configuration)]) {
      for (const set of [configuration?.voters ?? [], configuration?.outgoing ?? []]) {
        if (!set.includes(victim)) continue;
        const harmed = this.damagedAmong(set.filter((id) => id !== victim)) + 1;
        if (harmed > (set.length - 1) >> 1) return false;
      }
    }
    return !this.nodes[victim]!.damaged;
  }

  #makeNode(id: NodeId): SimulatedNode<Message, WalRecord> {
    const { config } = this;
    const random = this.seed.split(`node ${id}`);
    const first = Array.from({ length: config.nodes }, (_, i) => i + 1);
    const bootstrap: Configuration = { voters: id <= config.nodes ? first : [], outgoing: [], learners: [] };
    const { maxBatch, snapshotEvery, mutant } = config;
    const settings = { bootstrap, maxBatch, snapshotEvery, mutant, forward: config.forward };
    return new SimulatedNode(id, this.#engine, this.#makeDisk(id), this, settings, random);
  }

  #makeDisk(id: NodeId): NodeDisk<WalRecord> {
    const { codec } = this.#engine;
    if (this.config.disk.model === "light" || codec === undefined) return new LightDisk(this.#engine);
    return new FullDisk(id, this.#engine, codec);
  }
}
