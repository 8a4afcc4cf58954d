import type { HeaderField } from "../http2/hpack/header-field.ts";

/** @returns the values of `name` (lower case) joined as HTTP joins them, undefined if there is none. */
export function metadataValue(fields: readonly HeaderField[], name: string): string | undefined {
  let joined: string | undefined;
  for (const field of fields) {
    if (field.name === name) joined = joined === undefined ? field.value : `${joined},${field.value}`;
  }
  return joined;
}

/** @returns the decoded values of a `-bin` entry, in order; those that are not base64 are left out. */
export function binaryMetadata(fields: readonly HeaderField[], name: string): Uint8Array[] {
  const joined = metadataValue(fields, name);
  if (joined === undefined) return [];
  return joined
    .split(",")
    .map((value) => decodeBase64(value.trim()))
    .filter((value) => value !== undefined);
}

const MICROSECONDS: Readonly<Record<string, number>> = {
  H: 3_600_000_000,
  M: 60_000_000,
  S: 1_000_000,
  m: 1000,
  u: 1,
  n: 0.001,
};

/** Reads grpc-timeout: at most 8 digits and a unit. @returns microseconds, rounded up; undefined if malformed. */
export function parseTimeout(value: string): number | undefined {
  const unit = MICROSECONDS[value.charAt(value.length - 1)];
  if (unit === undefined || value.length < 2 || value.length > 9) return undefined;
  let amount = 0;
  for (let i = 0; i < value.length - 1; i++) {
    const digit = value.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    amount = amount * 10 + digit;
  }
  return Math.ceil(amount * unit);
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** RFC 4648 §4, with or without padding. @returns undefined if `text` is not base64. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const digits = text.replace(/={1,2}$/, "");
  if (digits.length % 4 === 1) return undefined;
  const bytes = new Uint8Array((digits.length * 3) >> 2);
  let held = 0;
  let bits = 0;
  let length = 0;
  for (const digit of digits) {
    const value = ALPHABET.indexOf(digit);
    if (value < 0) return undefined;
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[length++] = held >>> bits;
  }
  return bytes;
}
