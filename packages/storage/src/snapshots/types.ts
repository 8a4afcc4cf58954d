import type { DiskError } from "../disk.ts";

/** Which state a snapshot holds: a group's, after its entry `index` of `term`. */
export interface SnapshotId {
  readonly group: number;
  readonly index: number;
  readonly term: number;
}

export interface SnapshotInfo extends SnapshotId {
  /** Bytes of the state, without this file's own framing. */
  readonly size: number;
  /** CRC32C of those bytes. */
  readonly checksum: number;
  /** The caller's: a group's configuration, say. */
  readonly metadata: Uint8Array;
}

/** A file that recovery did not take, and why. */
export interface DamagedSnapshot {
  readonly name: string;
  readonly reason: string;
}

export class SnapshotError extends Error {
  override readonly name = "SnapshotError";
  /**
   * `damaged`: bytes on disk are not those written. `checksumMismatch`: a received snapshot is not what was announced.
   */
  readonly code: "damaged" | "checksumMismatch" | "otherCluster" | "otherVersion" | "aborted";
  constructor(code: SnapshotError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

export type SnapshotDone = (error: DiskError | SnapshotError | undefined, info: SnapshotInfo | undefined) => void;
