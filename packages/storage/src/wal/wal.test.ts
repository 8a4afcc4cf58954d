import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryDisk } from "../memory-disk.ts";
import { segmentName } from "./format.ts";
import { MARKER_NAME } from "./marker.ts";
import type { WalOptions } from "./types.ts";
import { Wal } from "./wal.ts";
import { bodyOf, contentsOf, KEEP_ALL, LOSE_ALL, OPTIONS, openWal, put, reopened } from "./wal-testing.ts";

const VOTE = 1;
const ENTRIES = 2;

test("what was flushed is read back, in order, group by group, with its kind and index", () => {
  const disk = new MemoryDisk();
  const wal = openWal(disk);
  wal.appendSticky(3, VOTE, 0, bodyOf("vote"));
  wal.append(3, ENTRIES, 17, bodyOf("head "), bodyOf("body"));
  wal.append(65535, 255, Number.MAX_SAFE_INTEGER, bodyOf(""));
  wal.flush(assert.ifError);
  assert.deepEqual(contentsOf(disk), ["3/1@0 vote", "3/2@17 head body", "65535/255@9007199254740991 "]);
});

test("a new log holds nothing, and reading it leaves no trace on the disk", () => {
  const disk = new MemoryDisk();
  assert.deepEqual(contentsOf(disk), []);
  assert.deepEqual(disk.list(), []);
});

test("a flush is one write and one sync, and covers all that was appended while the sync before it was under way", () => {
  const syncs: (() => void)[] = [];
  const written: string[] = [];
  let delayed = false;
  const disk = new MemoryDisk({
    scheduleSync: (file, run) => {
      written.push(file);
      if (delayed) syncs.push(run);
      else run();
    },
  });
  const wal = openWal(disk);
  put(wal, "first");
  delayed = true;
  written.length = 0;

  const ended: string[] = [];
  for (const name of ["a", "b", "c"]) {
    wal.append(1, ENTRIES, 1, bodyOf(name));
    wal.flush(() => ended.push(name));
  }
  assert.equal(syncs.length, 1, "b and c collect while a's sync is under way");
  syncs.shift()!();
  assert.deepEqual(ended, ["a"]);
  assert.equal(syncs.length, 1);
  syncs.shift()!();
  assert.deepEqual(ended, ["a", "b", "c"]);
  assert.equal(syncs.length, 0);
  assert.deepEqual(written, [segmentName(1), segmentName(1)]);
});

test("a flush of nothing ends at once, or with the flush that is under way", () => {
  const syncs: (() => void)[] = [];
  const disk = new MemoryDisk({ scheduleSync: (_file, run) => syncs.push(run) });
  const wal = openWal(disk);
  let ended = 0;
  const count = (): void => {
    ended += 1;
  };
  wal.flush(count);
  assert.equal(ended, 1);
  wal.append(1, ENTRIES, 1, bodyOf("x"));
  wal.flush(count);
  wal.flush(count);
  assert.equal(ended, 1);
  while (syncs.length > 0) syncs.shift()!();
  assert.equal(ended, 3);
});

test("a flush may be asked for from the end of another, ten thousand times, without running out of stack", () => {
  const disk = new MemoryDisk();
  const wal = openWal(disk, { segmentBytes: 1 << 20, zeroAheadBytes: 0 });
  let rounds = 0;
  const next = (): void => {
    rounds += 1;
    if (rounds === 10_000) return;
    wal.append(1, ENTRIES, rounds, bodyOf("x"));
    wal.flush(next);
  };
  next();
  assert.equal(rounds, 10_000);
  assert.equal(contentsOf(disk).length, 9_999);
});

test("records go on in new segments when one is full; none straddles two; the log reads as one", () => {
  const disk = new MemoryDisk();
  const wal = openWal(disk, { segmentBytes: 4096 });
  const expected: string[] = [];
  for (let i = 1; i <= 40; i += 1) {
    wal.append(1, ENTRIES, i, bodyOf("r".repeat(50 * (i % 17))));
    expected.push(`1/2@${i} ${"r".repeat(50 * (i % 17))}`);
    if (i % 5 === 0) wal.flush(assert.ifError);
  }
  assert.ok(wal.segments > 4);
  assert.equal(wal.sizeBytes, wal.segments * 4096);
  assert.deepEqual(contentsOf(disk), expected);
});

