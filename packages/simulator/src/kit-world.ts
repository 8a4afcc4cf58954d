import { type History, Recorder } from "@synod/checkers/history";
import type { NodeId } from "@synod/protocols/protocol";
import { Random } from "@synod/protocols/random";
import { EventQueue } from "./event-queue.ts";
import type { KitFault, KitOperation, KitPlan, KitRequest } from "./kit-plan.ts";
import { Network, type NetworkSettings } from "./network.ts";

/** What a node may use of its world. All times are virtual microseconds. */
export interface KitEnvironment<Message> {
  readonly id: NodeId;
  readonly nodes: readonly NodeId[];
  /** How often it was started before. */
  readonly restarts: number;
  /** What a crash leaves. */
  readonly disk: Map<string, unknown>;
  readonly random: Random;
  now(): number;
  send(to: NodeId, message: Message): void;
  /** Calls back once, unless the process has ended by then. */
  after(delay: number, what: () => void): void;
  every(period: number, what: () => void): void;
}

/** How a node tells a client. One of them, once; later calls are not heard. Never: the client gives up. */
export interface KitAnswer {
  ok(output: unknown): void;
  /** It certainly was not done. */
  fail(): void;
}

/** Somebody's node, as the world calls it. */
export interface KitNode<Message> {
  receive(from: NodeId, message: Message): void;
  request(request: KitRequest, answer: KitAnswer): void;
}

export interface KitWorldSettings<Message> {
  readonly nodes: number;
  readonly clients: number;
  /** How long a client waits for an answer, in microseconds. */
  readonly giveUpAfter: number;
  readonly network: NetworkSettings;
  readonly start: (environment: KitEnvironment<Message>) => KitNode<Message>;
}

interface Place<Message> {
  node: KitNode<Message> | undefined;
  /** Changes when the process ends and when it starts. */
  life: number;
  starts: number;
  pausedUntil: number;
  readonly disk: Map<string, unknown>;
}

const Kind = { deliver: 0, timer: 1, ask: 2, request: 3, answer: 4, giveUp: 5, begin: 6, end: 7 } as const;

/** More events than any small world needs: somebody answers answers. */
const MOST_EVENTS = 200_000;
const HALF = 500_000;
const MORE_DELAY = 50_000;

/** One run of somebody's nodes: their messages, their clients, and what goes wrong. Equal seeds and plans give equal runs. */
export class KitWorld<Message> {
  readonly #settings: KitWorldSettings<Message>;
  readonly #plan: KitPlan;
  readonly #random: Random;
  readonly #network: Network;
  readonly #queue = new EventQueue();
  readonly #places: Place<Message>[] = [];
  readonly #recorder = new Recorder();
  /** By token of the recorder: the operation, and whether it is over. */
  readonly #asked: { readonly operation: KitOperation; over: boolean }[] = [];
  readonly #waiting: KitOperation[][];
  readonly #generations: number[];
  #now = 0;
  #open: number;

  constructor(seed: number | string, settings: KitWorldSettings<Message>, plan: KitPlan) {
    this.#settings = settings;
    this.#plan = plan;
    this.#random = new Random(seed);
    this.#network = new Network(settings.nodes, settings.network, this.#random.split("network"));
    for (let id = 1; id <= settings.nodes; id++) {
      this.#places[id] = { node: undefined, life: 0, starts: 0, pausedUntil: 0, disk: new Map() };
    }
    this.#waiting = Array.from({ length: settings.clients }, () => []);
    this.#generations = new Array(settings.clients).fill(0);
    this.#open = plan.operations.length;
  }

