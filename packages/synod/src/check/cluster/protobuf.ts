/**
 * The little of protobuf that a judge needs. Deliberately not the codec under test: a fault in that one must not be able to
 * hide from the program that looks for it.
 */

export type Field = readonly [number: number, value: string | Uint8Array | number | bigint | boolean | undefined];

/** Strings, bytes and messages as length-delimited, numbers and booleans as varints; undefined is left out. */
export function message(...fields: readonly Field[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [number, value] of fields) {
    if (value === undefined) continue;
    if (typeof value === "string" || value instanceof Uint8Array) {
      const bytes = typeof value === "string" ? Buffer.from(value) : value;
      parts.push(varint(BigInt((number << 3) | 2)), varint(BigInt(bytes.length)), bytes);
    } else parts.push(varint(BigInt(number << 3)), varint(BigInt(value)));
  }
  return Buffer.concat(parts);
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

/** A message whose schema the reader knows: each accessor says what it takes the field for. */
export class Fields {
  readonly #values = new Map<number, (bigint | Uint8Array)[]>();

  constructor(bytes: Uint8Array) {
    let offset = 0;
    const readVarint = (): bigint => {
      let value = 0n;
      for (let shift = 0n; ; shift += 7n) {
        const byte = bytes[offset++];
        if (byte === undefined || shift > 63n) throw new RangeError("a protobuf message ends within a number");
        value |= BigInt(byte & 127) << shift;
        if (byte < 128) return value;
      }
    };
    while (offset < bytes.length) {
      const tag = Number(readVarint());
      const wireType = tag & 7;
      if (wireType !== 0 && wireType !== 2) throw new RangeError(`a protobuf field has wire type ${wireType}`);
      const head = readVarint();
      const end = wireType === 2 ? offset + Number(head) : offset;
      if (end > bytes.length) throw new RangeError("a protobuf field is longer than its message");
      const values = this.#values.get(tag >>> 3) ?? [];
      values.push(wireType === 2 ? bytes.subarray(offset, end) : head);
      this.#values.set(tag >>> 3, values);
      offset = end;
    }
  }

  number(field: number): number {
    return Number(BigInt.asIntN(64, this.unsigned(field)));
  }

  unsigned(field: number): bigint {
    const value = this.#values.get(field)?.at(-1);
    return typeof value === "bigint" ? value : 0n;
  }

  text(field: number): string {
    return Buffer.from(this.bytes(field)).toString();
  }

  bytes(field: number): Uint8Array {
    const value = this.#values.get(field)?.at(-1);
    return value instanceof Uint8Array ? value : new Uint8Array();
  }

  message(field: number): Fields {
    return new Fields(this.bytes(field));
  }

  /** Bytes or messages, all of them. */
  many(field: number): Uint8Array[] {
    return (this.#values.get(field) ?? []).map((value) => value as Uint8Array);
  }

  messages(field: number): Fields[] {
    return this.many(field).map((value) => new Fields(value));
  }
}
