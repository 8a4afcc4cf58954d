import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryDisk } from "../memory-disk.ts";
import { decodeSegmentHeader, encodeSegmentHeader, SEGMENT_HEADER_BYTES, segmentName } from "./format.ts";
import { MARKER_NAME } from "./marker.ts";
import type { WalCorruption, WalRecovered } from "./types.ts";
import { Wal } from "./wal.ts";
import { bodyOf, contentsOf, KEEP_ALL, LOSE_ALL, OPTIONS, openWal, put, readWal, reopened } from "./wal-testing.ts";

/** Batches of one record each, so that damage has a known place: header 32, record header 16, body 80, all aligned. */
const BATCH_BYTES = 128;
const FIRST_BATCH = SEGMENT_HEADER_BYTES;

/** Three flushed entries of group 1. Not closed: the marker knows of the segment only. */
function threeBatches(): MemoryDisk {
  const disk = new MemoryDisk();
  const wal = openWal(disk);
  for (let i = 1; i <= 3; i += 1) put(wal, String(i).repeat(80), i);
  return disk;
}

function indexesIn(lines: string[]): string {
  return lines.map((line) => line.slice(line.indexOf("@") + 1, line.indexOf(" "))).join();
}

function corruptionOf(disk: MemoryDisk): WalCorruption {
  const { outcome } = readWal(disk);
  assert.equal(outcome.type, "corrupt");
  return outcome as WalCorruption;
}

function recoveredOf(disk: MemoryDisk): WalRecovered {
  const { outcome } = readWal(disk);
  assert.equal(outcome.type, "recovered", outcome.type === "corrupt" ? outcome.message : "");
  return outcome as WalRecovered;
}

test("a batch that was under way when the power went is a torn tail: dropped, reported, and sealed by the next opening", () => {
  const syncs: (() => void)[] = [];
  let delayed = false;
  const disk = new MemoryDisk({ scheduleSync: (_file, run) => (delayed ? syncs.push(run) : run()) });
  const wal = openWal(disk);
  put(wal, "acknowledged");
  delayed = true;
  for (let i = 0; i < 5; i += 1) wal.append(1, 2, 2 + i, bodyOf("x".repeat(700)));
  wal.flush(() => assert.fail("the power went before the sync"));
  // Of its eight sectors the disk keeps the first, and some behind a gap: good records follow a bad one within one batch.
  const choices = [0, 3, 1, 0, 1, 1, 0, 1, 1, 1];
  disk.crash({ below: () => choices.shift() ?? 0 });
  delayed = false;

  assert.deepEqual(readWal(disk).lines, ["1/2@1 acknowledged"]);
  assert.equal(recoveredOf(disk).tail, "torn");
  put(reopened(disk).wal, "later");
  assert.deepEqual(contentsOf(disk), ["1/2@1 acknowledged", "1/2@1 later"]);
  assert.equal(recoveredOf(disk).tail, "clean");
});

test("a bad batch that good ones follow is corruption, never cut off", () => {
  for (const place of [0, 5, 12, 30, 40, 60]) {
    const disk = threeBatches();
    disk.flipBit(segmentName(1), FIRST_BATCH + BATCH_BYTES + place, 3);
    const corruption = corruptionOf(disk);
    assert.equal(corruption.reason, "badBatch");
    assert.equal(corruption.segment, segmentName(1));
    assert.equal(corruption.offset, FIRST_BATCH + BATCH_BYTES);
    assert.deepEqual([...corruption.lastGoodIndexes], [[1, 1]]);
    assert.match(corruption.message, /wal-0000000000000001 at byte 224: /);
    assert.equal(indexesIn(readWal(disk).lines), "1", "what was before the damage was handed out");
    assert.equal(Wal.open(disk, OPTIONS, () => {}).type, "corrupt");
  }
});

