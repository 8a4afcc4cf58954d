import assert from "node:assert/strict";
import { test } from "node:test";
import { diskConformance } from "./conformance.ts";
import { DiskError } from "./disk.ts";
import { MemoryDisk } from "./memory-disk.ts";
import { SECTOR_BYTES } from "./memory-inode.ts";

diskConformance(
  (name, body) => test(`memory disk: ${name}`, (_context, finished) => body(finished)),
  () => {
    const disk = new MemoryDisk();
    return { disk, reopen: () => disk, dispose: () => {} };
  },
);

/** Draws the given numbers, then zeros: each crash outcome can be asked for by name. */
function draws(...numbers: number[]): { below(n: number): number } {
  let next = 0;
  return {
    below(n) {
      const value = numbers[next++] ?? 0;
      assert.ok(value < n, `draw ${value} of ${n}`);
      return value;
    },
  };
}

const LOST = 0;
const KEPT = 1;
const CUT = 2;
const SCATTERED = 3;

/** A synced file of eight sectors of ones, and a write of twos over all of it that is not synced. */
function diskWithUnsyncedWrite(): MemoryDisk {
  const disk = new MemoryDisk();
  const file = disk.open("f", true);
  file.write(0, new Uint8Array(8 * SECTOR_BYTES).fill(1));
  file.sync(assert.ifError);
  disk.syncDirectory();
  file.write(0, new Uint8Array(8 * SECTOR_BYTES).fill(2));
  return disk;
}

function sectorsOf(disk: MemoryDisk): string {
  const bytes = disk.contents("f");
  let sectors = "";
  for (let start = 0; start < bytes.length; start += SECTOR_BYTES) {
    const sector = bytes.subarray(start, start + SECTOR_BYTES);
    assert.ok(
      sector.every((byte) => byte === sector[0]),
      "a sector is never torn",
    );
    sectors += sector[0];
  }
  return sectors;
}

test("a crash keeps what was synced and may lose, keep, cut or scatter the write under way", () => {
  for (const [numbers, expected] of [
    [[0, LOST], "11111111"],
    [[0, KEPT], "22222222"],
    [[0, CUT, 3], "22211111"],
    [[0, SCATTERED, 0, 1, 0, 1, 1, 0, 0, 1], "12122112"],
  ] as const) {
    const disk = diskWithUnsyncedWrite();
    disk.crash(draws(...numbers));
    assert.equal(sectorsOf(disk), expected);
  }
});

test("a process that dies loses nothing it wrote, and its handles are dead", () => {
  const disk = diskWithUnsyncedWrite();
  const file = disk.open("f", false);
  disk.killProcess();
  assert.equal(sectorsOf(disk), "22222222");
  assert.throws(() => file.write(0, Uint8Array.of(1)), { code: "writeFailed" });
  disk.crash(draws(0, LOST));
  assert.equal(sectorsOf(disk), "11111111");
});

test("names that were not synced vanish, come back or keep their old name, in the order of the changes", () => {
  const outcomes = [0, 1, 2, 3].map((surviving) => {
    const disk = new MemoryDisk();
    disk.open("a", true).close();
    disk.open("b", true).close();
    disk.syncDirectory();
    disk.open("c", true).close();
    disk.rename("a", "z");
    disk.remove("b");
    disk.crash(draws(surviving));
    return disk.list().join("");
  });
  assert.deepEqual(outcomes, ["ab", "abc", "bcz", "cz"]);
});

test("a synced file whose name was not synced is gone", () => {
  const disk = new MemoryDisk();
  const file = disk.open("f", true);
  file.write(0, Uint8Array.of(1));
  file.sync(assert.ifError);
  disk.crash(draws(0));
  assert.deepEqual(disk.list(), []);
});

test("after a failed sync no later sync makes the data durable", () => {
  const disk = diskWithUnsyncedWrite();
  const file = disk.open("f", false);
  disk.failNextSync();
  file.sync((error) => assert.equal(error?.code, "syncFailed"));
  file.sync(assert.ifError);
  disk.crash(draws(0, LOST));
  assert.equal(sectorsOf(disk), "11111111");
});

test("a lying disk reports success and keeps nothing", () => {
  const disk = diskWithUnsyncedWrite();
  disk.lying = true;
  disk.open("f", false).sync(assert.ifError);
  disk.crash(draws(0, LOST));
  assert.equal(sectorsOf(disk), "11111111");
});

test("a delayed sync covers what was written before it was asked for, and dies with the node", () => {
  const waiting: (() => void)[] = [];
  const disk = new MemoryDisk({ scheduleSync: (_file, run) => waiting.push(run) });
  const file = disk.open("f", true);
  disk.syncDirectory();
  file.write(0, Uint8Array.of(1));
  let ended = 0;
  file.sync(() => {
    ended += 1;
  });
  file.write(1, Uint8Array.of(2));
  waiting.shift()!();
  file.sync(() => {
    ended += 1;
  });
  disk.crash(draws(0, LOST));
  waiting.shift()!();
  assert.equal(ended, 1);
  assert.deepEqual([...disk.contents("f")], [1]);
});

test("flipped bits and misdirected writes are where they were asked for", () => {
  const disk = new MemoryDisk();
  const file = disk.open("f", true);
  file.write(0, new Uint8Array(8));
  disk.flipBit("f", 3, 6);
  assert.deepEqual([...disk.contents("f")], [0, 0, 0, 64, 0, 0, 0, 0]);
  disk.misdirectNextWrite(4);
  file.write(1, Uint8Array.of(9));
  file.write(0, Uint8Array.of(7));
  assert.deepEqual([...disk.contents("f")], [7, 0, 0, 64, 0, 9, 0, 0]);
});

test("a full disk refuses to grow and takes overwrites", () => {
  const disk = new MemoryDisk({ capacity: 10 });
  const file = disk.open("f", true);
  file.write(0, new Uint8Array(10));
  file.write(0, new Uint8Array(10).fill(1));
  assert.throws(
    () => file.write(10, Uint8Array.of(1)),
    (error) => error instanceof DiskError && error.code === "noSpace",
  );
  assert.throws(() => file.truncate(11), { code: "noSpace" });
  assert.throws(() => disk.open("g", true).write(0, Uint8Array.of(1)), { code: "noSpace" });
});
