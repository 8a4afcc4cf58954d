import { crc32c } from "@synod/wire/crc32c";
import { joinCrc32c } from "@synod/wire/crc32c-join";
import type { Disk, DiskError, DiskFile } from "../disk.ts";
import { bodyStart, CHUNK_BYTES, encodeFooter, encodeHead, encodeSums, snapshotName, temporaryName } from "./format.ts";
import { type SnapshotDone, SnapshotError, type SnapshotId, type SnapshotInfo } from "./types.ts";

/** After so many bytes they are synced, so that the last sync is not one of gigabytes that holds up the log's. */
const SYNC_EVERY_BYTES = 4 << 20;

/**
 * Writes one snapshot under a temporary name, in pieces of any size over any number of turns. It has its own name, and is
 * durable, once `finish` has ended. After an error it is of no more use.
 */
export class SnapshotWriter {
  readonly id: SnapshotId;
  readonly metadata: Uint8Array;
  readonly #disk: Disk;
  readonly #temporary: string;
  readonly #file: DiskFile;
  readonly #chunk = new Uint8Array(CHUNK_BYTES);
  readonly #sums: number[] = [];
  #filled = 0;
  #position: number;
  #size = 0;
  /** Of the chunks written. */
  #checksum = 0;
  #unsynced = 0;
  #syncing = false;
  #ended = false;
  #failure: DiskError | undefined;
  #finishing: SnapshotDone | undefined;
  readonly #onEnd: (info: SnapshotInfo | undefined) => void;

  /**
   * Use `SnapshotStore.begin`.
   * @param number makes the temporary name this writer's own
   * @throws DiskError
   */
  constructor(
    disk: Disk,
    options: { clusterId: bigint; id: SnapshotId; metadata: Uint8Array; number: number },
    onEnd: (info: SnapshotInfo | undefined) => void,
  ) {
    const { clusterId, id, number } = options;
    this.id = id;
    this.metadata = options.metadata.slice();
    this.#disk = disk;
    this.#temporary = temporaryName(id, number);
    this.#file = disk.open(this.#temporary, true);
    this.#file.write(0, encodeHead(clusterId, id, this.metadata));
    this.#position = bodyStart(this.metadata);
    this.#onEnd = onEnd;
  }

  /** Bytes of the state written so far. */
  get size(): number {
    return this.#size;
  }

  /** CRC32C of those bytes. */
  get checksum(): number {
    return joinCrc32c(this.#checksum, crc32c(this.#chunk, 0, 0, this.#filled), this.#filled);
  }

  /** False while the disk still has to take what was written before: a patient caller comes back in a later turn. */
  get isReady(): boolean {
    return !this.#syncing;
  }

  /** Adds bytes to the state. After an error call `abort`. @throws DiskError, SnapshotError aborted */
  write(bytes: Uint8Array): void {
    this.#check();
    this.#size += bytes.length;
    for (let at = 0; at < bytes.length; ) {
      const taken = Math.min(bytes.length - at, CHUNK_BYTES - this.#filled);
      this.#chunk.set(bytes.subarray(at, at + taken), this.#filled);
      this.#filled += taken;
      at += taken;
      if (this.#filled === CHUNK_BYTES) this.#writeChunk();
    }
    if (this.#unsynced >= SYNC_EVERY_BYTES && !this.#syncing) this.#syncEarly();
  }

  /** Completes the file, makes it durable and gives it its name. */
  finish(done: SnapshotDone): void {
    try {
      this.#check();
      if (this.#filled > 0) this.#writeChunk();
      const sums = encodeSums(this.#sums);
      this.#file.write(this.#position, sums);
      this.#file.write(this.#position + sums.length, encodeFooter(this.#size, this.#checksum));
    } catch (error) {
      this.#fail(error as DiskError, done);
      return;
    }
    this.#ended = true;
    this.#finishing = done;
    if (!this.#syncing) this.#syncLast(done);
  }

  /** Gives up and removes the file. */
  abort(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#giveUp();
  }

  #syncLast(done: SnapshotDone): void {
    this.#file.sync((error) => {
      const failure = error ?? this.#failure;
      if (failure !== undefined) this.#fail(failure, done);
      else this.#publish(done);
    });
  }

  #publish(done: SnapshotDone): void {
    const info = { ...this.id, size: this.#size, checksum: this.#checksum, metadata: this.metadata };
    this.#file.close();
    try {
      this.#disk.rename(this.#temporary, snapshotName(this.id));
      this.#disk.syncDirectory();
      this.#onEnd(info);
    } catch (error) {
      done(error as DiskError, undefined);
      return;
    }
    done(undefined, info);
  }

  #fail(error: DiskError | SnapshotError, done: SnapshotDone): void {
    this.#ended = true;
    this.#giveUp();
    done(error, undefined);
  }

  /** Frees the space: a full disk is the likeliest reason. */
  #giveUp(): void {
    this.#file.close();
    try {
      this.#disk.remove(this.#temporary);
    } catch {
      // The next start clears it away; what matters is the error that led here.
    }
    this.#onEnd(undefined);
  }

  #writeChunk(): void {
    const length = this.#filled;
    const sum = crc32c(this.#chunk, 0, 0, length);
    this.#sums.push(sum);
    this.#checksum = joinCrc32c(this.#checksum, sum, length);
    this.#file.write(this.#position, this.#chunk.subarray(0, length));
    this.#position += length;
    this.#unsynced += length;
    this.#filled = 0;
  }

  #syncEarly(): void {
    this.#unsynced = 0;
    this.#syncing = true;
    this.#file.sync((error) => {
      this.#syncing = false;
      this.#failure ??= error;
      // The last sync waits for this one: should this one fail, the last one's success would mean nothing.
      if (this.#finishing !== undefined) this.#syncLast(this.#finishing);
    });
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#ended) throw new SnapshotError("aborted", `${this.#temporary}: the snapshot was ended already`);
  }
}
