import { crc32c } from "@synod/wire/crc32c";

/** A snapshot that cannot be restored. The state in which it was noticed must be thrown away. */
export class SnapshotError extends Error {
  override readonly name = "SnapshotError";
  readonly code: "truncated" | "corrupt" | "unknownFormat";

  constructor(code: "truncated" | "corrupt" | "unknownFormat", detail: string) {
    super(`the store's snapshot cannot be restored: ${detail}`);
    this.code = code;
  }
}

/**
 * Reads what ChunkWriter wrote, however the stream has been cut since. It copies nothing that lies within one chunk: what
 * is made of a chunk may keep it, so nobody may change its bytes.
 */
export class ChunkReader {
  readonly #source: Iterator<Uint8Array>;
  /** The chunk being read. */
  chunk: Uint8Array = new Uint8Array(0);
  /** How much of it is read. */
  at = 0;
  /** CRC32C of all chunks before it. */
  #sum = 0;

  constructor(chunks: Iterable<Uint8Array>) {
    this.#source = chunks[Symbol.iterator]();
  }

  byte(): number {
    if (this.at === this.chunk.length) this.#next();
    const value = this.chunk[this.at]!;
    this.at += 1;
    return value;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw new SnapshotError("corrupt", "a number is too large");
      if (byte < 0x80) return value;
    }
  }

  int64(): bigint {
    let value = 0n;
    for (let i = 0n; i < 8n; i += 1n) value |= BigInt(this.byte()) << (8n * i);
    return BigInt.asIntN(64, value);
  }

  uint32(): number {
    let value = 0;
    for (let i = 0; i < 4; i += 1) value |= this.byte() << (8 * i);
    return value >>> 0;
  }

  /** Whether the next `length` bytes lie in `chunk` from `at` on; then the caller may take them there and `skip` them. */
  holds(length: number): boolean {
    return length <= this.chunk.length - this.at;
  }

  skip(length: number): void {
    this.at += length;
  }

  /** Joins bytes that lie in several chunks. */
  bytes(length: number): Uint8Array {
    const result = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      if (this.at === this.chunk.length) this.#next();
      const part = Math.min(length - done, this.chunk.length - this.at);
      result.set(this.chunk.subarray(this.at, this.at + part), done);
      this.at += part;
      done += part;
    }
    return result;
  }

  /** Reads the trailing sum and demands that it is right and that nothing follows. */
  finish(): void {
    const expected = crc32c(this.chunk, this.#sum, 0, this.at);
    if (this.uint32() !== expected) throw new SnapshotError("corrupt", "its checksum does not match its content");
    if (this.at < this.chunk.length || this.#more()) throw new SnapshotError("corrupt", "something follows its end");
  }

  #next(): void {
    if (!this.#more()) throw new SnapshotError("truncated", "it ends early; fetch it again");
  }

  #more(): boolean {
    for (;;) {
      const next = this.#source.next();
      if (next.done === true) return false;
      if (next.value.length === 0) continue;
      this.#sum = crc32c(this.chunk, this.#sum);
      this.chunk = next.value;
      this.at = 0;
      return true;
    }
  }
}
