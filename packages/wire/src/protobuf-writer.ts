import { writeUtf8 } from "./utf8.ts";

const TWO_32 = 0x1_0000_0000;
const VARINT = 0;
const BYTES = 2;
/** Up to this many bytes a loop is faster than a view and a call. */
const SHORT = 32;

/**
 * Appends fields to `buffer` at `position`, growing it as needed, and allocates nothing else. As proto3 prescribes, the
 * field methods leave out zero, false and empty values; the `always…` forms (for a member of a `oneof`) write them.
 *
 * To write behind bytes that are already in a buffer, `reset(buffer, offset)`; then read `buffer` back from here, because
 * it may have been replaced by a larger one.
 */
export class ProtobufWriter {
  buffer: Uint8Array;
  position = 0;

  constructor(capacity = 256) {
    this.buffer = new Uint8Array(capacity);
  }

  reset(buffer: Uint8Array = this.buffer, position = 0): void {
    this.buffer = buffer;
    this.position = position;
  }

  /** A copy of what was written since `start`. */
  finish(start = 0): Uint8Array {
    return this.buffer.slice(start, this.position);
  }

  /** What was written since `start`; valid until the next `reset`. */
  view(start = 0): Uint8Array {
    return this.buffer.subarray(start, this.position);
  }

  /** int64, uint64, int32 or enumeration; a number must be a safe integer. */
  varint(field: number, value: number | bigint): void {
    if (typeof value === "bigint" ? value === 0n : value === 0) return;
    this.alwaysVarint(field, value);
  }

  alwaysVarint(field: number, value: number | bigint): void {
    this.#reserve(20);
    this.#tag(field, VARINT);
    if (typeof value === "bigint") this.#exact(value);
    else if (value < 0) this.#halves(value >>> 0, Math.floor(value / TWO_32) >>> 0);
    else this.#number(value);
  }

  bool(field: number, value: boolean): void {
    if (value) this.alwaysVarint(field, 1);
  }

  bytes(field: number, value: Uint8Array): void {
    if (value.length !== 0) this.alwaysBytes(field, value);
  }

  alwaysBytes(field: number, value: Uint8Array): void {
    this.#reserve(15 + value.length);
    this.#tag(field, BYTES);
    this.#number(value.length);
    this.buffer.set(value, this.position);
    this.position += value.length;
  }

  /** A byte string that lies within larger memory, always written. */
  bytesFrom(field: number, source: Uint8Array, start: number, length: number): void {
    this.#reserve(15);
    this.#tag(field, BYTES);
    this.#number(length);
    this.rawFrom(source, start, length);
  }

  string(field: number, value: string): void {
    if (value.length === 0) return;
    const mark = this.begin(field);
    this.#reserve(value.length * 3);
    this.position = writeUtf8(value, this.buffer, this.position);
    this.end(mark);
  }

  /** Bytes that are already encoded fields, or anything else that goes in as it is. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.buffer.set(bytes, this.position);
    this.position += bytes.length;
  }

  /** As `raw`, of bytes that lie within larger memory. */
  rawFrom(source: Uint8Array, start: number, length: number): void {
    this.#reserve(length);
    const { buffer, position } = this;
    if (length > SHORT) buffer.set(new Uint8Array(source.buffer, source.byteOffset + start, length), position);
    else for (let i = 0; i < length; i++) buffer[position + i] = source[start + i] as number;
    this.position = position + length;
  }

  /** Opens a nested message. @returns the mark to pass to `end`. */
  begin(field: number): number {
    this.#reserve(6);
    this.#tag(field, BYTES);
    return ++this.position;
  }

  /** Closes it: its length goes into the one byte kept free; a longer length moves the content up. */
  end(mark: number): void {
    const length = this.position - mark;
    if (length < 0x80) {
      this.buffer[mark - 1] = length;
      return;
    }
    const more = varintLength(length) - 1;
    this.#reserve(more);
    this.buffer.copyWithin(mark + more, mark, this.position);
    const position = this.position + more;
    this.position = mark - 1;
    this.#number(length);
    this.position = position;
  }

  #tag(field: number, wireType: number): void {
    this.#number(field * 8 + wireType);
  }

  /** A non-negative safe integer. */
  #number(value: number): void {
    const { buffer } = this;
    let rest = value;
    let at = this.position;
    while (rest >= 0x80) {
      buffer[at++] = (rest & 0x7f) | 0x80;
      rest = rest < TWO_32 ? rest >>> 7 : Math.floor(rest / 128);
    }
    buffer[at++] = rest;
    this.position = at;
  }

  #exact(value: bigint): void {
    const bits = BigInt.asUintN(64, value);
    this.#halves(Number(bits & 0xffff_ffffn), Number(bits >> 32n));
  }

  #halves(lowHalf: number, highHalf: number): void {
    const { buffer } = this;
    let low = lowHalf;
    let high = highHalf;
    let at = this.position;
    while (high !== 0 || low > 0x7f) {
      buffer[at++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    buffer[at++] = low;
    this.position = at;
  }

  #reserve(more: number): void {
    const needed = this.position + more;
    if (needed <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(needed, this.buffer.length * 2));
    grown.set(this.buffer.subarray(0, this.position));
    this.buffer = grown;
  }
}

/** Bytes that a non-negative safe integer takes as a varint. */
export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 128)) length++;
  return length;
}