test("one flush larger than a segment fills several", () => {
  const disk = new MemoryDisk();
  const wal = openWal(disk, { segmentBytes: 4096 });
  for (let i = 1; i <= 30; i += 1) wal.append(1, ENTRIES, i, new Uint8Array(1000));
  let ended = 0;
  wal.flush((error) => {
    assert.ifError(error);
    ended += 1;
  });
  assert.equal(ended, 1);
  assert.equal(contentsOf(disk).length, 30);
});

test("a record larger than a segment gets a segment of its own size", () => {
  const disk = new MemoryDisk();
  const wal = openWal(disk, { segmentBytes: 4096 });
  put(wal, "before");
  wal.append(1, ENTRIES, 2, new Uint8Array(20_000).fill(65));
  wal.flush(assert.ifError);
  put(wal, "after");
  assert.deepEqual(
    contentsOf(disk).map((line) => line.length),
    ["1/2@1 before".length, "1/2@2 ".length + 20_000, "1/2@1 after".length],
  );
});

test("segments go, oldest first, once no group needs their entries; the sticky records of all groups stay", () => {
  const disk = new MemoryDisk();
  const wal = openWal(disk, { segmentBytes: 4096, maxSpares: 0 });
  wal.appendSticky(1, VOTE, 0, bodyOf("vote of 1"));
  wal.appendSticky(2, VOTE, 0, bodyOf("old vote of 2"));
  wal.append(2, ENTRIES, 7, bodyOf("the only entry of 2"));
  wal.appendSticky(2, VOTE, 0, bodyOf("new vote of 2"));
  for (let i = 1; i <= 20; i += 1) wal.append(1, ENTRIES, i, new Uint8Array(1000));
  wal.flush(assert.ifError);
  const before = wal.segments;

  wal.release(1, 20);
  assert.equal(wal.segments, before, "group 2 still needs the oldest");
  wal.release(2, 7);
  assert.equal(wal.segments, 1, "the active one stays");
  assert.equal(disk.list().length, 2);

  const lines = contentsOf(disk);
  assert.deepEqual(lines.slice(0, 2), ["1/1@0 vote of 1", "2/1@0 new vote of 2"]);
  assert.ok(lines.slice(2).every((line) => line.startsWith("1/2@")));
});

test("released files are used again, and nothing of what they held is taken for new", () => {
  const disk = new MemoryDisk();
  const wal = openWal(disk, { segmentBytes: 4096, maxSpares: 2 });
  for (let i = 1; i <= 30; i += 1) {
    wal.append(1, ENTRIES, i, bodyOf(`${"stale".repeat(150)} ${i}`));
    wal.flush(assert.ifError);
    wal.release(1, i - 1);
  }
  assert.ok(wal.segments <= 2);
  assert.ok(wal.sizeBytes <= 4 * 4096);
  const lines = contentsOf(disk);
  assert.ok(lines.length <= 10);
  assert.ok(lines.at(-1)!.endsWith("stale 30"));
  const indexes = lines.map((line) => Number(line.slice(line.indexOf("@") + 1, line.indexOf(" "))));
  assert.deepEqual(
    indexes,
    indexes.map((_, i) => 30 - indexes.length + 1 + i),
    "consecutive to the end",
  );
});

test("a group that was forgotten holds nothing back", () => {
  const disk = new MemoryDisk();
  const wal = openWal(disk, { segmentBytes: 4096, maxSpares: 0 });
  wal.appendSticky(9, VOTE, 0, bodyOf("gone"));
  wal.append(9, ENTRIES, 1, bodyOf("gone too"));
  for (let i = 1; i <= 8; i += 1) wal.append(1, ENTRIES, i, new Uint8Array(1000));
  wal.flush(assert.ifError);
  wal.forget(9);
  for (let i = 9; i <= 16; i += 1) wal.append(1, ENTRIES, i, new Uint8Array(1000));
  wal.flush(assert.ifError);
  wal.release(1, 10);
  assert.ok(contentsOf(disk).every((line) => line.startsWith("1/2@")));
});

