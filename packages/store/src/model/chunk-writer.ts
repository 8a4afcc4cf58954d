import { crc32c } from "@synod/wire/crc32c";

export const SNAPSHOT_CHUNK: number = 64 * 1024;

/** Writes values into chunks of fixed size, cut wherever they are full, and sums what it writes. */
export class ChunkWriter {
  #chunk = new Uint8Array(SNAPSHOT_CHUNK);
  #used = 0;
  #full: Uint8Array[] = [];
  #sum = 0;

  byte(value: number): void {
    if (this.#used === SNAPSHOT_CHUNK) this.#flush();
    this.#chunk[this.#used] = value;
    this.#used += 1;
  }

  /** A safe integer ≥ 0, seven bits a byte, low ones first. */
  varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.byte(rest);
  }

  /** Little-endian two's complement. */
  int64(value: bigint): void {
    let rest = BigInt.asUintN(64, value);
    for (let i = 0; i < 8; i += 1) {
      this.byte(Number(rest & 0xffn));
      rest >>= 8n;
    }
  }

  uint32(value: number): void {
    for (let i = 0; i < 4; i += 1) this.byte((value >>> (8 * i)) & 0xff);
  }

  bytes(source: Uint8Array, offset: number, length: number): void {
    for (let done = 0; done < length; ) {
      if (this.#used === SNAPSHOT_CHUNK) this.#flush();
      const part = Math.min(length - done, SNAPSHOT_CHUNK - this.#used);
      this.#chunk.set(source.subarray(offset + done, offset + done + part), this.#used);
      this.#used += part;
      done += part;
    }
  }

  /** The chunks that have become full since the last call. */
  takeFull(): Uint8Array[] {
    if (this.#full.length === 0) return this.#full;
    const full = this.#full;
    this.#full = [];
    return full;
  }

  /** Ends the stream with the CRC32C of all that was written before. @returns the last chunks. */
  finish(): Uint8Array[] {
    this.uint32(crc32c(this.#chunk, this.#sum, 0, this.#used));
    this.#full.push(this.#chunk.subarray(0, this.#used));
    return this.takeFull();
  }

  #flush(): void {
    this.#sum = crc32c(this.#chunk, this.#sum);
    this.#full.push(this.#chunk);
    this.#chunk = new Uint8Array(SNAPSHOT_CHUNK);
    this.#used = 0;
  }
}
