import type { Group, GroupListener } from "@synod/runtime/group";
import { ProtobufReader } from "@synod/wire/protobuf";
import type { ApiErrorCode } from "../api/errors.ts";
import { HeaderWriter } from "../api/header.ts";
import type { StoreAreas } from "../machine.ts";
import { Quota } from "../model/quota.ts";
import type { StoreModel } from "../model/store.ts";
import type { StoreResult } from "../state-machine.ts";
import { Admission } from "./admission/admission.ts";
import { FairQueue } from "./admission/fair-queue.ts";
import { PrefixRates } from "./admission/prefix-rates.ts";
import { answerHeader } from "./answers.ts";
import { AuthGate, DEFAULT_AUTH } from "./auth/gate.ts";
import { Commands } from "./commands.ts";
import { SessionLeases } from "./concurrency/session-leases.ts";
import { Steps } from "./concurrency/session-steps.ts";
import type { StoreConnection } from "./connection.ts";
import { ReadLevels } from "./kv/read-levels.ts";
import { LeaseKeeper } from "./leases/lease-keeper.ts";
import { LeaseQuestions } from "./leases/lease-questions.ts";
import { CompactionKeeper, DEFAULT_COMPACTION } from "./maintenance/compaction-keeper.ts";
import { CorruptionGuard } from "./maintenance/corruption-guard.ts";
import { Hashes } from "./maintenance/hashes.ts";
import type { HealthStream } from "./maintenance/health.ts";
import { QuotaGuard } from "./maintenance/quota-guard.ts";
import type { SnapshotStream } from "./maintenance/snapshot-stream.ts";
import { answerMembers } from "./members/cluster.ts";
import { MemberWaiters } from "./members/member-waiters.ts";
import type { StoreMethod } from "./method.ts";
import { DEFAULT_STORE_LIMITS, type StoreLimits, type StoreServiceOptions } from "./options.ts";
import { StoreTraffic } from "./traffic.ts";
import { WatchHub } from "./watch/watch-hub.ts";

/** As long as a proposal may take. */
const TRANSFER_TIMEOUT = 7_000_000;

/** Microseconds between the beats that keep quiet connections alive. */
const BEAT_INTERVAL = 15_000_000;

/** A call that waits for something other than the group's answer. */
interface Waiting {
  readonly connection: StoreConnection;
  readonly stream: number;
}

/**
 * The store of one node as its clients see it: etcd's v3 services over one replicated group. It knows no sockets: a
 * listener makes a `StoreConnection` for each client. Whoever drives the node calls `flush` at the end of each turn and
 * `tick` about ten times a second.
 */
export class StoreService implements GroupListener {
  readonly options: StoreServiceOptions;
  readonly limits: StoreLimits;
  readonly group: Group<StoreResult>;
  readonly model: StoreModel;
  readonly areas: StoreAreas;
  readonly quota: QuotaGuard;
  readonly corruption: CorruptionGuard;
  readonly compaction: CompactionKeeper;
  readonly prefixes: PrefixRates;
  /** undefined: everybody may ask as often as they like. */
  readonly admission: Admission | undefined;
  readonly fair: FairQueue = new FairQueue();
  readonly hashes: Hashes;
  /** Calls of Snapshot under way. */
  readonly snapshots: Set<SnapshotStream> = new Set();
  readonly auth: AuthGate;
  readonly header: HeaderWriter;
  readonly commands: Commands = new Commands();
  readonly watches: WatchHub;
  /** What calls do in several steps. */
  readonly steps: Steps = new Steps(this);
  readonly traffic: StoreTraffic = new StoreTraffic();
  /** Whoever is told of each beat, every 15 s: clients whose streams would look dead without a sign of life. */
  readonly beating: Set<{ beat(): void }> = new Set();
  /** Calls that are told whether this node serves. */
  readonly healthStreams: Set<HealthStream> = new Set();
  /** How fresh this node is, and reads that wait until it is fresher. */
  readonly levels: ReadLevels = new ReadLevels(this);
  readonly sessionLeases: SessionLeases = new SessionLeases(this, this.steps);
  readonly memberWaiters: MemberWaiters;
  /** It has no vote: it answers Status and reads from its own state. */
  isLearner = false;
  readonly #leases: LeaseKeeper;
  readonly #reader = new ProtobufReader(new Uint8Array(0));
  #touched: StoreConnection[] = [];
  #flushScheduled = false;
  /** Connections that have, or had, a stream open. */
  readonly #withStreams = new Set<StoreConnection>();
  #removalWaiters: Waiting[] = [];
  #removing = false;
  #transferWaiters: (Waiting & { readonly target: number; readonly deadline: number })[] = [];
  #hasLeader = false;

