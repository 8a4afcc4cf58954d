import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync, truncateSync, writeSync } from "node:fs";
import { join } from "node:path";

/** The node's newest write-ahead log file: the end that a node must be able to tell from a crash. Of a node that is down. */
export function newestLogFile(folder: string): string {
  const newest = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /^wal-[0-9a-f]{16}$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .findLast((path) => writtenBytes(path) > 0);
  if (newest === undefined) throw new Error(`${folder} holds no write-ahead log`);
  return newest;
}

/** Flips one bit in the middle of what was written. @returns where, for the test's message. */
export function flipBit(path: string): string {
  const offset = Math.floor(writtenBytes(path) / 2);
  const file = openSync(path, "r+");
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, offset);
  byte[0] = (byte[0] as number) ^ 0x10;
  writeSync(file, byte, 0, 1, offset);
  closeSync(file);
  return `bit 4 of byte ${offset} of ${path}`;
}

/** Cuts the file in the middle of what was written, so that acknowledged entries are gone without a trace. */
export function truncateToHalf(path: string): string {
  const size = Math.floor(writtenBytes(path) / 2);
  const before = statSync(path).size;
  truncateSync(path, size);
  return `${path} cut from ${before} to ${size} bytes`;
}

const BLOCK = 1 << 20;
const ZEROS: Buffer = Buffer.alloc(BLOCK);

/**
 * Without the zeros at the end, which were laid out in advance. Block by block from there: whoever does this passes the
 * bytes of a cluster's links on, and must not be held up by the tens of megabytes that a log is laid out with.
 */
function writtenBytes(path: string): number {
  const file = openSync(path, "r");
  try {
    const block = Buffer.alloc(BLOCK);
    for (let end = fstatSync(file).size; end > 0; ) {
      const start = Math.max(0, end - BLOCK);
      const bytes = block.subarray(0, readSync(file, block, 0, end - start, start));
      if (!bytes.equals(ZEROS.subarray(0, bytes.length))) return start + bytes.findLastIndex((byte) => byte !== 0) + 1;
      end = start;
    }
    return 0;
  } finally {
    closeSync(file);
  }
}
