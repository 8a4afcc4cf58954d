import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { flipBit, newestLogFile, truncateToHalf } from "./damage.ts";

const folder = mkdtempSync(join(tmpdir(), "synod-damage-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A file of so many bytes, and zeros behind them. */
function laidOut(name: string, written: number, size: number): string {
  const bytes = Buffer.alloc(size);
  bytes.fill(7, 0, written);
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

test("a bit is flipped in the middle of what was written, and nothing else", () => {
  const path = laidOut("flip", 2_500_000, 5_000_000);
  assert.match(flipBit(path), /^bit 4 of byte 1250000 of /);
  const bytes = readFileSync(path);
  assert.equal(bytes[1_250_000], 7 ^ 0x10);
  bytes[1_250_000] = 7;
  assert.ok(bytes.equals(Buffer.concat([Buffer.alloc(2_500_000, 7), Buffer.alloc(2_500_000)])));
});

test("a file is cut in the middle of what was written", () => {
  const path = laidOut("cut", 3001, 70_000);
  assert.match(truncateToHalf(path), / cut from 70000 to 1500 bytes$/);
  assert.equal(statSync(path).size, 1500);
});

test("the newest log is the last one that holds anything", () => {
  mkdirSync(join(folder, "log"));
  laidOut("log/wal-0000000000000001", 10, 100);
  const second = laidOut("log/wal-0000000000000002", 1, 3_000_000);
  laidOut("log/wal-0000000000000003", 0, 3_000_000);
  assert.equal(newestLogFile(folder), second);
});