  #leaderLostAt: number | undefined;
  #progressDueAt: number;
  #beatDueAt = 0;

  constructor(options: StoreServiceOptions) {
    this.options = options;
    this.limits = { ...DEFAULT_STORE_LIMITS, ...options.limits };
    this.group = options.group;
    this.model = options.machine.model;
    this.areas = options.areas;
    const memberId = options.memberId(options.group.status.self);
    this.header = new HeaderWriter(options.clusterId, memberId);
    const quota = new Quota(this.limits.quotaBytes);
    this.quota = new QuotaGuard(options.group, this.model, options.areas.alarms, quota, memberId);
    this.corruption = new CorruptionGuard(options.group, options.machine, options.areas.alarms, () => options.now());
    this.admission = options.rateLimit && new Admission(options.rateLimit, () => options.now());
    this.prefixes = new PrefixRates(this.model, () => options.now());
    this.compaction = new CompactionKeeper({
      group: options.group,
      model: this.model,
      settings: { ...DEFAULT_COMPACTION, ...options.compaction },
      quota: quota.bytes,
      mayCompact: () => !options.areas.alarms.isCorrupt,
      now: () => options.now(),
    });
    this.auth = new AuthGate({
      area: options.areas.auth,
      model: this.model,
      settings: { ...DEFAULT_AUTH, ...options.auth },
      now: () => options.now(),
      appliedIndex: () => this.group.status.appliedIndex,
      random64: () => options.random64(),
    });
    this.hashes = new Hashes(this.model, options.areas, options);
    this.watches = new WatchHub(this.model, this.limits, (work) => options.schedule(work), this.auth);
    this.#leases = new LeaseKeeper(options.group, this.model);
    this.#progressDueAt = options.now() + this.limits.progressInterval;
    this.memberWaiters = new MemberWaiters(options.group, answerMembers);
    this.roleChanged();
    options.group.answerBy(new LeaseQuestions(this.model, options.areas.auth));
    options.group.subscribe(this);
  }

  /** The one reader, set to a message. Valid until the next call. */
  read(message: Uint8Array): ProtobufReader {
    this.#reader.reset(message);
    return this.#reader;
  }

