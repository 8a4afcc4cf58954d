import { DurabilityViolation } from "@synod/protocols/raft/invariants-log";
import type { SnapshotMeta } from "@synod/protocols/raft/types";
import { PropertyViolation } from "./agreement.ts";
import { calmNetwork, type SimulationConfig } from "./config.ts";
import type { Engine } from "./engine.ts";
import { beginFault, type Undo } from "./fault-actions.ts";
import { type Answer, type ClientRequest, EventKind } from "./host.ts";
import { agreeOnConfiguration, explainStandstill, isConverged } from "./liveness.ts";
import type { SimulatedNode } from "./node.ts";
import { describeFault, type Fault, type FaultPlan } from "./plan.ts";
import { World } from "./world.ts";

export interface Failure {
  /** What does not hold: "election safety", "durability", "linearizability", "liveness", "assertion"… */
  readonly property: string;
  readonly message: string;
  /** Virtual microseconds, and the number of the event. */
  readonly at: number;
  readonly event: number;
}

export type EventName = keyof typeof EventKind;

/** One event as somebody who watches is told of it. Watching changes nothing. */
export interface ObservedEvent {
  readonly number: number;
  readonly time: number;
  readonly type: EventName;
  /** 0: no node in particular. */
  readonly node: number;
  readonly from: number;
  readonly text: string;
}

const KIND_NAMES: readonly EventName[] = kindNames();

/** Between two looks at whether a healed world is done, and between two steps of the administrator. */
const WATCH_EVERY = 100_000;
const ADMINISTER_EVERY = 150_000;

/** More events in one virtual second than any sound world of this size has: somebody answers an answer. */
const STORM = 400_000;
const SECOND = 1_000_000;

/**
 * One run: given a seed, a configuration and a fault plan, its every event is determined. Virtual time jumps from one
 * event to the next. First a time of faults, in which nothing wrong may happen; then the faults end, and something must.
 */
export class Simulation<Message, WalRecord> {
  readonly world: World<Message, WalRecord>;
  readonly config: SimulationConfig;
  /** Events so far. */
  events = 0;
  done = false;
  failure: Failure | undefined;
  /** Faults that took place, by kind; a fault that found nothing to do is not counted. */
  readonly fired: Map<string, number> = new Map();
  observer: ((event: ObservedEvent) => void) | undefined;

  readonly #engine: Engine<Message, WalRecord>;
  readonly #undos = new Map<number, Undo>();
  #secondEnds = SECOND;
  #eventsBefore = 0;
  #healedAt: number = Number.POSITIVE_INFINITY;

  constructor(seed: number, config: SimulationConfig, plan: FaultPlan, engine: Engine<Message, WalRecord>) {
    this.config = config;
    this.#engine = engine;
    const world = new World(seed, config, engine);
    this.world = world;
    for (let id = 1; id <= config.nodes; id++) world.startAt(id, 0);
    for (const fault of plan) this.intervene(fault);
    world.queue.push(config.duration, EventKind.heal, 0, 0, 0, undefined);
    world.clients.begin();
  }

  get traceHash(): string {
    return this.world.traced.toString();
  }

  /** Adds a fault to those planned; one whose time has passed begins at once. */
  intervene(fault: Fault): void {
    this.world.queue.push(Math.max(this.world.now, fault.at), EventKind.faultBegins, 0, fault.id, 0, fault);
  }

