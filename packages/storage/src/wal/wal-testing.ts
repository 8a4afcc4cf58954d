import type { Disk } from "../disk.ts";
import { recoverWal } from "./recovery.ts";
import type { RecordHandler, WalCorruption, WalOptions, WalRecovered } from "./types.ts";
import { Wal } from "./wal.ts";

/** What the tests of the write-ahead log share. */
export const OPTIONS: WalOptions = { clusterId: 7n, nodeId: 1, segmentBytes: 16_384, zeroAheadBytes: 1024 };

/** Of everything unsynced a crash keeps nothing. */
export const LOSE_ALL: { below(n: number): number } = { below: () => 0 };
/** A crash keeps all names and whole writes. */
export const KEEP_ALL: { below(n: number): number } = { below: (n) => (n === 4 ? 1 : n - 1) };

export function bodyOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export function openWal(disk: Disk, options: Partial<WalOptions> = {}): Wal {
  return reopened(disk, options).wal;
}

export function reopened(disk: Disk, options: Partial<WalOptions> = {}): { wal: Wal; recovered: WalRecovered } {
  const opened = Wal.open(disk, { ...OPTIONS, ...options }, () => {});
  if (opened.type === "corrupt") throw new Error(opened.message);
  return opened;
}

/** Appends one record of group 1 and flushes it. */
export function put(wal: Wal, text: string, index = 1): void {
  wal.append(1, 2, index, bodyOf(text));
  wal.flush((error) => {
    if (error !== undefined) throw error;
  });
}

export interface Reading {
  readonly lines: string[];
  readonly outcome: WalRecovered | WalCorruption;
}

/** Reads the log: one line `group/kind@index body` for each record. */
export function readWal(disk: Disk): Reading {
  const lines: string[] = [];
  const onRecord: RecordHandler = (group, kind, index, body) =>
    lines.push(`${group}/${kind}@${index} ${String.fromCharCode(...body)}`);
  return { lines, outcome: recoverWal(disk, OPTIONS, onRecord) };
}

export function contentsOf(disk: Disk): string[] {
  const { lines, outcome } = readWal(disk);
  if (outcome.type === "corrupt") throw new Error(outcome.message);
  return lines;
}