test("a bad last batch looks torn, unless the marker knows that it was durable", () => {
  const disk = threeBatches();
  disk.flipBit(segmentName(1), FIRST_BATCH + 2 * BATCH_BYTES + 60, 0);
  assert.equal(recoveredOf(disk).tail, "torn");

  const marked = new MemoryDisk();
  const wal = openWal(marked);
  for (let i = 1; i <= 3; i += 1) put(wal, String(i).repeat(80), i);
  wal.markDurable();
  marked.flipBit(segmentName(1), FIRST_BATCH + 2 * BATCH_BYTES + 60, 0);
  assert.equal(corruptionOf(marked).reason, "lostDurable");
});

test("an acknowledged tail that is cut off clean, or by zeros, is noticed behind the marker (amnesia)", () => {
  const disk = new MemoryDisk();
  const wal = openWal(disk);
  for (let i = 1; i <= 3; i += 1) put(wal, String(i).repeat(80), i);
  wal.close(assert.ifError);
  disk.damage(segmentName(1), FIRST_BATCH + BATCH_BYTES, new Uint8Array(2 * BATCH_BYTES));
  const corruption = corruptionOf(disk);
  assert.equal(corruption.reason, "lostDurable");
  assert.match(corruption.message, /ends with batch 1, but batch 3 was durable/);
});

test("the marker keeps up by itself while the log is written", () => {
  const disk = new MemoryDisk();
  const wal = openWal(disk, { markEveryBytes: 150 });
  for (let i = 1; i <= 4; i += 1) put(wal, String(i).repeat(80), i);
  disk.damage(segmentName(1), FIRST_BATCH + BATCH_BYTES, new Uint8Array(3 * BATCH_BYTES));
  assert.equal(corruptionOf(disk).reason, "lostDurable");
});

test("a file that is shorter than it was made is corruption, wherever it is cut", () => {
  for (const size of [16_383, FIRST_BATCH + BATCH_BYTES, SEGMENT_HEADER_BYTES]) {
    const disk = threeBatches();
    disk.open(segmentName(1), false).truncate(size);
    assert.equal(corruptionOf(disk).reason, "truncatedSegment");
  }
  const emptied = threeBatches();
  emptied.open(segmentName(1), false).truncate(0);
  assert.equal(corruptionOf(emptied).reason, "badHeader");
});

/** Three segments; nothing released. */
function threeSegments(): MemoryDisk {
  const disk = new MemoryDisk();
  for (let i = 1; i <= 3; i += 1) put(reopened(disk).wal, String(i).repeat(80), i);
  return disk;
}

test("a segment that is missing is corruption: the first, one in the middle, the newest, and all of them", () => {
  for (const [missing, named] of [
    [[1], 1],
    [[2], 2],
    [[3], 3],
    [[1, 2, 3], 1],
  ] as const) {
    const disk = threeSegments();
    for (const sequence of missing) disk.remove(segmentName(sequence));
    const corruption = corruptionOf(disk);
    assert.equal(corruption.reason, "missingSegment");
    assert.equal(corruption.segment, segmentName(named));
  }
});

test("an unreadable header is corruption in any segment that held something", () => {
  for (const sequence of [1, 2, 3]) {
    const disk = threeSegments();
    disk.flipBit(segmentName(sequence), 40, 2);
    const corruption = corruptionOf(disk);
    assert.equal(corruption.reason, "badHeader");
    assert.equal(corruption.segment, segmentName(sequence));
  }
});

test("the last batch of a segment that others follow is not a tail: damage to it is corruption", () => {
  const disk = threeSegments();
  disk.flipBit(segmentName(2), FIRST_BATCH + 50, 1);
  const corruption = corruptionOf(disk);
  assert.equal(corruption.reason, "badBatch");
  assert.deepEqual([...corruption.lastGoodIndexes], [[1, 1]]);
});

test("a segment put in another's place is corruption", () => {
  const disk = threeSegments();
  disk.rename(segmentName(3), segmentName(2));
  assert.equal(corruptionOf(disk).type, "corrupt");
});

