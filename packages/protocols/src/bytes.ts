/**
 * Big-endian fields into a scratch buffer, for small headers. What `take` returns is a view that the next use of the
 * same writer overwrites: copy it or send it before then.
 */
export class ByteWriter {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  uint8(value: number): void {
    this.#view.setUint8(this.#at, value);
    this.#at += 1;
  }

  uint32(value: number): void {
    this.#view.setUint32(this.#at, value);
    this.#at += 4;
  }

  /** A safe integer, in seven bytes. */
  uint53(value: number): void {
    const high = Math.floor(value / 0x1_0000_0000);
    this.#view.setUint8(this.#at, high >>> 16);
    this.#view.setUint16(this.#at + 1, high & 0xffff);
    this.#view.setUint32(this.#at + 3, value >>> 0);
    this.#at += 7;
  }

  bytes(value: Uint8Array): void {
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#at);
    this.#at = 0;
    return taken;
  }
}

/** Reads what ByteWriter wrote. @throws RangeError beyond the end: the caller treats it as bad input. */
export class ByteReader {
  #bytes: Uint8Array;
  #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  uint8(): number {
    return this.#view.getUint8(this.#at++);
  }

  uint32(): number {
    const value = this.#view.getUint32(this.#at);
    this.#at += 4;
    return value;
  }

  uint53(): number {
    const high = this.#view.getUint8(this.#at) * 0x1_0000 + this.#view.getUint16(this.#at + 1);
    const value = high * 0x1_0000_0000 + this.#view.getUint32(this.#at + 3);
    if (value > Number.MAX_SAFE_INTEGER) throw new RangeError("a number beyond the safe integers");
    this.#at += 7;
    return value;
  }

  /** A view, not a copy. */
  bytes(length: number): Uint8Array {
    if (length > this.remaining) throw new RangeError(`${length} bytes announced, ${this.remaining} left`);
    const value = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return value;
  }

  rest(): Uint8Array {
    return this.bytes(this.remaining);
  }
}
