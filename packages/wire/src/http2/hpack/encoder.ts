import { huffmanEncode, huffmanLength } from "./huffman.ts";
import { STATIC_TABLE } from "./static-table.ts";

/** A field to send: lower-case name, value with one byte per character. */
export type FieldToSend = readonly [name: string, value: string];

const NAMES = new Map<string, number>();
const FIELDS = new Map<string, number>();
for (let i = STATIC_TABLE.length - 1; i > 0; i--) {
  const { name, value } = STATIC_TABLE[i]!;
  NAMES.set(name, i);
  if (value !== "") FIELDS.set(`${name}\n${value}`, i);
}

/**
 * Encodes a header block with the static table only: no state, so a block may be kept and sent on any connection, in
 * any order. What is lost in size is small beside what every response would otherwise have to track.
 */
export function encodeHeaders(fields: readonly FieldToSend[]): Uint8Array {
  const bytes = new Uint8Array(maximumSize(fields));
  let position = 0;
  for (const [name, value] of fields) {
    const whole = FIELDS.get(`${name}\n${value}`);
    if (whole !== undefined) {
      position = writeInteger(bytes, position, 0x80, 7, whole);
      continue;
    }
    const index = NAMES.get(name) ?? 0;
    position = writeInteger(bytes, position, 0x00, 4, index);
    if (index === 0) position = writeString(bytes, position, name);
    position = writeString(bytes, position, value);
  }
  return bytes.subarray(0, position);
}

function maximumSize(fields: readonly FieldToSend[]): number {
  let size = 0;
  for (const [name, value] of fields) size += name.length + value.length + 16;
  return size;
}

/** RFC 7541 §5.1. @returns the position after it. */
export function writeInteger(bytes: Uint8Array, at: number, flags: number, prefixBits: number, value: number): number {
  const mask = (1 << prefixBits) - 1;
  let position = at;
  if (value < mask) {
    bytes[position++] = flags | value;
    return position;
  }
  bytes[position++] = flags | mask;
  let rest = value - mask;
  while (rest >= 0x80) {
    bytes[position++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[position++] = rest;
  return position;
}

/** §5.2, Huffman where it is shorter. @returns the position after it. */
export function writeString(bytes: Uint8Array, at: number, text: string): number {
  const compressed = huffmanLength(text);
  if (compressed < text.length) {
    return huffmanEncode(text, bytes, writeInteger(bytes, at, 0x80, 7, compressed));
  }
  let position = writeInteger(bytes, at, 0x00, 7, text.length);
  for (let i = 0; i < text.length; i++) bytes[position++] = text.charCodeAt(i);
  return position;
}
