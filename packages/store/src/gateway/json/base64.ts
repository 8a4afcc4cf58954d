import { decodeLatin1 } from "@synod/wire/bytes";

/** RFC 4648. */
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const DIGITS: Uint8Array = Uint8Array.from(ALPHABET, (digit) => digit.charCodeAt(0));
const NONE = 0xff;
const EQUALS = 61;

const VALUES: Uint8Array = new Uint8Array(256).fill(NONE);
for (let value = 0; value < 64; value++) VALUES[DIGITS[value] as number] = value;
VALUES[45] = 62; // "-" and "_" of the alphabet for URLs
VALUES[95] = 63;

/**
 * Reads either alphabet, with or without padding, from `source[start..end)` into `target`, which must have room for three
 * quarters of it. @returns how many bytes that were; -1 - i if the character at offset i from the start is not one of them.
 */
export function decodeBase64(source: Uint8Array, start: number, end: number, target: Uint8Array): number {
  let last = end;
  if ((end - start) % 4 === 0) while (last > start && end - last < 2 && source[last - 1] === EQUALS) last--;
  if ((last - start) % 4 === 1) return start - last;
  let at = start;
  let length = 0;
  for (; at + 4 <= last; at += 4) {
    const first = VALUES[source[at] as number] as number;
    const second = VALUES[source[at + 1] as number] as number;
    const third = VALUES[source[at + 2] as number] as number;
    const fourth = VALUES[source[at + 3] as number] as number;
    // The mark of what is no digit has the highest bit, which no digit's value has.
    if ((first | second | third | fourth) >= 0x80) break;
    target[length] = (first << 2) | (second >> 4);
    target[length + 1] = (second << 4) | (third >> 2);
    target[length + 2] = (third << 6) | fourth;
    length += 3;
  }
  let held = 0;
  let bits = 0;
  for (; at < last; at++) {
    const value = VALUES[source[at] as number] as number;
    if (value === NONE) return start - at - 1;
    held = ((held << 6) | value) & 0xfff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    target[length++] = held >> bits;
  }
  return length;
}

/** Characters that `length` bytes take, padding included. */
export function base64Length(length: number): number {
  return Math.ceil(length / 3) * 4;
}

/** Writes `source` with padding into `target` from `offset`. @returns the offset behind it. */
export function encodeBase64(source: Uint8Array, target: Uint8Array, offset: number): number {
  const { length } = source;
  const whole = length - (length % 3);
  let at = offset;
  for (let i = 0; i < whole; i += 3) {
    const group = ((source[i] as number) << 16) | ((source[i + 1] as number) << 8) | (source[i + 2] as number);
    target[at] = DIGITS[group >> 18] as number;
    target[at + 1] = DIGITS[(group >> 12) & 63] as number;
    target[at + 2] = DIGITS[(group >> 6) & 63] as number;
    target[at + 3] = DIGITS[group & 63] as number;
    at += 4;
  }
  if (whole === length) return at;
  const group = ((source[whole] as number) << 16) | ((source[whole + 1] ?? 0) << 8);
  target[at] = DIGITS[group >> 18] as number;
  target[at + 1] = DIGITS[(group >> 12) & 63] as number;
  target[at + 2] = length - whole === 2 ? (DIGITS[(group >> 6) & 63] as number) : EQUALS;
  target[at + 3] = EQUALS;
  return at + 4;
}

export function base64Of(bytes: Uint8Array): string {
  const text = new Uint8Array(base64Length(bytes.length));
  encodeBase64(bytes, text, 0);
  return decodeLatin1(text);
}