  run(): History {
    for (let id = 1; id <= this.#settings.nodes; id++) this.#start(id);
    for (const operation of this.#plan.operations) this.#waiting[operation.client]!.push(operation);
    for (const client of this.#waiting.keys()) this.#askNext(client);
    for (const fault of this.#plan.faults) {
      this.#queue.push(fault.from, Kind.begin, 0, 0, 0, fault);
      this.#queue.push(fault.until, Kind.end, 0, 0, 0, fault);
    }
    for (let events = 0; this.#open > 0 && events < MOST_EVENTS && this.#queue.pop(); events++) {
      this.#now = this.#queue.time;
      this.#handle();
    }
    const history = this.#recorder.history();
    return history.map((operation, token) => ({ ...operation, node: `n${this.#asked[token]!.operation.to}` }));
  }

  #handle(): void {
    const { kind, node, a, b, message, time } = this.#queue;
    const place = this.#places[node];
    if (place !== undefined && kind !== Kind.answer && time < place.pausedUntil) {
      this.#queue.push(place.pausedUntil, kind, node, a, b, message);
      return;
    }
    if (kind === Kind.deliver) {
      if (this.#network.arrive(a, node)) place?.node?.receive(a, message as Message);
    } else if (kind === Kind.timer) {
      if (place?.life === a) (message as () => void)();
    } else if (kind === Kind.ask) this.#ask(message as KitOperation);
    else if (kind === Kind.request) this.#request(node, a);
    else if (kind === Kind.answer) this.#answered(a, message as { readonly output: unknown } | undefined);
    else if (kind === Kind.giveUp) this.#giveUp(a);
    else this.#change(message as KitFault, kind === Kind.begin);
  }

  #start(id: NodeId): void {
    const place = this.#places[id]!;
    const life = ++place.life;
    const isAlive = (): boolean => place.life === life;
    const after = (delay: number, what: () => void): void => {
      if (isAlive()) this.#queue.push(this.#now + delay, Kind.timer, id, life, 0, what);
    };
    const every = (period: number, what: () => void): void =>
      after(period, () => {
        what();
        every(period, what);
      });
    place.node = this.#settings.start({
      id,
      nodes: Array.from({ length: this.#settings.nodes }, (_, other) => other + 1),
      restarts: place.starts++,
      disk: place.disk,
      random: this.#random.split(`node ${id} ${life}`),
      now: () => this.#now,
      send: (to, message) => isAlive() && this.#send(id, to, message),
      after,
      every,
    });
  }

  #send(from: NodeId, to: NodeId, message: Message): void {
    const arrival = this.#network.depart(this.#now, from, to);
    if (arrival < 0) return;
    this.#queue.push(arrival, Kind.deliver, to, from, 0, message);
    const copy = this.#network.duplicate(this.#now, from, to);
    if (copy >= 0) this.#queue.push(copy, Kind.deliver, to, from, 0, message);
  }

  #askNext(client: number): void {
    const next = this.#waiting[client]!.shift();
    if (next !== undefined) this.#queue.push(Math.max(next.at, this.#now + 1), Kind.ask, 0, 0, 0, next);
  }

  #ask(operation: KitOperation): void {
    const { client, f, key, input, to } = operation;
    const process = 1 + client + this.#generations[client]! * this.#settings.clients;
    const token = this.#recorder.call(this.#now, process, f, key, input);
    this.#asked[token] = { operation, over: false };
    const { minDelay } = this.#settings.network;
    this.#queue.push(this.#now + minDelay, Kind.request, to, token, 0, undefined);
    this.#queue.push(this.#now + this.#settings.giveUpAfter, Kind.giveUp, 0, token, 0, undefined);
  }

  #request(id: NodeId, token: number): void {
    const place = this.#places[id]!;
    const { life } = place;
    let told = false;
    const tell = (answer: { readonly output: unknown } | undefined): void => {
      if (told || place.life !== life) return;
      told = true;
      this.#queue.push(this.#now + this.#settings.network.minDelay, Kind.answer, id, token, 0, answer);
    };
    place.node?.request(this.#asked[token]!.operation, {
      ok: (output) => tell({ output }),
      fail: () => tell(undefined),
    });
  }

  #answered(token: number, answer: { readonly output: unknown } | undefined): void {
    if (!this.#isOver(token)) return;
    if (answer === undefined) this.#recorder.fail(this.#now, token);
    else this.#recorder.ok(this.#now, token, answer.output);
    this.#askNext(this.#asked[token]!.operation.client);
  }

  #giveUp(token: number): void {
    if (!this.#isOver(token)) return;
    const { client } = this.#asked[token]!.operation;
    // What was asked may still happen, so the client goes on as somebody else.
    this.#generations[client]! += 1;
    this.#askNext(client);
  }

  /** @returns true the first time: the client hears an answer, or gives up. */
  #isOver(token: number): boolean {
    const asked = this.#asked[token]!;
    if (asked.over) return false;
    asked.over = true;
    this.#open -= 1;
    return true;
  }

  #change({ kind, nodes, until }: KitFault, begins: boolean): void {
    for (const id of nodes) {
      const place = this.#places[id]!;
      if (kind === "pause") place.pausedUntil = begins ? until : 0;
      else if (kind !== "crash") this.#changeLinks(kind, nodes, id, begins);
      else if (begins) {
        place.life += 1;
        place.node = undefined;
      } else this.#start(id);
    }
  }

  #changeLinks(kind: "partition" | "loss" | "delay", side: readonly NodeId[], id: NodeId, begins: boolean): void {
    for (let other = 1; other <= this.#settings.nodes; other++) {
      if (side.includes(other)) continue;
      for (const [from, to] of [
        [id, other],
        [other, id],
      ] as const) {
        if (kind === "loss") this.#network.degrade(from, to, "loss", begins ? HALF : -HALF);
        else if (kind === "delay") this.#network.degrade(from, to, "delay", begins ? MORE_DELAY : -MORE_DELAY);
        else if (begins) this.#network.cut(from, to);
        else this.#network.mend(from, to);
      }
    }
  }
}
