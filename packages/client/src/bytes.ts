/** Keys and values are bytes; text stands for its UTF-8 bytes. */
export type Bytes = Uint8Array | string;

/** The half-open range `[key, rangeEnd)`; an empty `rangeEnd` means the one key. */
export interface KeyRange {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
}

export const NO_BYTES: Uint8Array = new Uint8Array(0);

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function toBytes(value: Bytes): Uint8Array {
  return typeof value === "string" ? encoder.encode(value) : value;
}

export function toText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** One key, or the range itself. */
export function toRange(keys: Bytes | KeyRange): KeyRange {
  return typeof keys === "string" || keys instanceof Uint8Array ? { key: toBytes(keys), rangeEnd: NO_BYTES } : keys;
}

/** Keys from `from` up to, but without, `to`. */
export function between(from: Bytes, to: Bytes): KeyRange {
  return { key: toBytes(from), rangeEnd: toBytes(to) };
}

/** `from` and every key after it. */
export function startingAt(from: Bytes): KeyRange {
  const key = toBytes(from);
  return { key: key.length === 0 ? ZERO : key, rangeEnd: ZERO };
}

/** Every key that begins with `prefix`; the empty prefix means every key. */
export function withPrefix(prefix: Bytes): KeyRange {
  const key = toBytes(prefix);
  let last = key.length - 1;
  while (last >= 0 && key[last] === 0xff) last--; // 0xff has no successor: carry into the byte before
  if (last < 0) return { key: key.length === 0 ? ZERO : key, rangeEnd: ZERO };
  const rangeEnd = key.slice(0, last + 1);
  rangeEnd[last] = (rangeEnd[last] as number) + 1;
  return { key, rangeEnd };
}

/** etcd's way to say "from here to the end of all keys". */
const ZERO: Uint8Array = new Uint8Array(1);
