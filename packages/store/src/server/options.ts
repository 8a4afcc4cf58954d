import type { Group } from "@synod/runtime/group";
import type { Member } from "../api/cluster.ts";
import type { StoreAreas } from "../machine.ts";
import type { MemberRules } from "../model/members.ts";
import { DEFAULT_QUOTA } from "../model/quota.ts";
import type { StoreResult, StoreStateMachine } from "../state-machine.ts";
import type { RateLimit } from "./admission/admission.ts";
import type { AuditTrail } from "./admission/audit.ts";
import type { AuthSettings } from "./auth/gate.ts";
import type { CompactionSettings } from "./maintenance/compaction-keeper.ts";

export { VERSION } from "../model/version.ts";

export interface StoreServiceOptions {
  readonly group: Group<StoreResult>;
  /** The state machine that the group applies to. */
  readonly machine: StoreStateMachine;
  /** The machine's areas. */
  readonly areas: StoreAreas;
  readonly clusterId: bigint;
  /** The member id of each node that may lead. */
  memberId(node: number): bigint;
  members(): readonly Member[];
  /** What else than etcd's defaults counts where members are changed through this server. */
  readonly memberRules?: Partial<MemberRules>;
  /** Microseconds on a monotonic clock. */
  now(): number;
  /** Runs `work` soon, after what has already arrived: `setImmediate` in a process. */
  schedule(work: () => void): void;
  /** 64 random bits, for lease ids. */
  random64(): bigint;
  readonly limits?: Partial<StoreLimits>;
  readonly auth?: Partial<AuthSettings>;
  /** Present: nobody may ask more often. */
  readonly rateLimit?: RateLimit | undefined;
  readonly compaction?: Partial<CompactionSettings>;
  /** Present: the machine's observer, which is to know where a write came from. */
  readonly audit?: AuditTrail | undefined;
}

export interface StoreLimits {
  /** Bytes of one proposed command, and of one fragment of a watch response (etcd `--max-request-bytes`). */
  readonly requestBytes: number;
  /** Operations in one transaction (etcd `--max-txn-ops`). */
  readonly txnOps: number;
  /** Watches on this node. */
  readonly watches: number;
  /** Bytes that a watch stream may have queued before it is caught up from history instead. */
  readonly watchQueueBytes: number;
  /** Bytes queued on all streams of a connection beyond which each of them may have only one batch queued. */
  readonly connectionQueueBytes: number;
  /** Events told, or read from history, at once; bytes of their keys and values; how often that in one turn. */
  readonly catchUpEvents: number;
  readonly catchUpBytes: number;
  readonly catchUpSlices: number;
  /** Microseconds between the progress notifications of a quiet watch. */
  readonly progressInterval: number;
  /** Microseconds without a leader after which streams that require one are ended. */
  readonly leaderLossTolerance: number;
  /** Records looked at in one slice of removing what was compacted. */
  readonly compactionSlice: number;
  /** Bytes that the store may use (etcd `--quota-backend-bytes`): 0 is the default, less than 0 is no limit. */
  readonly quotaBytes: number;
}

export const DEFAULT_STORE_LIMITS: StoreLimits = {
  requestBytes: 1_572_864,
  txnOps: 128,
  watches: 200_000,
  watchQueueBytes: 32 << 10,
  connectionQueueBytes: 8 << 20,
  catchUpEvents: 1000,
  catchUpBytes: 32 << 10,
  catchUpSlices: 8,
  progressInterval: 600_000_000,
  leaderLossTolerance: 3_000_000,
  compactionSlice: 1000,
  quotaBytes: DEFAULT_QUOTA,
};
