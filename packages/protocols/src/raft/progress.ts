import type { Instant, LogIndex } from "../protocol.ts";
import type { SnapshotMeta } from "./types.ts";

/**
 * What a leader knows of one follower.
 *
 * `probe`: where the logs agree is unknown; one AppendEntries at a time. `replicate`: pipelined, up to the in-flight
 * limit, `nextIndex` runs ahead of what is acknowledged. `snapshot`: the entries it needs are compacted.
 */
export interface Progress {
  state: "probe" | "replicate" | "snapshot";
  matchIndex: LogIndex;
  nextIndex: LogIndex;
  /** A probe is under way; a heartbeat's reply or a rejection allows the next. */
  probing: boolean;
  /** Last indexes of the AppendEntries under way, oldest first. */
  inflight: LogIndex[];
  /** When anything of the current term last came from it; CheckQuorum counts these. */
  lastHeard: Instant;
  /** When the last AppendEntries or snapshot chunk left. */
  lastSent: Instant;
  /** The commit index it has been told. */
  toldCommit: LogIndex;
  /** The latest heartbeat round it has answered (ReadIndex, lease). */
  ackedRound: number;
  /** Until then somebody there waits for commits, so it is told at once. */
  eagerUntil: Instant;
  transfer: SnapshotTransfer | undefined;
}

export interface SnapshotTransfer {
  readonly meta: SnapshotMeta;
  /** Next byte to send, and the next byte the receiver said it wants. */
  sentOffset: number;
  ackedOffset: number;
}

export function newProgress(nextIndex: LogIndex, now: Instant): Progress {
  return {
    state: "probe",
    matchIndex: 0,
    nextIndex,
    probing: false,
    inflight: [],
    lastHeard: now,
    lastSent: now,
    toldCommit: 0,
    ackedRound: 0,
    eagerUntil: 0,
    transfer: undefined,
  };
}

export function becomeProbe(progress: Progress): void {
  progress.state = "probe";
  progress.probing = false;
  progress.inflight.length = 0;
  progress.transfer = undefined;
  progress.nextIndex = progress.matchIndex + 1;
}

export function becomeReplicate(progress: Progress): void {
  progress.state = "replicate";
  progress.probing = false;
  progress.inflight.length = 0;
  progress.transfer = undefined;
  progress.nextIndex = progress.matchIndex + 1;
}

export function becomeSnapshot(progress: Progress, meta: SnapshotMeta): void {
  progress.state = "snapshot";
  progress.probing = false;
  progress.inflight.length = 0;
  progress.transfer = { meta, sentOffset: 0, ackedOffset: 0 };
}

/** The follower has acknowledged up to `index`: what was sent up to there is no longer under way. */
export function freeInflight(progress: Progress, index: LogIndex): void {
  let done = 0;
  while (done < progress.inflight.length && progress.inflight[done]! <= index) done++;
  if (done > 0) progress.inflight.splice(0, done);
}
