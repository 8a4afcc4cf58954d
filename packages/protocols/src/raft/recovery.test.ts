import assert from "node:assert/strict";
import { test } from "node:test";
import { recover } from "./recovery.ts";
import { type Entries, EntryKind, type RaftRecord, type SnapshotMeta } from "./types.ts";

const configuration = { voters: [1, 2, 3], outgoing: [], learners: [] };

function entries(first: number, terms: readonly number[]): RaftRecord {
  const run: Entries = {
    first,
    terms,
    kinds: terms.map(() => EntryKind.command),
    payloads: terms.map(() => new Uint8Array(1)),
    encoded: undefined,
  };
  return { type: "entries", entries: run };
}

function snapshotAt(lastIncludedIndex: number, lastIncludedTerm: number): RaftRecord {
  const snapshot: SnapshotMeta = { lastIncludedIndex, lastIncludedTerm, configuration, size: 1, checksum: 0 };
  return { type: "snapshot", snapshot };
}

function terms(records: RaftRecord[]): (number | undefined)[] {
  const { log } = recover(records);
  return Array.from({ length: log.lastIndex - log.baseIndex }, (_, i) => log.termAt(log.firstIndex + i));
}

test("the last vote of the latest term counts, and an older copy changes nothing", () => {
  const recovered = recover([
    { type: "vote", term: 3, votedFor: 0 },
    { type: "vote", term: 3, votedFor: 2 },
    { type: "vote", term: 2, votedFor: 1 },
  ]);
  assert.deepEqual([recovered.currentTerm, recovered.votedFor], [3, 2]);
});

test("entries appended at an earlier place replace what was there", () => {
  assert.deepEqual(terms([entries(1, [1, 1, 1]), entries(3, [2, 2])]), [1, 1, 2, 2]);
  assert.deepEqual(terms([entries(1, [1, 1, 1]), entries(2, [2])]), [1, 2]);
});

test("a snapshot within the log keeps what follows it", () => {
  const records = [entries(1, [1, 1, 1, 2]), snapshotAt(2, 1)];
  assert.deepEqual(terms(records), [1, 2]);
  assert.equal(recover(records).log.firstIndex, 3);
});

test("a snapshot that the log does not reach, or contradicts, takes its place", () => {
  assert.deepEqual(terms([entries(1, [1, 1]), snapshotAt(7, 3)]), []);
  assert.deepEqual(terms([entries(1, [1, 1, 1]), snapshotAt(2, 2)]), []);
});

test("where earlier segments are freed, the log begins behind the snapshot that allowed it", () => {
  const records = [snapshotAt(4, 1), entries(9, [2, 2, 2]), snapshotAt(10, 2), entries(12, [3])];
  const { log, snapshot } = recover(records);
  assert.deepEqual([log.baseIndex, log.lastIndex, log.lastTerm], [10, 12, 3]);
  assert.equal(snapshot?.lastIncludedIndex, 10);
});

test("a segment may begin right behind the snapshot that freed its predecessors, before that snapshot's record", () => {
  const records = [entries(201, [8]), entries(202, [8]), snapshotAt(200, 8), entries(203, [9])];
  assert.deepEqual(terms(records), [8, 8, 9]);
  assert.equal(recover(records).log.baseTerm, 8);
});

test("entries that a snapshot covers already are skipped", () => {
  assert.deepEqual(terms([snapshotAt(5, 1), entries(3, [1, 1, 1, 2, 2])]), [2, 2]);
});

test("a member that was found damaged stays so until it is whole", () => {
  const damaged: RaftRecord = { type: "recovery", recovering: true };
  assert.equal(recover([damaged, entries(1, [1])]).recovering, true);
  assert.equal(recover([damaged, { type: "recovery", recovering: false }]).recovering, false);
});
