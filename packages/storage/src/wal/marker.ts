import { crc32c } from "@synod/wire/crc32c";
import type { Disk, DiskError, DiskFile } from "../disk.ts";
import { FORMAT_VERSION, getUint53, putUint53, viewOf } from "./format.ts";
import type { WalIdentity } from "./types.ts";

/**
 * A small file of known facts about the log: what was durable once, which segments must exist, who writes. A log cut back
 * to an earlier whole batch looks healthy by itself; the marker is what contradicts it. It is written after the fact and
 * mostly without a sync, so it lags, but what it says was true.
 *
 * Two slots of one sector each. A slot that was synced is not overwritten before the other one was, so one good slot
 * survives any crash.
 */
export const MARKER_NAME = "wal-durable";

const SLOT_BYTES = 512;
const CRC_AT = 72;
const MAGIC = 0x4b52414d; // MARK

export interface MarkerClaim {
  /** Openings of this log for writing so far. */
  readonly fence: number;
  /** Oldest segment still needed. Older files are leftovers, this one and newer ones must be there. */
  readonly firstSegment: number;
  /** This segment was begun and durable; 0: none yet. */
  readonly lastSegment: number;
  /** All batches up to this number were durable. */
  readonly durableBatch: number;
}

export interface MarkerContent extends MarkerClaim, WalIdentity {
  readonly version: number;
  readonly counter: number;
}

/** @returns the newest good slot; `missing` without a file, `damaged` when neither slot is good. */
export function readMarker(disk: Disk): { state: "ok"; content: MarkerContent } | { state: "missing" | "damaged" } {
  if (!disk.list().includes(MARKER_NAME)) return { state: "missing" };
  const file = disk.open(MARKER_NAME, false);
  const content = newestSlot(file);
  file.close();
  return content === undefined ? { state: "damaged" } : { state: "ok", content };
}

function newestSlot(file: DiskFile): MarkerContent | undefined {
  const first = decodeSlot(file.read(0, SLOT_BYTES));
  const second = decodeSlot(file.read(SLOT_BYTES, SLOT_BYTES));
  if (first === undefined || second === undefined) return first ?? second;
  return first.counter > second.counter ? first : second;
}

function decodeSlot(bytes: Uint8Array): MarkerContent | undefined {
  if (bytes.length < CRC_AT + 4) return undefined;
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== MAGIC || view.getUint32(CRC_AT, true) !== crc32c(bytes, 0, 0, CRC_AT))
    return undefined;
  return {
    version: view.getUint32(4, true),
    clusterId: view.getBigUint64(8, true),
    nodeId: view.getUint32(16, true),
    counter: getUint53(view, 24),
    fence: getUint53(view, 32),
    firstSegment: getUint53(view, 40),
    lastSegment: getUint53(view, 48),
    durableBatch: getUint53(view, 56),
  };
}

/** The writer's side. One sync is under way at a time; callers who come meanwhile share the next one. */
export class Marker {
  readonly #disk: Disk;
  readonly #identity: WalIdentity;
  readonly #fence: number;
  readonly #bytes = new Uint8Array(CRC_AT + 4);
  #opened: DiskFile | undefined;
  #counter = 0;
  /** The slot that is known to be on disk; the other one is written. */
  #syncedSlot = 0;
  #writtenSlot: number | undefined;
  #syncing = false;
  #waiting: ((error: DiskError | undefined) => void)[] = [];

  constructor(disk: Disk, identity: WalIdentity, fence: number) {
    this.#disk = disk;
    this.#identity = identity;
    this.#fence = fence;
  }

  /** Another process opened this log for writing after us. */
  isFenced(): boolean {
    return (newestSlot(this.#file)?.fence ?? 0) > this.#fence;
  }

  write(claim: Omit<MarkerClaim, "fence">): void {
    const file = this.#file;
    // While a sync is under way, either slot may be the one it makes durable: only its own slot may change again.
    const slot = this.#syncing && this.#writtenSlot !== undefined ? this.#writtenSlot : 1 - this.#syncedSlot;
    // The slot's parity is part of the counter, so that a reopened marker knows which one it last wrote.
    this.#counter += (this.#counter + 1) % 2 === slot ? 1 : 2;
    const view = viewOf(this.#bytes);
    view.setUint32(0, MAGIC, true);
    view.setUint32(4, FORMAT_VERSION, true);
    view.setBigUint64(8, this.#identity.clusterId, true);
    view.setUint32(16, this.#identity.nodeId, true);
    putUint53(view, 24, this.#counter);
    putUint53(view, 32, this.#fence);
    putUint53(view, 40, claim.firstSegment);
    putUint53(view, 48, claim.lastSegment);
    putUint53(view, 56, claim.durableBatch);
    view.setUint32(CRC_AT, crc32c(this.#bytes, 0, 0, CRC_AT), true);
    file.write(slot * SLOT_BYTES, this.#bytes);
    this.#writtenSlot = slot;
  }

  /** Makes what was written durable. */
  sync(done: (error: DiskError | undefined) => void): void {
    this.#waiting.push(done);
    if (!this.#syncing) this.#startSync();
  }

  close(): void {
    this.#opened?.close();
  }

  /** Opened with the first use, so that a log that is only read leaves no trace. */
  get #file(): DiskFile {
    if (this.#opened === undefined) {
      this.#opened = this.#disk.open(MARKER_NAME, true);
      this.#counter = newestSlot(this.#opened)?.counter ?? 0;
      this.#syncedSlot = this.#counter % 2;
    }
    return this.#opened;
  }

  #startSync(): void {
    const covered = this.#waiting;
    const slot = this.#writtenSlot;
    this.#waiting = [];
    this.#syncing = true;
    this.#file.sync((error) => {
      this.#syncing = false;
      if (slot !== undefined && error === undefined) this.#syncedSlot = slot;
      for (const done of covered) done(error);
      if (this.#waiting.length > 0 && !this.#syncing) this.#startSync();
    });
  }
}
