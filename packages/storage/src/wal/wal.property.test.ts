import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MemoryDisk } from "../memory-disk.ts";
import type { Wal } from "./wal.ts";
import { bodyOf, openWal, readWal } from "./wal-testing.ts";

/** Small, fast, seeded: crash outcomes and damage are drawn from it, so every failure replays from its seed. */
function randomFrom(seed: number): { below(n: number): number } {
  let state = seed | 1;
  return {
    below(n) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) % n;
    },
  };
}

/** One node's disk, its log, and what was asked of it. */
class World {
  readonly random: { below(n: number): number };
  readonly syncs: (() => void)[] = [];
  readonly disk = new MemoryDisk({ scheduleSync: (_file, run) => this.syncs.push(run) });
  /** Every record ever appended that may be in the log: its line, its group and index. */
  history: { line: string; group: number; index: number }[] = [];
  /** So many of them were acknowledged. */
  durable = 0;
  /** Sticky records: each with its place among the others. A later one of a group has a higher version. */
  votes: { group: number; version: number; position: number }[] = [];
  /** So high a version was acknowledged, by group. */
  readonly durableVotes = [0, 0, 0, 0];
  #versions = 0;
  readonly released = [0, 0, 0, 0];
  readonly indexes = [0, 0, 0, 0];
  wal: Wal;

  constructor(seed: number) {
    this.random = randomFrom(seed);
    this.wal = this.open();
  }

  open(): Wal {
    return openWal(this.disk, { segmentBytes: 2048, zeroAheadBytes: 512, markEveryBytes: 1500 });
  }

  append(): void {
    const group = 1 + this.random.below(3);
    const index = ++this.indexes[group]!;
    const text = `${index}:`.repeat(1 + this.random.below(this.random.below(20) === 0 ? 900 : 60));
    this.wal.append(group, 2, index, bodyOf(text));
    this.history.push({ line: `${group}/2@${index} ${text}`, group, index });
  }

  vote(): void {
    const group = 1 + this.random.below(3);
    const version = ++this.#versions;
    this.wal.appendSticky(group, 1, 0, bodyOf(String(version)));
    this.votes.push({ group, version, position: this.history.length });
  }

  flush(): void {
    const covered = this.history.length;
    const votes = [0, 1, 2, 3].map((group) => this.votes.findLast((vote) => vote.group === group)?.version ?? 0);
    const history = this.history;
    this.wal.flush((error) => {
      assert.ifError(error);
      assert.equal(history, this.history, "no flush ends after the crash of its process");
      this.durable = Math.max(this.durable, covered);
      for (const group of [1, 2, 3]) this.durableVotes[group] = Math.max(this.durableVotes[group]!, votes[group]!);
    });
  }

  release(): void {
    const group = 1 + this.random.below(3);
    const durableIndexes = this.history.slice(0, this.durable).filter((record) => record.group === group);
    const last = durableIndexes.at(-1)?.index ?? 0;
    this.released[group] = Math.max(this.released[group]!, last - this.random.below(5));
    this.wal.release(group, this.released[group]!);
  }

  runOneSync(): void {
    const [run] = this.syncs.splice(this.random.below(this.syncs.length), 1);
    run?.();
  }

  /** The log after a crash is what was appended, from something not needed any more to something not acknowledged. */
  crashAndCheck(): void {
    if (this.random.below(3) === 0) this.disk.killProcess();
    else this.disk.crash(this.random);
    this.syncs.length = 0;
    const { lines: all, outcome } = readWal(this.disk);
    assert.equal(outcome.type, "recovered", outcome.type === "corrupt" ? outcome.message : "");
    const lines = all.filter((line) => !line.includes("/1@"));
    const first = lines.length === 0 ? this.history.length : this.history.findIndex(({ line }) => line === lines[0]);
    const start = lines.length === 0 ? this.durable : first;
    const found = this.history.slice(start, start + lines.length);
    assert.deepEqual(
      lines,
      found.map(({ line }) => line),
    );
    assert.ok(start + lines.length >= this.durable, "an acknowledged record is missing at the end");
    for (const { group, index } of this.history.slice(0, start)) {
      assert.ok(index <= this.released[group]!, `entry ${index} of group ${group} is needed and missing`);
    }
    const sticky = all.filter((line) => line.includes("/1@"));
    this.checkVotes(sticky, lines.length === 0 ? undefined : start + lines.length);
    // Released records may come back after another crash, if their removal did not last: they stay in the history.
    this.history = this.history.slice(0, start + lines.length);
    for (const group of [1, 2, 3]) {
      const last = this.history.findLast((record) => record.group === group);
      this.indexes[group] = Math.max(last?.index ?? 0, this.released[group]!);
    }
    this.wal = this.open();
    this.durable = 0;
    this.durableVotes.fill(0);
    this.flush(); // what was read counts only once this has ended
  }