  /** Why this node cannot serve the call at all; undefined if it can. */
  obstacle(connection: StoreConnection, stream: number, method: StoreMethod): ApiErrorCode | undefined {
    if (this.#hasLeader && !this.isLearner) return undefined;
    if (this.isLearner && method.onLearner !== true) return "notSupportedForLearner";
    if (!this.#hasLeader && connection.grpc.metadata(stream, "hasleader") === "true") return "noLeader";
    return undefined;
  }

  /** For connections: call `flush` of this one at the end of the turn. */
  touched(connection: StoreConnection): void {
    this.#touched.push(connection);
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    this.options.schedule(() => {
      this.#flushScheduled = false;
      this.flush();
    });
  }

  /** For connections: this one carries a stream. */
  opened(connection: StoreConnection): void {
    this.#withStreams.add(connection);
  }

  /** The connection is gone. */
  closed(connection: StoreConnection): void {
    this.#withStreams.delete(connection);
    this.fair.leave(connection);
    this.sessionLeases.closed(connection);
  }

  /** Writes out what the turn has produced, each connection once. */
  flush(): void {
    this.fair.advance();
    while (this.#touched.length > 0) {
      const touched = this.#touched;
      this.#touched = [];
      for (const connection of touched) connection.flush();
    }
  }

  /** Revokes what has expired: as often as leases are to be exact. It costs next to nothing while there is none. */
  expire(): void {
    this.#leases.tick();
  }

  /** About ten times a second. */
  tick(): void {
    const now = this.options.now();
    this.#leases.tick();
    this.quota.tick();
    this.corruption.tick();
    this.compaction.tick();
    this.prefixes.tick();
    this.fair.tick();
    this.auth.tokens.progress();
    this.watches.dispatch();
    this.levels.progress();
    this.#removeCompacted();
    this.memberWaiters.check(now);
    if (now >= this.#progressDueAt) {
      this.#progressDueAt = now + this.limits.progressInterval;
      this.watches.notifyProgress();
    }
    if (now >= this.#beatDueAt) {
      this.#beatDueAt = now + BEAT_INTERVAL;
      for (const each of this.beating) each.beat();
    }
    const late = this.#transferWaiters.filter(({ deadline }) => deadline <= now);
    this.#transferWaiters = this.#transferWaiters.filter(({ deadline }) => deadline > now);
    for (const { connection, stream } of late) connection.refuse(stream, "timeout");
    const lost = this.#leaderLostAt !== undefined && now - this.#leaderLostAt >= this.limits.leaderLossTolerance;
    if (lost) this.#endStreamsThatRequireLeader();
  }

  /** A random positive int64. */
  newLeaseId(): bigint {
    for (;;) {
      const id = BigInt.asUintN(63, this.options.random64());
      if (id !== 0n) return id;
    }
  }

  /** For a physical compaction. */
  answerWhenRemoved(connection: StoreConnection, stream: number): void {
    this.#removalWaiters.push({ connection, stream });
  }

  /** For a transfer of leadership. */
  answerWhenLeading(connection: StoreConnection, stream: number, target: number): void {
    const deadline = this.options.now() + TRANSFER_TIMEOUT;
    this.#transferWaiters.push({ connection, stream, target, deadline });
  }

  // --- GroupListener

  batchApplied(): void {
    this.options.audit?.settle();
    this.watches.dispatch();
    this.levels.progress();
    this.auth.tokens.progress();
    if (this.model.removalPending) this.#removeCompacted();
    this.memberWaiters.check(this.options.now());
  }

  removed(): void {
    this.memberWaiters.removed(this.group.status.self);
  }

  roleChanged(): void {
    const { leader, role, self, term } = this.group.status;
    this.header.raftTerm = term;
    this.#hasLeader = leader !== undefined;
    // A voter that is still catching up listens like a learner, and serves like a follower.
    this.isLearner = role === "learner" && this.areas.members.members.byNode(self)?.isLearner !== false;
    if (leader !== undefined) this.#leaderLostAt = undefined;
    else this.#leaderLostAt ??= this.options.now();
    for (const stream of this.healthStreams) stream.tell();
    this.#answerTransfers(leader);
  }

  /** Asked for leadership to move: it has, to this or another node. */
  #answerTransfers(leader: number | undefined): void {
    if (leader === undefined || this.#transferWaiters.length === 0) return;
    const waiters = this.#transferWaiters;
    this.#transferWaiters = [];
    for (const { connection, stream, target } of waiters) {
      if (leader === target) answerHeader(connection, stream);
      else connection.refuse(stream, "timeout");
    }
  }

  /** One slice; the next ones follow as long as there is something to remove. */
  #removeCompacted(): void {
    if (this.#removing || this.hashes.isRunning) return;
    if (this.model.removalPending && this.model.removeCompacted(this.limits.compactionSlice)) {
      this.#removing = true;
      this.options.schedule(() => {
        this.#removing = false;
        this.#removeCompacted();
      });
      return;
    }
    const waiters = this.#removalWaiters;
    this.#removalWaiters = [];
    for (const { connection, stream } of waiters) answerHeader(connection, stream);
  }

  #endStreamsThatRequireLeader(): void {
    for (const connection of this.#withStreams) {
      for (const [stream, open] of connection.streams) if (open.requiresLeader) connection.refuse(stream, "noLeader");
    }
  }
}
