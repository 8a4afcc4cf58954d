import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { RaftRecord } from "@synod/protocols/raft/types";
import { Random } from "@synod/protocols/random";
import { LightDisk, type NodeDisk } from "./disk.ts";
import { FullDisk } from "./full-disk.ts";
import { RaftEngine } from "./raft-engine.ts";

const engine = new RaftEngine();
const DISKS: [string, () => NodeDisk<RaftRecord>][] = [
  ["light", () => new LightDisk(engine)],
  ["full", () => new FullDisk(1, engine, engine.codec)],
];

const DAMAGED = engine.damageRecord;

function vote(term: number): RaftRecord {
  return { type: "vote", term, votedFor: 1 };
}

function entry(index: number): RaftRecord {
  const entries = {
    first: index,
    terms: [1],
    kinds: [0 as const],
    payloads: [Uint8Array.of(index)],
    encoded: undefined,
  };
  return { type: "entries", entries };
}

function snapshot(lastIncludedIndex: number): RaftRecord {
  const configuration = { voters: [1], outgoing: [], learners: [] };
  return {
    type: "snapshot",
    snapshot: { lastIncludedIndex, lastIncludedTerm: 1, configuration, size: 0, checksum: 0 },
  };
}

function started(make: () => NodeDisk<RaftRecord>, records: readonly RaftRecord[] = []): NodeDisk<RaftRecord> {
  const disk = make();
  disk.recover(() => true, DAMAGED);
  for (const record of records) disk.persist(record);
  if (records.length > 0) sync(disk);
  return disk;
}

function sync(disk: NodeDisk<RaftRecord>): void {
  disk.beginSync();
  assert.equal(disk.endSync(), true);
}

const kinds = (records: readonly RaftRecord[]): string[] =>
  records.map((record) => (record.type === "entries" ? `e${record.entries.first}` : record.type));

for (const [name, make] of DISKS) {
  describe(`the ${name} disk`, () => {
    test("keeps what was synced through a crash, and in order", () => {
      const disk = started(make, [vote(1), entry(1), entry(2)]);
      disk.crash(new Random(1));
      const { records, damaged } = disk.recover(() => true, DAMAGED);
      assert.deepEqual(kinds(records), ["vote", "e1", "e2"]);
      assert.equal(damaged, false);
    });

    test("of what was not synced, a crash takes a part from the end", () => {
      const left = new Set<number>();
      for (let seed = 1; seed <= 40; seed++) {
        const disk = started(make, [entry(1)]);
        for (let index = 2; index <= 5; index++) disk.persist(entry(index));
        disk.beginSync(); // under way when the power goes
        disk.crash(new Random(seed));
        const { records, damaged } = disk.recover(() => true, DAMAGED);
        assert.equal(damaged, false);
        assert.deepEqual(kinds(records), ["e1", "e2", "e3", "e4", "e5"].slice(0, records.length));
        assert.ok(records.length >= 1);
        left.add(records.length);
      }
      assert.ok(left.size >= 2, [...left].join());
    });

    test("a failed sync is reported, and makes nothing durable", () => {
      const disk = started(make, [entry(1)]);
      disk.persist(entry(2));
      disk.failNextSync();
      disk.beginSync();
      assert.equal(disk.endSync(), false);
      assert.equal(disk.durable, 1);
    });

    test("harm is noticed at the next start, and the latest vote has a second copy", () => {
      let noticed = 0;
      for (let seed = 1; seed <= 20; seed++) {
        const disk = started(make, [vote(3), ...Array.from({ length: 20 }, (_, i) => entry(i + 1))]);
        disk.crash(new Random(seed));
        disk.recover(() => true, DAMAGED);
        disk.persist(entry(21));
        sync(disk);
        disk.crash(new Random(seed));
        if (!disk.harm("bitFlip", new Random(seed))) continue;
        const { records, damaged } = disk.recover(() => true, DAMAGED);
        noticed += damaged ? 1 : 0;
        assert.ok(records.some((record) => record.type === "vote" && record.term === 3));
        assert.ok(!damaged || records.includes(DAMAGED));
        assert.equal(disk.recover(() => true, DAMAGED).damaged, false, "what is left is sound");
      }
      assert.ok(noticed > 0);
    });

    test("after the loss of the whole disk nothing is left", () => {
      const disk = started(make, [vote(3), entry(1)]);
      disk.crash(new Random(1));
      disk.harm("amnesia", new Random(1));
      const left = disk.recover(() => true, DAMAGED).records;
      assert.deepEqual(
        left.filter((record) => record !== DAMAGED),
        [],
      );
    });
  });
}

test("entries that a durable snapshot covers are dropped from the head, votes are not", () => {
  const disk = started(() => new LightDisk(engine), [vote(1)]);
  for (let index = 1; index <= 300; index++) disk.persist(entry(index));
  disk.persist(snapshot(290));
  sync(disk);
  const left = kinds(disk.recover(() => true, DAMAGED).records);
  assert.deepEqual(left, ["vote", ...Array.from({ length: 10 }, (_, i) => `e${291 + i}`), "snapshot"]);
  assert.equal(disk.written, 302);
});
