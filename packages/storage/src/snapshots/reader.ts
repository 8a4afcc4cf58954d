import { crc32c } from "@synod/wire/crc32c";
import { joinCrc32c } from "@synod/wire/crc32c-join";
import type { DiskFile } from "../disk.ts";
import { bodyStart, CHUNK_BYTES, damaged, readSums } from "./format.ts";
import type { SnapshotInfo } from "./types.ts";

/** So much of the whole state is read at once: few enough bytes for one step of a node that serves at the same time. */
const READ_BYTES = 8 * CHUNK_BYTES;

/** Reads a finished snapshot's state; every byte it gives out was verified with its chunk. */
export class SnapshotReader {
  readonly info: SnapshotInfo;
  readonly #file: DiskFile;
  readonly #start: number;
  #sums: Uint32Array | undefined;

  constructor(file: DiskFile, info: SnapshotInfo) {
    this.info = info;
    this.#file = file;
    this.#start = bodyStart(info.metadata);
  }

  /**
   * @returns up to `length` bytes of the state from `offset`; fewer at its end
   * @throws SnapshotError damaged; DiskError
   */
  read(offset: number, length: number): Uint8Array {
    const end = Math.min(this.info.size, offset + length);
    if (end <= offset) return new Uint8Array(0);
    const first = offset - (offset % CHUNK_BYTES);
    const last = Math.min(this.info.size, Math.ceil(end / CHUNK_BYTES) * CHUNK_BYTES);
    return this.#verified(first, last).subarray(offset - first, end - first);
  }

  /**
   * The whole state, in pieces that nobody else has, verified as a whole too.
   * @throws SnapshotError damaged, from the iteration: what was handed out before must not be used
   */
  *chunks(): Generator<Uint8Array, void, undefined> {
    const { size } = this.info;
    for (let at = 0; at < size; at += READ_BYTES) yield this.#verified(at, Math.min(size, at + READ_BYTES));
    const sums = this.#knownSums();
    let checksum = 0;
    for (const [number, sum] of sums.entries()) {
      checksum = joinCrc32c(checksum, sum, Math.min(CHUNK_BYTES, size - number * CHUNK_BYTES));
    }
    if (checksum !== this.info.checksum) throw damaged(this.#file, "its state does not fit its checksum");
  }

  close(): void {
    this.#file.close();
  }

  #knownSums(): Uint32Array {
    this.#sums ??= readSums(this.#file, this.info);
    return this.#sums;
  }

  /** Both ends are those of chunks. */
  #verified(start: number, end: number): Uint8Array {
    const sums = this.#knownSums();
    const bytes = this.#file.read(this.#start + start, end - start);
    if (bytes.length < end - start) throw damaged(this.#file, "it is cut off");
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
      const number = (start + at) / CHUNK_BYTES;
      if (crc32c(bytes, 0, at, Math.min(bytes.length, at + CHUNK_BYTES)) !== sums[number]) {
        throw damaged(this.#file, `chunk ${number} is damaged`);
      }
    }
    return bytes;
  }
}
