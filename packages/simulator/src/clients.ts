import { type History, NEVER_RETURNED, type Operation } from "@synod/checkers/history";
import type { LogIndex, NodeId } from "@synod/protocols/protocol";
import type { Random } from "@synod/protocols/random";
import { type Agreement, PropertyViolation } from "./agreement.ts";
import type { WorkloadSettings } from "./config.ts";
import { exponential } from "./exponential.ts";
import type { Answer, ClientRequest } from "./host.ts";
import { encodeCommand, Verb } from "./key-value.ts";

/** The world as its clients see it. */
export interface ClientHost {
  readonly now: number;
  /** Clients try every node, members or not. */
  readonly maxNode: number;
  /** The request travels to a node; nothing may come of it. */
  ask(client: number, node: NodeId, request: ClientRequest): void;
  setTimer(client: number, delay: number, token: number): void;
  goal(name: string): void;
}

type Kind = "read" | "write" | "cas";

interface Record {
  readonly session: number;
  readonly request: number;
  readonly kind: Kind;
  readonly key: number;
  readonly value: number;
  readonly expected: number;
  readonly call: number;
  /** The highest index that any client had seen acknowledged when this was asked. */
  readonly floor: LogIndex;
  return: number;
  /** What a read answered; for a cas 1 or 0. */
  output: number;
}

interface Client {
  readonly random: Random;
  /** Changes after an operation of unknown outcome: a new session, a new process in the history. */
  session: number;
  request: number;
  operations: number;
  current: Record | undefined;
  wire: ClientRequest | undefined;
  leader: NodeId;
  /** The timer in force; others are stale. */
  token: number;
  deadline: number;
  attempts: number;
  /** The latest attempt was answered by a refusal, perhaps with a hint who leads. */
  refused: boolean;
  lastSeen: number;
  stopped: boolean;
}

/** The load: clients with one operation under way each, which retry under the same request id until they give up. */
export class Clients {
  readonly records: Record[] = [];
  readonly #clients: Client[];
  readonly #settings: WorkloadSettings;
  readonly #host: ClientHost;
  /** The highest index that any client has seen acknowledged. */
  #acknowledged: LogIndex = 0;
  #nextSession: number;
  #draining = false;
  completed = 0;
  unknown = 0;