  /** Carries out one event. @returns false when the run is over. */
  step(): boolean {
    const { world } = this;
    const { queue, traced } = world;
    if (this.done || !queue.pop()) {
      this.done = true;
      return false;
    }
    world.now = queue.time;
    this.events++;
    if (queue.time >= this.#secondEnds) {
      this.#secondEnds = queue.time + SECOND;
      this.#eventsBefore = this.events;
    }
    traced.mix(queue.time);
    traced.mix((queue.kind << 8) | queue.node);
    try {
      if (this.observer !== undefined) this.#observe(this.observer);
      this.#dispatch(queue.kind, queue.node, queue.a, queue.b, queue.message);
      if (this.events - this.#eventsBefore > STORM) throw new PropertyViolation("storm", this.#describeStorm());
    } catch (error) {
      this.#fail(error);
    }
    return !this.done;
  }

  /** Runs to the end, or until so many events have taken place in all. */
  run(maxEvents: number = Number.POSITIVE_INFINITY): void {
    while (this.events < maxEvents && this.step());
  }

  #dispatch(kind: number, node: number, a: number, b: number, message: unknown): void {
    if (kind <= EventKind.request) {
      this.#dispatchToNode(kind, node, a, message);
      return;
    }
    const { world } = this;
    switch (kind) {
      case EventKind.answer: {
        const { request, answer } = message as { request: ClientRequest; answer: Answer };
        world.clients.answer(a, request, answer);
        return;
      }
      case EventKind.clientTimer:
        world.clients.timer(a, b);
        return;
      case EventKind.start:
        this.#start(node);
        return;
      case EventKind.faultBegins:
        this.#beginFault(message as Fault);
        return;
      case EventKind.faultEnds:
        this.#undos.get(a)?.();
        this.#undos.delete(a);
        return;
      case EventKind.administer:
        this.#administer();
        return;
      case EventKind.heal:
        this.#heal();
        return;
      case EventKind.watch:
        this.#watch();
    }
  }

