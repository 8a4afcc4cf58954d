import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The node's newest write-ahead log file: the end that a node must be able to tell from a crash. Of a node that is down. */
export function newestLogFile(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /^wal-[0-9a-f]{16}$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => writtenBytes(path) > 0)
    .sort();
  const newest = files.at(-1);
  if (newest === undefined) throw new Error(`${folder} holds no write-ahead log`);
  return newest;
}

/** Flips one bit in the middle of what was written. @returns where, for the test's message. */
export function flipBit(path: string): string {
  const bytes = readFileSync(path);
  const offset = Math.floor(writtenBytes(path) / 2);
  bytes[offset] = (bytes[offset] as number) ^ 0x10;
  writeFileSync(path, bytes);
  return `bit 4 of byte ${offset} of ${path}`;
}

/** Cuts the file in the middle of what was written, so that acknowledged entries are gone without a trace. */
export function truncateToHalf(path: string): string {
  const size = Math.floor(writtenBytes(path) / 2);
  const before = statSync(path).size;
  truncateSync(path, size);
  return `${path} cut from ${before} to ${size} bytes`;
}

/** Without the zeros at the end, which were laid out in advance. */
function writtenBytes(path: string): number {
  const bytes = readFileSync(path);
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end -= 1;
  return end;
}
