import type { DiskError } from "../disk.ts";

/** Who owns a log. Opening it as somebody else is refused. */
export interface WalIdentity {
  readonly clusterId: bigint;
  readonly nodeId: number;
}

export interface WalOptions extends WalIdentity {
  /** Size of a segment file; one that must hold a larger record is larger. A multiple of 8. */
  readonly segmentBytes?: number;
  /** Zeros written ahead of the log into a file that was never a segment, so that most syncs change no metadata. */
  readonly zeroAheadBytes?: number;
  /** The durable marker is brought up to date, without a sync, each time so many bytes were flushed. */
  readonly markEveryBytes?: number;
  /** Files kept for reuse. */
  readonly maxSpares?: number;
}

export const DEFAULT_WAL_OPTIONS: Required<Omit<WalOptions, keyof WalIdentity>> = {
  segmentBytes: 64 << 20,
  zeroAheadBytes: 1 << 20,
  markEveryBytes: 4 << 20,
  maxSpares: 2,
};

/**
 * One record as recovery reads it. `body` is never reused nor changed and may be kept, but keeps the chunk it was read
 * with (up to `RECOVERY_CHUNK_BYTES`) in memory: copy small bodies that live long. Nobody may change its bytes.
 */
export type RecordHandler = (group: number, kind: number, lastIndex: number, body: Uint8Array) => void;

export const RECOVERY_CHUNK_BYTES: number = 4 << 20;

/** Ends a flush. An error ends the log's use: the caller must stop the process. */
export type FlushDone = (error: DiskError | WalError | undefined) => void;

/** What lies behind the last whole batch. `torn`: the write under way at the crash, never acknowledged. */
export type WalTail = "clean" | "torn";

/** A closed or recovered segment: which entries it holds. */
export interface SegmentInfo {
  readonly sequence: number;
  readonly size: number;
  /** Highest `lastIndex` of each group's records that are not sticky. */
  readonly needs: Map<number, number>;
}

/** The log was read whole; nothing was changed on disk. */
export interface WalRecovered {
  readonly type: "recovered";
  readonly segments: SegmentInfo[];
  readonly tail: WalTail;
  /** Where the log ended: name and offset; undefined for a log that never began. */
  readonly end: { readonly segment: string; readonly offset: number } | undefined;
  readonly lastIndexes: ReadonlyMap<number, number>;
  /** `missing` or `damaged`: a truncation down to a whole batch could not have been noticed this time. */
  readonly marker: "ok" | "missing" | "damaged";
  readonly bytesRead: number;
  /** What the writer goes on from. */
  readonly resume: WalResume;
}

export interface WalResume {
  readonly nextSequence: number;
  readonly nextBatch: number;
  readonly chain: number;
  readonly previousEnd: number;
  /**
   * From here to the end, the newest segment's bytes were read but may never have reached the disk: the process before
   * may have died between its write and its sync, or after a failed sync.
   */
  readonly unsettledFrom: number;
  /** Highest fence seen. */
  readonly fence: number;
  /** Key: group × 256 + kind. Value: the whole record, header and body. */
  readonly stickies: Map<number, Uint8Array>;
  /** Files that hold nothing: released segments whose removal did not last, and a segment whose creation was cut short. */
  readonly leftovers: readonly string[];
}

/** Durable, acknowledged records are missing or wrong. The node must not vote; it fetches the log anew from its peers. */
export interface WalCorruption {
  readonly type: "corrupt";
  readonly reason:
    | "badBatch"
    | "badHeader"
    | "missingSegment"
    | "truncatedSegment"
    /** The log ends, cleanly or torn, before a point that is known to have been durable. */
    | "lostDurable";
  readonly segment: string;
  readonly offset: number;
  /** Records up to here were handed out before the damage and are sound: last index of each group. */
  readonly lastGoodIndexes: ReadonlyMap<number, number>;
  /** One sentence for the operator. */
  readonly message: string;
}

export class WalError extends Error {
  override readonly name = "WalError";
  readonly code: "otherCluster" | "otherNode" | "otherVersion" | "fenced" | "recordTooLarge" | "closed";
  constructor(code: WalError["code"], message: string) {
    super(message);
    this.code = code;
  }
}
