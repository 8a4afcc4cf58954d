import type { Instant, NodeId } from "@synod/protocols/protocol";
import { VirtualCluster, type VirtualNode } from "@synod/runtime/host/testing-virtual";
import { ProtobufReader, ProtobufWriter } from "@synod/wire/protobuf";
import {
  type DecodedLeaseResponse,
  decodeLeaseResponse,
  encodeLeaseGrantRequest,
  encodeLeaseId,
  encodeLeaseTimeToLiveRequest,
} from "../../api/lease.ts";
import { createStoreMachine, type StoreMachine } from "../../machine.ts";
import { Opcode, type StoreResult } from "../../state-machine.ts";
import { StoreConnection } from "../connection.ts";
import { LocalCalls } from "../local-calls.ts";
import { StoreService } from "../service.ts";
import { LeaseJudge, type WatchedLease } from "./lease-judge.ts";

const MILLI = 1000;
const SECOND = 1_000_000;
/** As often as a node looks for expired leases. */
const EXPIRE_EVERY = 20 * MILLI;
const TTLS_MS = [100, 150, 250, 400, 700, 1000, 2000, 3000, 5000];
const MOST_LEASES = 14;

type Encode = (writer: ProtobufWriter) => void;
type Answered = (answer: DecodedLeaseResponse | undefined, code: number) => void;

/** A node's store, and a client of it. */
interface Store {
  readonly service: StoreService;
  readonly node: VirtualNode<StoreResult>;
  readonly calls: LocalCalls;
  /** Of calls without an answer yet. */
  readonly underWay: Set<WatchedLease>;
}

/**
 * Stores on three nodes whose clients grant, renew, look at and revoke leases while the nodes die, sleep, lead and are cut off
 * from each other; all of one seed, on virtual time. `judge` says what was not as promised.
 */
export class LeaseWorld {
  readonly cluster: VirtualCluster<StoreResult>;
  readonly judge: LeaseJudge;
  readonly #machines: Map<NodeId, StoreMachine> = new Map();
  readonly #stores: Map<NodeId, Store> = new Map();
  readonly #random: VirtualCluster<StoreResult>["random"];
  #nextId = 1n;
  #busy = true;

  constructor(seed: string | number) {
    this.judge = new LeaseJudge(
      () => this.cluster.now,
      () => this.cluster.weather.lost === 0,
    );
    this.cluster = new VirtualCluster<StoreResult>({
      nodes: 3,
      seed,
      machine: (id) => {
        const machine = createStoreMachine();
        this.#machines.set(id, machine);
        return machine.machine;
      },
      service: (node) => {
        // The constructor of the cluster starts its nodes, before anybody else knows it.
        node.cluster.at(node.now(), () => this.#begin(node));
      },
    });
    this.#random = this.cluster.random.split("clients and faults");
  }

  /** Clients and faults for so long; then peace, in which every lease must end. @returns what was wrong; none is right */
  run(micros: Instant): readonly string[] {
    const { cluster, judge } = this;
    cluster.until(() => cluster.leader !== undefined);
    this.#act();
    this.#harm();
    cluster.run(micros);
    this.#busy = false;
    this.#heal();
    cluster.until(() => cluster.leader !== undefined);
    cluster.run(9 * SECOND); // whatever is under way is answered, or has failed
    cluster.run((3 * SECOND * Math.max(...TTLS_MS)) / 2000 + SECOND);
    judge.allEnded();
    return judge.wrongs;
  }

  #begin(node: VirtualNode<StoreResult>): void {
    const { cluster, judge } = this;
    const { machine, areas } = this.#machines.get(node.id)!;
    const schedule = (work: () => void): void => cluster.at(cluster.now, () => void (node.isAlive && work()));
    const service = new StoreService({
      group: node.group,
      machine,
      areas,
      clusterId: 1n,
      memberId: BigInt,
      members: () => [],
      now: () => cluster.now,
      schedule,
      random64: () => 1n,
    });
    node.hooks.push(() => service.flush());
    const position = { index: 0, command: 0 };
    machine.observer = {
      applied: (index, _time, command, result) => {
        position.command = index === position.index ? position.command + 1 : 0;
        position.index = index;
        if (!judge.isNew(index, position.command)) return;
        if (result.type === "leaseGrant") judge.began(result.id);
        const ended = result.type === "expireLeases" || result.type === "leaseRevoke";
        if (ended)
          judge.ended(command[0] === Opcode.expireLeases, (id) => machine.model.leaseTimeToLive(id, false, 0).ttl < 0);
      },
    };
    node.group.subscribe({
      batchApplied: (index) => judge.applied(index, machine.hash()),
      roleChanged: ({ role }) => void (role === "leader" && judge.disturbed()),
    });
    const expire = (): void => {
      if (!node.isAlive) return;
      if (!cluster.isPaused(node.id)) service.expire();
      cluster.at(cluster.now + EXPIRE_EVERY, expire);
    };
    expire();
    const calls = new LocalCalls(new StoreConnection(service, () => {}));
    this.#stores.set(node.id, { service, node, calls, underWay: new Set() });
  }

  // --- Clients

