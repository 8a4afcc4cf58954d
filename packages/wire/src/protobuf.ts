/**
 * The wire format of Protocol Buffers (protobuf.dev/programming-guides/encoding): fields of varints and byte strings.
 * Codecs of messages are written by hand over these two classes; see `protobuf-writer.ts` for the other one.
 */
import { decodeUtf8 } from "./utf8.ts";

export { ProtobufWriter } from "./protobuf-writer.ts";

export const WireType = { varint: 0, fixed64: 1, bytes: 2, groupStart: 3, groupEnd: 4, fixed32: 5 } as const;

/** The only error that malformed input can cause. `offset` is where in the buffer it was found. */
export class ProtobufError extends Error {
  override readonly name = "ProtobufError";
  readonly code: "truncated" | "varintTooLong" | "wrongWireType" | "invalidTag" | "tooDeep";
  readonly offset: number;
  constructor(code: ProtobufError["code"], offset: number) {
    super(`malformed protobuf message: ${code} at byte ${offset}`);
    this.code = code;
    this.offset = offset;
  }
}

const TWO_32 = 0x1_0000_0000;
const MAX_DEPTH = 100;

/**
 * Reads one message after the other without allocating: `reset`, then `while (reader.next()) switch (reader.field)` with
 * one read (or `skip`) per field. Nested messages: `const outer = reader.enter()`, the same loop, `reader.leave(outer)`.
 * Byte strings are views of the buffer.
 */
export class ProtobufReader {
  buffer: Uint8Array;
  position = 0;
  /** Where the message being read ends. */
  end = 0;
  /** Number and wire type of the field that `next` found. */
  field = 0;
  wireType = 0;
  // The last varint, as two unsigned halves.
  #low = 0;
  #high = 0;
  #depth = 0;

  constructor(buffer: Uint8Array, start = 0, end: number = buffer.length) {
    this.buffer = buffer;
    this.reset(buffer, start, end);
  }

  reset(buffer: Uint8Array, start = 0, end: number = buffer.length): void {
    this.buffer = buffer;
    this.position = start;
    this.end = end;
    this.#depth = 0;
  }

  /** @returns false at the end of the message. */
  next(): boolean {
    if (this.position >= this.end) return false;
    const byte = this.buffer[this.position] as number;
    if (byte < 0x80) {
      this.position++;
      this.field = byte >> 3;
      this.wireType = byte & 7;
    } else {
      this.#varint();
      if (this.#high !== 0) throw new ProtobufError("invalidTag", this.position);
      this.field = this.#low >>> 3;
      this.wireType = this.#low & 7;
    }
    if (this.field === 0) throw new ProtobufError("invalidTag", this.position);
    return true;
  }

  /** Any 64-bit unsigned value; above 2^53 it is rounded. */
  uint64(): number {
    this.#expect(WireType.varint);
    this.#varint();
    return this.#high * TWO_32 + this.#low;
  }

  /** Any 64-bit signed value; beyond ±2^53 it is rounded. */
  int64(): number {
    this.#expect(WireType.varint);
    this.#varint();
    return (this.#high | 0) * TWO_32 + this.#low;
  }

  uint64Exact(): bigint {
    this.#expect(WireType.varint);
    this.#varint();
    return (BigInt(this.#high) << 32n) | BigInt(this.#low);
  }

  int64Exact(): bigint {
    return BigInt.asIntN(64, this.uint64Exact());
  }

  uint32(): number {
    this.#expect(WireType.varint);
    this.#varint();
    return this.#low;
  }

  /** Also enumerations. */
  int32(): number {
    return this.uint32() | 0;
  }

  bool(): boolean {
    this.#expect(WireType.varint);
    this.#varint();
    return this.#low !== 0 || this.#high !== 0;
  }

  /** A view of the buffer: copy it to keep it. */
  bytes(): Uint8Array {
    const start = this.#enterBytes();
    // Faster than subarray, and a plain Uint8Array also where the buffer is a Buffer.
    return new Uint8Array(this.buffer.buffer, this.buffer.byteOffset + start, this.position - start);
  }

  string(): string {
    const start = this.#enterBytes();
    return decodeUtf8(this.buffer, start, this.position);
  }

  /** A repeated numeric field, packed or not: appends what stands here to `into`. */
  repeatedInt32(into: number[]): void {
    if (this.wireType === WireType.varint) {
      into.push(this.int32());
      return;
    }
    const start = this.#enterBytes();
    const { position, end } = this;
    this.position = start;
    this.end = position;
    while (this.position < position) {
      this.#varint();
      into.push(this.#low | 0);
    }
    this.end = end;
  }

  /** Steps into a nested message. @returns what `leave` needs to step out of it again. */
  enter(): number {
    const start = this.#enterBytes();
    if (++this.#depth > MAX_DEPTH) throw new ProtobufError("tooDeep", start);
    const outer = this.end;
    this.end = this.position;
    this.position = start;
    return outer;
  }

  leave(outer: number): void {
    this.position = this.end;
    this.end = outer;
    this.#depth--;
  }

  /** Steps over a field that the caller does not know. */
  skip(): void {
    if (this.wireType === WireType.varint) this.#varint();
    else if (this.wireType === WireType.bytes) this.#enterBytes();
    else if (this.wireType === WireType.fixed64) this.#advance(8);
    else if (this.wireType === WireType.fixed32) this.#advance(4);
    else if (this.wireType === WireType.groupStart) this.#skipGroup(this.field);
    else throw new ProtobufError("invalidTag", this.position);
  }

  /** Groups are long deprecated but legal: up to the matching end tag. */
  #skipGroup(number: number): void {
    if (++this.#depth > MAX_DEPTH) throw new ProtobufError("tooDeep", this.position);
    while (this.next()) {
      if (this.wireType !== WireType.groupEnd) this.skip();
      else if (this.field !== number) throw new ProtobufError("invalidTag", this.position);
      else {
        this.#depth--;
        return;
      }
    }
    throw new ProtobufError("truncated", this.position);
  }

  /** Reads a length and moves behind that many bytes. @returns where they start. */
  #enterBytes(): number {
    this.#expect(WireType.bytes);
    this.#varint();
    if (this.#high !== 0) throw new ProtobufError("truncated", this.position);
    const start = this.position;
    this.#advance(this.#low);
    return start;
  }

  #advance(length: number): void {
    if (length > this.end - this.position) throw new ProtobufError("truncated", this.position);
    this.position += length;
  }

  #expect(wireType: number): void {
    if (this.wireType !== wireType) throw new ProtobufError("wrongWireType", this.position);
  }

  #varint(): void {
    const { buffer, end } = this;
    let at = this.position;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= end) throw new ProtobufError("truncated", at);
      const byte = buffer[at++] as number;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >> 4;
      } else if (shift < 63 || bits < 2) high |= bits << (shift - 32);
      else break;
      if (byte < 0x80) {
        this.position = at;
        this.#low = low >>> 0;
        this.#high = high >>> 0;
        return;
      }
    }
    throw new ProtobufError("varintTooLong", at);
  }
}
