import { crc32c } from "@synod/wire/crc32c";
import type { DiskFile } from "../disk.ts";
import { viewOf } from "../wal/format.ts";
import { bodyStart, CHUNK_BYTES, CHUNK_CRC_BYTES, damaged } from "./format.ts";
import type { SnapshotInfo } from "./types.ts";

/** Reads a finished snapshot's state; every byte it gives out was verified with its chunk. */
export class SnapshotReader {
  readonly info: SnapshotInfo;
  readonly #file: DiskFile;
  readonly #start: number;

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
    const first = Math.floor(offset / CHUNK_BYTES);
    const last = Math.floor((end - 1) / CHUNK_BYTES);
    if (first === last) return this.#chunk(first).subarray(offset - first * CHUNK_BYTES, end - first * CHUNK_BYTES);
    const result = new Uint8Array(end - offset);
    for (let number = first; number <= last; number += 1) {
      const start = number * CHUNK_BYTES;
      const from = Math.max(offset, start);
      result.set(this.#chunk(number).subarray(from - start, Math.min(end, start + CHUNK_BYTES) - start), from - offset);
    }
    return result;
  }

  /**
   * The whole state, chunk by chunk, verified as a whole too.
   * @throws SnapshotError damaged, from the iteration: what was handed out before must not be used
   */
  *chunks(): Generator<Uint8Array, void, undefined> {
    let checksum = 0;
    for (let number = 0; number * CHUNK_BYTES < this.info.size; number += 1) {
      const chunk = this.#chunk(number);
      checksum = crc32c(chunk, checksum);
      yield chunk;
    }
    if (checksum !== this.info.checksum) throw damaged(this.#file, "its state does not fit its checksum");
  }

  close(): void {
    this.#file.close();
  }

  #chunk(number: number): Uint8Array {
    const length = Math.min(CHUNK_BYTES, this.info.size - number * CHUNK_BYTES);
    const position = this.#start + number * (CHUNK_BYTES + CHUNK_CRC_BYTES);
    const framed = this.#file.read(position, length + CHUNK_CRC_BYTES);
    const isWhole = framed.length === length + CHUNK_CRC_BYTES;
    if (!isWhole || viewOf(framed).getUint32(length, true) !== crc32c(framed, 0, 0, length)) {
      throw damaged(this.#file, `chunk ${number} is damaged`);
    }
    return framed.subarray(0, length);
  }
}