  /** @param end what was recovered of the other records ends here; undefined where none says how far the log goes */
  checkVotes(lines: string[], end: number | undefined): void {
    for (const group of [1, 2, 3]) {
      const versions = lines.filter((line) => line.startsWith(`${group}/`)).map((line) => Number(line.split(" ")[1]));
      assert.ok(
        versions.every((version, i) => i === 0 || version > versions[i - 1]!),
        "each vote is read once, in order",
      );
      const read = versions.at(-1) ?? 0;
      const own = this.votes.filter((vote) => vote.group === group);
      const before = own.findLast(({ position }) => end !== undefined && position < end)?.version ?? 0;
      const atMost = own.findLast(({ position }) => end === undefined || position <= end)?.version ?? 0;
      assert.ok(read >= Math.max(this.durableVotes[group]!, before), `vote ${read} of group ${group} is an old one`);
      assert.ok(read <= atMost, `vote ${read} of group ${group} is from after the end`);
      this.votes = this.votes.filter((vote) => vote.group !== group || vote.version <= read);
    }
    for (const vote of this.votes) vote.position = Math.min(vote.position, end ?? vote.position);
  }
}

test("whatever is appended, flushed, released and crashed: the log holds what was acknowledged, in order, and nothing else", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 31 }), (seed) => {
      const world = new World(seed);
      for (let step = 0; step < 250; step += 1) {
        const choice = world.random.below(100);
        if (choice < 40) world.append();
        else if (choice < 45) world.vote();
        else if (choice < 60) world.flush();
        else if (choice < 92) world.runOneSync();
        else if (choice < 98) world.release();
        else world.crashAndCheck();
      }
      while (world.syncs.length > 0) world.runOneSync();
      world.crashAndCheck();
    }),
    { seed: 1, numRuns: 150 },
  );
});

/** A log of several segments, some of them recycled; returns its lines, and how many of them its last batch holds. */
function finishedLog(random: { below(n: number): number }, close: boolean): { disk: MemoryDisk; lines: string[] } {
  const disk = new MemoryDisk();
  const wal = openWal(disk, { segmentBytes: 2048, zeroAheadBytes: 256, maxSpares: 2 });
  for (let i = 1; i <= 30; i += 1) {
    wal.append(1, 2, i, bodyOf(`${i}:`.repeat(1 + random.below(90))));
    if (i % 2 === 0) wal.flush(assert.ifError);
    if (i % 6 === 0) wal.release(1, i - 5);
  }
  if (close) wal.close(assert.ifError);
  return { disk, lines: readWal(disk).lines };
}

test("a flipped bit anywhere is reported or changes nothing; no wrong record is ever read", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 31 }), fc.boolean(), (seed, close) => {
      const random = randomFrom(seed);
      const { disk, lines } = finishedLog(random, close);
      const name = disk.list()[random.below(disk.list().length)]!;
      disk.flipBit(name, random.below(disk.contents(name).length), random.below(8));
      const after = readWal(disk);
      assert.deepEqual(after.lines, lines.slice(0, after.lines.length));
      const lost = lines.length - after.lines.length;
      if (after.outcome.type === "recovered") assert.ok(lost === 0 || (!close && lost <= 2), `lost ${lost} silently`);
    }),
    { seed: 2, numRuns: 400 },
  );
});

test("a file cut anywhere is reported or changes nothing", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 31 }), (seed) => {
      const random = randomFrom(seed);
      const { disk, lines } = finishedLog(random, true);
      const name = disk.list()[random.below(disk.list().length)]!;
      disk.open(name, false).truncate(random.below(disk.contents(name).length));
      const after = readWal(disk);
      assert.deepEqual(after.lines, lines.slice(0, after.lines.length));
      if (after.outcome.type === "recovered") assert.equal(after.lines.length, lines.length);
    }),
    { seed: 3, numRuns: 150 },
  );
});