test("a write that lands elsewhere is noticed with the next good one", () => {
  const disk = new MemoryDisk();
  const wal = openWal(disk);
  put(wal, "1".repeat(80), 1);
  disk.misdirectNextWrite(4096);
  put(wal, "2".repeat(80), 2);
  put(wal, "3".repeat(80), 3);
  assert.equal(corruptionOf(disk).reason, "badBatch");
  assert.equal(indexesIn(readWal(disk).lines), "1");
});

test("a disk that lied about its syncs is found out behind the marker", () => {
  const disk = new MemoryDisk();
  const wal = openWal(disk);
  put(wal, "1".repeat(80), 1);
  disk.lying = true;
  put(wal, "2".repeat(80), 2);
  disk.lying = false;
  wal.markDurable();
  // The marker's sector survives, the batch does not.
  const marker = disk.contents(MARKER_NAME);
  disk.crash(LOSE_ALL);
  disk.damage(MARKER_NAME, 0, marker);
  assert.equal(corruptionOf(disk).reason, "lostDurable");
});

test("a crash while a segment is begun leaves the log as it was, and a file that the next opening clears away", () => {
  for (const random of [LOSE_ALL, KEEP_ALL, { below: (n: number) => n - 1 }]) {
    const syncs: (() => void)[] = [];
    let delayed = false;
    const disk = new MemoryDisk({ scheduleSync: (_file, run) => (delayed ? syncs.push(run) : run()) });
    put(openWal(disk), "kept");
    const second = reopened(disk).wal;
    second.flush(assert.ifError);
    delayed = true;
    second.append(1, 2, 2, bodyOf("lost"));
    second.flush(() => assert.fail("never ends"));
    syncs.shift()!(); // the marker; then the new file is made, and its size is being synced
    assert.ok(disk.list().includes(segmentName(2)));
    disk.crash(random);
    delayed = false;
    assert.deepEqual(contentsOf(disk), ["1/2@1 kept"]);
    put(reopened(disk).wal, "next");
    assert.deepEqual(contentsOf(disk), ["1/2@1 kept", "1/2@1 next"]);
  }
});

test("one damaged slot of the marker changes nothing; without a marker the log is read and the lack reported", () => {
  for (const slot of [0, 512]) {
    const disk = threeSegments();
    disk.flipBit(MARKER_NAME, slot + 41, 0);
    assert.equal(recoveredOf(disk).marker, "ok");
  }
  const damaged = threeSegments();
  damaged.damage(MARKER_NAME, 0, new Uint8Array(1024).fill(255));
  assert.equal(recoveredOf(damaged).marker, "damaged");
  const missing = threeSegments();
  missing.remove(MARKER_NAME);
  assert.equal(recoveredOf(missing).marker, "missing");
  assert.equal(indexesIn(readWal(missing).lines), "1,2,3");
});

test("segments that were released and came back after a crash are not part of the log", () => {
  const disk = new MemoryDisk();
  const wal = openWal(disk, { segmentBytes: 4096 });
  for (let i = 1; i <= 9; i += 1) put(wal, "x".repeat(1000), i);
  wal.release(1, 6);
  disk.crash(LOSE_ALL);
  assert.ok(disk.list().includes(segmentName(1)), "the removal of its name was not synced");
  assert.deepEqual(indexesIn(readWal(disk).lines).split(",").at(-1), "9");
  put(reopened(disk).wal, "next", 10);
  assert.ok(!disk.list().includes(segmentName(1)));
});

test("a log of a later format is refused, and says what to do", () => {
  const disk = threeBatches();
  disk.remove(MARKER_NAME);
  const header = decodeSegmentHeader(disk.contents(segmentName(1)))!;
  disk.damage(segmentName(1), 0, encodeSegmentHeader({ ...header, version: 2 }));
  assert.throws(() => readWal(disk), {
    code: "otherVersion",
    message: /format 2.*format 1.*run the version that wrote it/,
  });
});
