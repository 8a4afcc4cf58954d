import { hashBytes } from "./bytes.ts";
import { SNAPSHOT_CHUNK } from "./chunk-writer.ts";

/** A snapshot that cannot be restored. The state in which it was noticed must be thrown away. */
export class SnapshotError extends Error {
  override readonly name = "SnapshotError";
  readonly code: "truncated" | "corrupt" | "unknownFormat";

  constructor(code: "truncated" | "corrupt" | "unknownFormat", detail: string) {
    super(`the store's snapshot cannot be restored: ${detail}`);
    this.code = code;
  }
}

/** Reads what ChunkWriter wrote, however the stream has been cut since. */
export class ChunkReader {
  readonly #source: Iterator<Uint8Array>;
  /** The writer's chunk, put together again: its hash is defined on these boundaries. */
  readonly #chunk = new Uint8Array(SNAPSHOT_CHUNK);
  #filled = 0;
  #at = 0;
  #hash = 0;
  #input: Uint8Array = new Uint8Array(0);
  #inputAt = 0;

  constructor(chunks: Iterable<Uint8Array>) {
    this.#source = chunks[Symbol.iterator]();
  }

  byte(): number {
    if (this.#at === this.#filled) this.#fill();
    const value = this.#chunk[this.#at]!;
    this.#at += 1;
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

  bytes(length: number, limit: number): Uint8Array {
    if (length > limit) throw new SnapshotError("corrupt", `a field of ${length} bytes, where ${limit} are allowed`);
    const result = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      if (this.#at === this.#filled) this.#fill();
      const part = Math.min(length - done, this.#filled - this.#at);
      result.set(this.#chunk.subarray(this.#at, this.#at + part), done);
      this.#at += part;
      done += part;
    }
    return result;
  }

  /** Reads the trailing hash and demands that it is right and that nothing follows. */
  finish(): void {
    const expected = hashBytes(this.#chunk, 0, this.#at, this.#hash) >>> 0;
    if (this.uint32() !== expected) throw new SnapshotError("corrupt", "its checksum does not match its content");
    if (this.#at < this.#filled || this.#more()) throw new SnapshotError("corrupt", "something follows its end");
  }

  #fill(): void {
    if (this.#filled === SNAPSHOT_CHUNK) {
      this.#hash = hashBytes(this.#chunk, 0, SNAPSHOT_CHUNK, this.#hash);
      this.#filled = 0;
      this.#at = 0;
    }
    if (!this.#more()) throw new SnapshotError("truncated", "it ends early; fetch it again");
    const part = Math.min(this.#input.length - this.#inputAt, SNAPSHOT_CHUNK - this.#filled);
    this.#chunk.set(this.#input.subarray(this.#inputAt, this.#inputAt + part), this.#filled);
    this.#inputAt += part;
    this.#filled += part;
  }

  #more(): boolean {
    while (this.#inputAt === this.#input.length) {
      const next = this.#source.next();
      if (next.done === true) return false;
      this.#input = next.value;
      this.#inputAt = 0;
    }
    return true;
  }
}