  #dispatchToNode(kind: number, id: number, a: number, message: unknown): void {
    const { world } = this;
    if (kind === EventKind.deliver && !world.network.arrive(a, id)) return;
    const node = world.nodes[id]!;
    if (!node.up) {
      if (kind === EventKind.request) {
        world.answer(message as ClientRequest, { type: "refused", reason: "noQuorum", leader: 0 });
      }
      return;
    }
    if (node.pausedUntil > world.now) {
      // It happens when the process runs again, in the order in which it came.
      if (kind === EventKind.deliver) world.network.hold(a, id);
      world.queue.push(node.pausedUntil, kind, id, a, 0, message);
      return;
    }
    this.#hand(node, kind, a, message);
  }

  #hand(node: SimulatedNode<Message, WalRecord>, kind: number, a: number, message: unknown): void {
    if (kind === EventKind.deliver) {
      node.deliver(a, message as Message);
      return;
    }
    if (kind === EventKind.request) {
      node.request(message as ClientRequest);
      return;
    }
    if (kind === EventKind.disconnected) {
      node.administer((member, now) => member.disconnected(now, a));
      return;
    }
    if (kind === EventKind.connected) {
      node.administer((member, now) => member.connected(now));
      return;
    }
    if (a !== node.life) return; // meant for a process that is gone
    switch (kind) {
      case EventKind.wake:
        node.wake(message as number);
        return;
      case EventKind.turn:
        node.turn();
        return;
      case EventKind.synced:
        node.synced();
        return;
      case EventKind.snapshotWritten: {
        const { meta, bytes } = message as { meta: SnapshotMeta; bytes: Uint8Array };
        node.snapshotWritten(meta, bytes);
        return;
      }
      case EventKind.snapshotRestored: {
        const { meta, bytes } = message as { meta: SnapshotMeta; bytes: Uint8Array | undefined };
        node.snapshotRestored(meta, bytes);
      }
    }
  }

  #start(id: number): void {
    const node = this.world.nodes[id]!;
    if (node.up || this.world.abandoned.has(id)) return;
    node.start();
    this.world.noticeStart(id);
  }

  #beginFault(fault: Fault): void {
    const { world } = this;
    if (this.#healedAt <= world.now) return;
    const undo = beginFault(world, fault, world.seed.split(`fault ${fault.id}`));
    if (undo === undefined) return;
    this.fired.set(fault.kind, (this.fired.get(fault.kind) ?? 0) + 1);
    this.#undos.set(fault.id, undo);
    world.queue.push(Math.max(world.now, fault.until), EventKind.faultEnds, 0, fault.id, 0, undefined);
  }

  #administer(): void {
    const { world } = this;
    const { leader } = world;
    if (leader !== 0 && !world.isPaused(leader)) {
      const node = world.nodes[leader]!;
      const next = world.administrator.next(node.member!.configuration);
      if (next !== undefined) node.administer((member, now, out) => member.configure(now, next, out));
    }
    if (!world.administrator.idle)
      world.queue.push(world.now + ADMINISTER_EVERY, EventKind.administer, 0, 0, 0, undefined);
  }

  /**
   * The second phase: the faults end. Either all nodes come back, or only a core, which is a majority; the others stay
   * down for good, and the core must do without them.
   */
  #heal(): void {
    const { world } = this;
    for (const undo of this.#undos.values()) undo();
    this.#undos.clear();
    world.network.heal(calmNetwork(this.config.network));
    world.administrator.forget();
    this.#healedAt = world.now;
    for (const node of world.nodes.slice(1)) {
      node.pausedUntil = 0;
      if (!node.absent) this.#start(node.id);
    }
    const random = world.seed.split("core");
    const configuration = agreeOnConfiguration(world.nodes);
    if (configuration !== undefined && random.chance(500_000)) {
      const sound = configuration.voters.filter((id) => !world.nodes[id]!.damaged);
      const core = random.shuffle([...sound]).slice(0, (configuration.voters.length >> 1) + 1);
      if (core.length > configuration.voters.length >> 1) this.#keepOnly(core);
    }
    world.clients.drain();
    world.queue.push(world.now + WATCH_EVERY, EventKind.watch, 0, 0, 0, undefined);
  }

  #keepOnly(core: readonly number[]): void {
    const { world } = this;
    world.goal("healed with a bare majority");
    for (const node of world.nodes.slice(1)) {
      if (core.includes(node.id)) continue;
      world.abandoned.add(node.id);
      node.stop(world.seed.split(`abandon ${node.id}`));
    }
  }

  #watch(): void {
    const { world } = this;
    if (world.clients.busy === 0 && isConverged(world.nodes, world.agreement.length)) {
      world.clients.checkAcknowledged(world.agreement);
      this.done = true;
    } else if (world.now > this.#healedAt + this.config.livenessBound) {
      const explanation = explainStandstill(world.nodes, world.clients.busy, world.agreement.length);
      throw new PropertyViolation("liveness", explanation);
    } else {
      world.queue.push(world.now + WATCH_EVERY, EventKind.watch, 0, 0, 0, undefined);
    }
  }

  #describeStorm(): string {
    const { kind, node, a, message } = this.world.queue;
    const last =
      kind === EventKind.deliver ? `, of ${this.#engine.describeMessage(message as Message)} from n${a}` : "";
    return `${STORM} events within a virtual second; the last one was a ${KIND_NAMES[kind]} at n${node}${last}`;
  }

  #fail(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.failure = { property: propertyOf(error), message, at: this.world.now, event: this.events };
    this.done = true;
  }

  #observe(observer: (event: ObservedEvent) => void): void {
    const { kind, node, a, message, time } = this.world.queue;
    const type = KIND_NAMES[kind]!;
    let text = "";
    if (kind === EventKind.deliver) text = this.#engine.describeMessage(message as Message);
    else if (kind === EventKind.faultBegins) text = describeFault(message as Fault);
    const from = kind === EventKind.deliver ? a : 0;
    observer({ number: this.events, time, type, node, from, text });
  }
}

function propertyOf(error: unknown): string {
  if (error instanceof PropertyViolation) return error.property;
  return error instanceof DurabilityViolation ? "durability" : "assertion";
}

function kindNames(): EventName[] {
  const names: EventName[] = [];
  for (const [name, kind] of Object.entries(EventKind)) names[kind] = name as EventName;
  return names;
}
