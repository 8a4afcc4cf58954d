import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryDisk } from "@synod/storage/memory-disk";
import { type KeptVote, VoteFile } from "./vote-file.ts";

const NAME = "vote-1";
const SECTOR = 512;

function write(file: VoteFile, term: number, votedFor: number, recovering = false): void {
  file.write({ term, votedFor, recovering }, (error) => assert.equal(error, undefined));
}

/** What a restarted node finds. */
function found(disk: MemoryDisk): KeptVote | undefined {
  const file = new VoteFile(disk, 1);
  const { kept } = file;
  file.close();
  return kept && { term: kept.term, votedFor: kept.votedFor, recovering: kept.recovering };
}

test("the last vote is found again; a new file holds none", () => {
  const disk = new MemoryDisk();
  assert.equal(found(disk), undefined);
  const file = new VoteFile(disk, 1);
  write(file, 1, 2);
  write(file, 2, 0);
  write(file, 2 ** 40, 65535, true);
  file.close();
  assert.deepEqual(found(disk), { term: 2 ** 40, votedFor: 65535, recovering: true });
});

test("a write torn by a crash leaves the vote before it, or the new one, never a mixture", () => {
  for (let kept = 0; kept < 3; kept++) {
    const disk = new MemoryDisk({ scheduleSync: (_file, run) => void syncs.push(run) });
    const syncs: (() => void)[] = [];
    const file = new VoteFile(disk, 1);
    for (const term of [7, 8]) {
      write(file, term, 1);
      for (const run of syncs.splice(0)) run();
    }
    write(file, 9, 2);
    disk.crash({ below: (bound) => Math.min(kept, bound - 1) });
    const vote = found(disk);
    assert.ok(vote?.term === 8 || (vote?.term === 9 && vote.votedFor === 2), JSON.stringify(vote));
  }
});

test("one damaged slot: the other one counts; both: no vote is known", () => {
  const disk = new MemoryDisk();
  const file = new VoteFile(disk, 1);
  write(file, 3, 1); // in the second slot
  write(file, 4, 2); // in the first
  file.close();
  disk.flipBit(NAME, 13, 2);
  assert.deepEqual(found(disk), { term: 3, votedFor: 1, recovering: false });
  disk.flipBit(NAME, SECTOR + 24, 0);
  assert.equal(found(disk), undefined);
});

test("writing goes on in the slot that does not hold the newest vote", () => {
  const disk = new MemoryDisk();
  for (let term = 1; term <= 6; term++) {
    const file = new VoteFile(disk, 1);
    write(file, term, 1);
    file.close();
    const before = disk.contents(NAME);
    disk.damage(NAME, (term % 2) * SECTOR, new Uint8Array(SECTOR / 8));
    assert.equal(found(disk)?.term, term === 1 ? undefined : term - 1, "the one before was not overwritten");
    disk.damage(NAME, 0, before);
    assert.equal(found(disk)?.term, term);
  }
});

test("a failed sync is reported", () => {
  const disk = new MemoryDisk();
  const file = new VoteFile(disk, 1);
  disk.failNextSync();
  file.write({ term: 1, votedFor: 1, recovering: false }, (error) => assert.equal(error?.code, "syncFailed"));
});
