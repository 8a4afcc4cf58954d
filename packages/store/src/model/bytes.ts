import { crc32c } from "@synod/wire/crc32c";

/** Lexicographic order of unsigned bytes; a prefix comes before what it begins. Negative, 0 or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return compareRuns(a, 0, a.length, b, 0, b.length);
}

export function compareRuns(
  a: Uint8Array,
  aOffset: number,
  aLength: number,
  b: Uint8Array,
  bOffset: number,
  bLength: number,
): number {
  const common = Math.min(aLength, bLength);
  for (let i = 0; i < common; i += 1) {
    const difference = a[aOffset + i]! - b[bOffset + i]!;
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
}

/** A 32-bit hash of a run of bytes (murmur3's mixing, four bytes a step); a signed integer. */
export function hashBytes(bytes: Uint8Array, offset: number, length: number, seed: number): number {
  let hash = seed ^ length;
  const words = offset + (length & ~3);
  let i = offset;
  for (; i < words; i += 4) {
    // hashWord, written out: in a loop the call costs more than what it does.
    let mixed = Math.imul(bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24), 0xcc9e2d51);
    mixed = hash ^ Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
    hash = (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (const end = offset + length; i < end; i += 1) tail = (tail << 8) | bytes[i]!;
  return finishHash(hashWord(hash, tail));
}

/** From here on a value's checksum takes less time than a hash of it. */
const LONG = 64;

/**
 * A 32-bit hash of a value, of any length, that goes on from its key's. Values are what most bytes are: a long one is
 * summed by CRC32C, which is several times as fast, and only the sum is mixed.
 */
export function hashValue(bytes: Uint8Array, offset: number, length: number, keyHash: number): number {
  if (length < LONG) return hashBytes(bytes, offset, length, keyHash);
  return finishHash(hashWord(keyHash ^ length, crc32c(bytes, 0, offset, offset + length) | 0));
}

export function hashWord(hash: number, word: number): number {
  let mixed = Math.imul(word, 0xcc9e2d51);
  mixed = (mixed << 15) | (mixed >>> 17);
  const next = hash ^ Math.imul(mixed, 0x1b873593);
  return (Math.imul((next << 13) | (next >>> 19), 5) + 0xe6546b64) | 0;
}

/** Mixes a safe integer (both halves) into a hash. */
export function hashInteger(hash: number, value: number): number {
  return hashWord(hashWord(hash, value | 0), Math.floor(value / 0x1_0000_0000) | 0);
}

export function finishHash(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
