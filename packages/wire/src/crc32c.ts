import { makeKernel, PIECE_BYTES } from "./crc32c-kernel.ts";

const POLYNOMIAL = 0x82f63b78;
const SLICES = 16;
const TABLE: Int32Array = makeTable();
/** What is shorter is summed before the kernel has its copy. */
const SMALLEST_PIECE = 256;
const kernel = makeKernel(TABLE);

/**
 * CRC-32C (Castagnoli, polynomial 0x1EDC6F41, reflected), as iSCSI (RFC 3720), SCTP and etcd use it.
 * @param seed the result so far, to continue over several pieces: `crc32c(b, crc32c(a))` is the sum of a and b joined.
 * @returns an unsigned 32-bit number
 */
export function crc32c(bytes: Uint8Array, seed = 0, start = 0, end: number = bytes.length): number {
  if (kernel === undefined || end - start < SMALLEST_PIECE) return crc32cByTables(bytes, seed, start, end);
  let crc = seed;
  let at = start;
  while (end - at >= SMALLEST_PIECE) {
    const next = Math.min(end, at + PIECE_BYTES);
    crc = kernel(at === 0 && next === bytes.length ? bytes : bytes.subarray(at, next), crc);
    at = next;
  }
  return crc32cByTables(bytes, crc, at, end);
}

/**
 * The same without the kernel. Slicing-by-16: sixteen table look-ups for each sixteen bytes, none of which waits for
 * another.
 */
export function crc32cByTables(bytes: Uint8Array, seed: number, start: number, end: number): number {
  const T = TABLE;
  let crc = ~seed;
  let i = start;
  for (const last = end - SLICES; i <= last; i += SLICES) {
    const head =
      crc ^
      ((bytes[i] as number) |
        ((bytes[i + 1] as number) << 8) |
        ((bytes[i + 2] as number) << 16) |
        ((bytes[i + 3] as number) << 24));
    crc =
      (T[0xf00 | (head & 0xff)] as number) ^
      (T[0xe00 | ((head >>> 8) & 0xff)] as number) ^
      (T[0xd00 | ((head >>> 16) & 0xff)] as number) ^
      (T[0xc00 | (head >>> 24)] as number) ^
      (T[0xb00 | (bytes[i + 4] as number)] as number) ^
      (T[0xa00 | (bytes[i + 5] as number)] as number) ^
      (T[0x900 | (bytes[i + 6] as number)] as number) ^
      (T[0x800 | (bytes[i + 7] as number)] as number) ^
      (T[0x700 | (bytes[i + 8] as number)] as number) ^
      (T[0x600 | (bytes[i + 9] as number)] as number) ^
      (T[0x500 | (bytes[i + 10] as number)] as number) ^
      (T[0x400 | (bytes[i + 11] as number)] as number) ^
      (T[0x300 | (bytes[i + 12] as number)] as number) ^
      (T[0x200 | (bytes[i + 13] as number)] as number) ^
      (T[0x100 | (bytes[i + 14] as number)] as number) ^
      (T[bytes[i + 15] as number] as number);
  }
  for (; i < end; i++) crc = (crc >>> 8) ^ (T[(crc ^ (bytes[i] as number)) & 0xff] as number);
  return ~crc >>> 0;
}

/** Row k holds the effect of a byte that k further bytes follow. */
function makeTable(): Int32Array {
  const table = new Int32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    table[byte] = crc;
  }
  for (let i = 256; i < table.length; i++) {
    const before = table[i - 256] as number;
    table[i] = (before >>> 8) ^ (table[before & 0xff] as number);
  }
  return table;
}