  constructor(settings: WorkloadSettings, host: ClientHost, random: Random) {
    this.#settings = settings;
    this.#host = host;
    this.#nextSession = settings.clients + 1;
    this.#clients = Array.from({ length: settings.clients }, (_, i) => ({
      random: random.split(`client ${i}`),
      session: i + 1,
      request: 0,
      operations: 0,
      current: undefined,
      wire: undefined,
      leader: 0,
      token: 0,
      deadline: 0,
      attempts: 0,
      refused: false,
      lastSeen: 0,
      stopped: false,
    }));
  }

  begin(): void {
    for (let i = 0; i < this.#clients.length; i++) this.#rest(i, this.#clients[i]!);
  }

  /** The faults are over: each client completes one more operation, then stops. */
  drain(): void {
    this.#draining = true;
    for (let i = 0; i < this.#clients.length; i++) {
      const client = this.#clients[i]!;
      client.stopped = false;
      client.operations = 0;
      if (client.current === undefined) this.#issue(i, client);
    }
  }

  /** Clients that still wait for an answer or have not begun their last operation. */
  get busy(): number {
    return this.#clients.filter((client) => !client.stopped).length;
  }

  timer(index: number, token: number): void {
    const client = this.#clients[index]!;
    if (token !== client.token) return;
    const { now } = this.#host;
    if (client.current === undefined) {
      this.#issue(index, client);
    } else if (now >= client.deadline && !this.#draining) {
      this.#giveUp(index, client);
    } else {
      if (!client.refused) client.leader = 0; // it did not answer
      this.#send(index, client);
    }
  }

  answer(index: number, request: ClientRequest, answer: Answer): void {
    const client = this.#clients[index]!;
    const { current } = client;
    if (current === undefined || request.client !== client.session || request.request !== client.request) return;
    if (answer.type === "refused") {
      client.leader = answer.leader;
      client.refused = true;
      this.#timer(index, client, answer.leader === 0 ? 5_000 + client.random.below(50_000) : 500);
      return;
    }
    this.#checkRecency(current, answer.index);
    this.#acknowledged = Math.max(this.#acknowledged, answer.index);
    current.return = this.#host.now;
    current.output = answer.type === "value" ? answer.value : answer.done ? 1 : 0;
    if (answer.type === "value") client.lastSeen = answer.value;
    this.completed++;
    this.#finish(index, client);
  }

  /** Every acknowledged write must be in the agreed log. */
  checkAcknowledged(agreement: Agreement): void {
    for (const record of this.records) {
      if (record.kind === "read" || record.return === NEVER_RETURNED) continue;
      if (agreement.indexOf(record.session, record.request) === undefined) {
        throw new PropertyViolation("durability", `${describe(record)} was acknowledged and is not in the agreed log`);
      }
    }
  }

  history(): History<unknown, unknown> {
    return this.records.map(toOperation);
  }

  /**
   * Real-time order, at once: a log decides the order of all operations, so one that began after another was acknowledged
   * must stand at a later (a read: not earlier) place.
   */
  #checkRecency(record: Record, index: LogIndex): void {
    if (record.kind === "read" ? index >= record.floor : index > record.floor) return;
    throw new PropertyViolation(
      "linearizability",
      `${describe(record)} took place at entry ${index}, but when it began, entry ${record.floor} had already been acknowledged`,
    );
  }

  #issue(index: number, client: Client): void {
    if (client.operations >= (this.#draining ? 1 : this.#settings.operations)) {
      client.stopped = true;
      return;
    }
    client.operations++;
    client.request++;
    const { random } = client;
    const dice = random.below(1_000_000);
    const { reads, swaps } = this.#settings;
    const kind: Kind = dice < reads ? "read" : dice < reads + swaps ? "cas" : "write";
    const key = random.below(this.#settings.keys);
    const value = client.session * 0x1000 + client.request;
    const expected = kind === "cas" ? client.lastSeen : 0;
    const { now } = this.#host;
    const { session, request } = client;
    const record: Record = {
      session,
      request,
      kind,
      key,
      value,
      expected,
      call: now,
      floor: this.#acknowledged,
      return: NEVER_RETURNED,
      output: 0,
    };
    this.records.push(record);
    client.current = record;
    const verb = kind === "cas" ? Verb.swap : Verb.write;
    const command =
      kind === "read" ? undefined : encodeCommand({ client: session, request, verb, key, expected, value });
    client.wire = { client: session, request, key, command };
    client.deadline = now + this.#settings.giveUpAfter;
    client.attempts = 0;
    this.#send(index, client);
  }

  #send(index: number, client: Client): void {
    const anyNode = client.random.between(1, this.#host.maxNode);
    const atLeader = client.leader !== 0 && !client.random.chance(200_000);
    client.refused = false;
    if (client.attempts++ > 0) this.#host.goal("request sent again");
    this.#host.ask(index, atLeader ? client.leader : anyNode, client.wire!);
    this.#timer(index, client, this.#settings.retryAfter);
  }

  #giveUp(index: number, client: Client): void {
    this.unknown++;
    client.session = this.#nextSession++;
    client.request = 0;
    this.#finish(index, client);
  }

  #finish(index: number, client: Client): void {
    client.current = undefined;
    client.wire = undefined;
    if (this.#draining) this.#issue(index, client);
    else this.#rest(index, client);
  }

  #rest(index: number, client: Client): void {
    this.#timer(index, client, 1 + exponential(client.random, this.#settings.meanRest));
  }

  #timer(index: number, client: Client, delay: number): void {
    this.#host.setTimer(index, delay, ++client.token);
  }
}

function toOperation(record: Record): Operation {
  const answered = record.return !== NEVER_RETURNED;
  const { kind, value, expected } = record;
  return {
    process: record.session,
    key: `k${record.key}`,
    f: kind,
    input: kind === "read" ? null : kind === "cas" ? { from: expected, to: value } : value,
    output: !answered ? undefined : kind === "read" ? record.output : kind === "cas" ? record.output === 1 : true,
    call: record.call,
    return: record.return,
    outcome: answered ? "ok" : "unknown",
  };
}

function describe(record: Record): string {
  const what =
    record.kind === "read"
      ? `read(k${record.key})`
      : record.kind === "cas"
        ? `cas(k${record.key}, ${record.expected} → ${record.value})`
        : `write(k${record.key}, ${record.value})`;
  return `${what} of client ${record.session}, asked at ${record.call} µs,`;
}