test("each opening goes on in a segment of its own, and the log still reads as one", () => {
  const disk = new MemoryDisk();
  put(openWal(disk), "one");
  const second = reopened(disk);
  put(second.wal, "two");
  const third = reopened(disk);
  assert.equal(third.wal.fence, 3);
  assert.equal(third.recovered.tail, "clean");
  put(third.wal, "three");
  assert.deepEqual(contentsOf(disk), ["1/2@1 one", "1/2@1 two", "1/2@1 three"]);
});

test("a log of another cluster, another node or another format is refused by name", () => {
  const disk = new MemoryDisk();
  put(openWal(disk), "mine");
  const open = (change: Partial<WalOptions>) => () => Wal.open(disk, { ...OPTIONS, ...change }, () => {});
  assert.throws(open({ clusterId: 8n }), { code: "otherCluster", message: /cluster 7, not to 8/ });
  assert.throws(open({ nodeId: 2 }), { code: "otherNode", message: /node 1, not to node 2/ });
});

test("a process that was overtaken by another stops writing", () => {
  const disk = new MemoryDisk();
  const stale = openWal(disk, { segmentBytes: 4096, markEveryBytes: 1 });
  put(stale, "old");
  put(reopened(disk).wal, "new");
  let failure: unknown;
  stale.append(1, ENTRIES, 1, bodyOf("late"));
  stale.flush((error) => {
    failure = error;
  });
  assert.equal((failure as { code: string }).code, "fenced");
  assert.deepEqual(contentsOf(disk), ["1/2@1 old", "1/2@1 new"], "and what it wrote late is not read");
});

test("after a failed sync every flush fails, for good", () => {
  const disk = new MemoryDisk();
  const wal = openWal(disk);
  put(wal, "good");
  disk.failNextSync();
  const codes: (string | undefined)[] = [];
  wal.append(1, ENTRIES, 2, bodyOf("bad"));
  wal.flush((error) => codes.push(error?.code));
  wal.flush((error) => codes.push(error?.code));
  assert.deepEqual(codes, ["syncFailed", "syncFailed"]);
});

test("a full disk is an error, not a crash", () => {
  const disk = new MemoryDisk({ capacity: 12_000 });
  const wal = openWal(disk, { segmentBytes: 4096 });
  for (let i = 1; i <= 20; i += 1) wal.append(1, ENTRIES, i, new Uint8Array(1000));
  const codes: (string | undefined)[] = [];
  wal.flush((error) => codes.push(error?.code));
  assert.deepEqual(codes, ["noSpace"]);
});

test("a bug in the caller's own code is not taken for a failing disk", () => {
  const wal = openWal(new MemoryDisk());
  assert.throws(
    () =>
      wal.flush(() => {
        throw new RangeError("a bug");
      }),
    RangeError,
  );
});

test("bytes read after a process died between write and sync are made durable by the next opening's first flush", () => {
  const syncs: (() => void)[] = [];
  let delayed = false;
  const disk = new MemoryDisk({ scheduleSync: (_file, run) => (delayed ? syncs.push(run) : run()) });
  const wal = openWal(disk);
  put(wal, "synced");
  delayed = true;
  wal.append(1, ENTRIES, 2, bodyOf("written"));
  wal.flush(() => assert.fail("never acknowledged"));
  disk.killProcess();
  delayed = false;

  const next = reopened(disk);
  next.wal.flush(assert.ifError);
  disk.crash(KEEP_ALL);
  assert.deepEqual(contentsOf(disk), ["1/2@1 synced", "1/2@2 written"]);
});

test("what a failed sync left in the cache only is written again before anybody relies on it", () => {
  const disk = new MemoryDisk();
  const wal = openWal(disk);
  put(wal, "synced");
  disk.failNextSync();
  wal.append(1, ENTRIES, 2, bodyOf("written"));
  wal.flush((error) => assert.equal(error?.code, "syncFailed"));
  disk.killProcess();

  const next = reopened(disk);
  next.wal.flush(assert.ifError);
  disk.crash(LOSE_ALL);
  assert.deepEqual(contentsOf(disk), ["1/2@1 synced", "1/2@2 written"]);
});

test("the marker is written when a log is closed, and every few bytes", () => {
  const disk = new MemoryDisk();
  const wal = openWal(disk);
  put(wal, "x");
  const before = disk.contents(MARKER_NAME).join();
  wal.close(assert.ifError);
  assert.notEqual(disk.contents(MARKER_NAME).join(), before);
  wal.flush((error) => assert.equal(error?.code as string, "closed"));
});