  #act(): void {
    if (!this.#busy) return;
    const random = this.#random;
    const { judge } = this;
    const kind = random.below(100);
    const { known } = judge;
    const lease = known[random.below(known.length)];
    if (judge.living < MOST_LEASES && (lease === undefined || kind < 10)) this.#grant();
    else if (lease !== undefined && kind < 75) this.#renew(lease, this.#anyNode());
    else if (lease !== undefined && kind < 96) this.#look(lease);
    else if (lease !== undefined) this.#revoke(lease);
    this.cluster.at(this.cluster.now + random.between(MILLI, 20 * MILLI), () => this.#act());
  }

  #grant(): void {
    const { judge, cluster } = this;
    const id = this.#nextId++;
    const asked = cluster.now;
    const ttlMs = TTLS_MS[this.#random.below(TTLS_MS.length)]!;
    const whole = ttlMs >= 2000;
    const encode: Encode = (w) => encodeLeaseGrantRequest(w, whole ? { id, ttl: ttlMs / 1000 } : { id, ttl: 0, ttlMs });
    const lease = judge.wanted(id, ttlMs * MILLI);
    this.#ask(this.#anyNode(), "LeaseGrant", encode, lease, (answer) => {
      if (answer !== undefined) judge.granted(lease, asked);
    });
  }

  #renew(lease: WatchedLease, node: NodeId): void {
    const { judge, cluster } = this;
    const asked = cluster.now;
    const { promised } = lease;
    this.#ask(
      node,
      "LeaseKeepAlive",
      (w) => encodeLeaseId(w, lease.id),
      lease,
      (answer) => {
        if (answer === undefined) judge.uncertain(lease);
        else judge.renewed(lease, asked, (answer.ttlMs ?? answer.ttl * 1000) * MILLI, promised);
      },
    );
  }

  #look(lease: WatchedLease): void {
    const { judge, cluster } = this;
    const asked = cluster.now;
    const { promised } = lease;
    const keys = this.#random.chance(300_000);
    const encode: Encode = (w) => encodeLeaseTimeToLiveRequest(w, { id: lease.id, keys });
    this.#ask(this.#anyNode(), "LeaseTimeToLive", encode, lease, (answer) => {
      if (answer === undefined) return;
      if (answer.ttl < 0) judge.toldDead(lease);
      else judge.told(lease, asked, (answer.ttlMs ?? answer.ttl * 1000) * MILLI, promised);
    });
  }

  /** And asks everybody for it then. */
  #revoke(lease: WatchedLease): void {
    this.#ask(
      this.#anyNode(),
      "LeaseRevoke",
      (w) => encodeLeaseId(w, lease.id),
      lease,
      (answer, code) => {
        if (answer === undefined && code !== 5) return;
        this.judge.toldDead(lease);
        for (const id of this.#stores.keys()) this.#renew(lease, id);
      },
    );
  }

  #anyNode(): NodeId {
    return 1 + this.#random.below(3);
  }

  #ask(id: NodeId, method: string, encode: Encode, lease: WatchedLease, done: Answered): void {
    const store = this.#stores.get(id);
    if (store === undefined || !store.node.isAlive) return;
    const writer = new ProtobufWriter();
    encode(writer);
    let answer: DecodedLeaseResponse | undefined;
    store.underWay.add(lease);
    const stream = store.calls.open(`/etcdserverpb.Lease/${method}`, {
      onAnswer: (message) => {
        answer = decodeLeaseResponse(new ProtobufReader(message.slice()));
        return 0;
      },
      onFinish: (code) => done(answer, code),
      metadata: () => undefined,
    });
    store.calls.request(stream!, writer.finish(), true);
  }

  // --- Faults

  #harm(): void {
    if (!this.#busy) return;
    const random = this.#random;
    const { cluster, judge } = this;
    const lasts = random.between(200 * MILLI, 3 * SECOND);
    const target = random.chance(700_000) ? (cluster.leader?.id ?? this.#anyNode()) : this.#anyNode();
    judge.disturbed();
    switch (random.below(6)) {
      case 0:
        this.#kill(target);
        break;
      case 1:
        cluster.pause(target);
        break;
      case 2:
        cluster.part([target]);
        break;
      case 3:
        cluster.part([1], [2], [3]);
        break;
      case 4:
        cluster.leader?.group.transferLeadership((target % 3) + 1);
        break;
      default:
        Object.assign(cluster.weather, { lost: 50_000, twice: 50_000, slowest: random.between(MILLI, 60 * MILLI) });
    }
    cluster.at(cluster.now + lasts, () => {
      if (!this.#busy) return;
      if (random.chance(700_000)) this.#heal();
      cluster.at(cluster.now + random.between(100 * MILLI, 4 * SECOND), () => this.#harm());
    });
  }

  #kill(id: NodeId): void {
    this.cluster.kill(id);
    for (const lease of this.#stores.get(id)?.underWay ?? []) this.judge.uncertain(lease);
    this.#stores.delete(id);
  }

  #heal(): void {
    const { cluster } = this;
    Object.assign(cluster.weather, { lost: 0, twice: 0, slowest: MILLI });
    cluster.part();
    for (const id of [1, 2, 3]) {
      // A process that slept may run its timers before it reads what has come.
      if (cluster.isPaused(id)) this.#stores.get(id)?.service.expire();
      cluster.resume(id);
      if (cluster.node(id) === undefined) cluster.start(id);
    }
    this.judge.disturbed();
  }
}
