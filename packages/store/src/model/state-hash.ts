import { finishHash, hashInteger, hashWord } from "./bytes.ts";
import type { LeaseId } from "./types.ts";

/** Hash of one record; `contentHash` covers its key and value. */
export function hashRecord(
  contentHash: number,
  createRevision: number,
  modRevision: number,
  version: number,
  lease: LeaseId,
): number {
  let hash = hashInteger(contentHash, modRevision);
  hash = hashWord(hash, createRevision | 0);
  hash = hashWord(hash, version | 0);
  return finishHash(lease === 0n ? hash : hashLeaseId(hash, lease));
}

export function hashLeaseId(hash: number, lease: LeaseId): number {
  return hashWord(hashWord(hash, Number(BigInt.asIntN(32, lease))), Number(BigInt.asIntN(32, lease >> 32n)));
}

/**
 * The incremental hash of a keyspace, O(1) per write. `live` is the sum over the newest records of the keys that exist:
 * it can be recomputed from the data. `history` chains every record ever written, so that replicas which disagree about
 * the past differ for ever. Neither changes when compaction removes records.
 */
export class StateHash {
  live = 0;
  history = 0;

  written(hash: number): void {
    this.history = (Math.imul(this.history, 0x01000193) + hash) | 0;
  }

  appeared(hash: number): void {
    this.live = (this.live + hash) | 0;
  }

  vanished(hash: number): void {
    this.live = (this.live - hash) | 0;
  }
}
