import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32c } from "@synod/wire/crc32c";
import fc from "fast-check";
import { MemoryDisk } from "../memory-disk.ts";
import { CHUNK_BYTES, snapshotName } from "./format.ts";
import { type Announced, SnapshotStore } from "./store.ts";
import { SnapshotError, type SnapshotId, type SnapshotInfo } from "./types.ts";

const CLUSTER = { clusterId: 7n };
const METADATA = Uint8Array.of(1, 2, 3);
const LOSE_ALL = { below: () => 0 };

function id(index: number, group = 1, term = 4): SnapshotId {
  return { group, index, term };
}

/** A state that tells its own place: no two chunks are alike. */
function stateOf(size: number, salt = 0): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (i * 7 + (i >> 8) * 13 + (i >> 16) * 29 + salt) & 255);
}

function take(store: SnapshotStore, snapshot: SnapshotId, state: Uint8Array, piece = 10_000): SnapshotInfo {
  const writer = store.begin(snapshot, METADATA);
  for (let at = 0; at < state.length; at += piece) writer.write(state.subarray(at, at + piece));
  let result: SnapshotInfo | undefined;
  writer.finish((error, info) => {
    assert.ifError(error);
    result = info;
  });
  return result!;
}

function restore(store: SnapshotStore, snapshot: SnapshotId): Uint8Array {
  return Uint8Array.from([...store.chunks(snapshot)!].flatMap((chunk) => [...chunk]));
}

test("a snapshot is read back whole after a restart, with what its owner said of it", () => {
  for (const size of [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES + 5]) {
    const disk = new MemoryDisk();
    const state = stateOf(size);
    const info = take(new SnapshotStore(disk, CLUSTER), id(10), state);
    assert.deepEqual(info, { ...id(10), size, checksum: crc32c(state), metadata: METADATA });
    disk.crash(LOSE_ALL);
    const store = new SnapshotStore(disk, CLUSTER);
    assert.deepEqual(store.list(1), [info]);
    assert.deepEqual(restore(store, id(10)), state);
  }
});

test("any part can be read, wherever it lies, and no more than there is", () => {
  const store = new SnapshotStore(new MemoryDisk(), CLUSTER);
  const state = stateOf(3 * CHUNK_BYTES + 77);
  take(store, id(10), state);
  fc.assert(
    fc.property(fc.nat(state.length + 100), fc.nat(2 * CHUNK_BYTES + 100), (offset, length) => {
      assert.deepEqual(store.read(id(10), offset, length), state.slice(offset, offset + length));
    }),
    { seed: 1, numRuns: 100 },
  );
});

test("the newest two of each group are kept, newest first", () => {
  const disk = new MemoryDisk();
  const store = new SnapshotStore(disk, CLUSTER);
  for (const index of [10, 20, 30]) take(store, id(index), stateOf(100, index));
  take(store, id(5, 2), stateOf(100));
  assert.deepEqual(
    store.list(1).map(({ index }) => index),
    [30, 20],
  );
  assert.deepEqual(disk.list(), [id(20), id(30), id(5, 2)].map(snapshotName));
  assert.equal(store.read(id(10), 0, 1), undefined);
  assert.equal(store.chunks(id(10)), undefined);
});

test("a snapshot that a peer is fetching can be read to its end although newer ones have replaced it", () => {
  const disk = new MemoryDisk();
  const store = new SnapshotStore(disk, CLUSTER);
  const state = stateOf(3 * CHUNK_BYTES);
  take(store, id(10), state);
  assert.deepEqual(store.read(id(10), 0, 1000), state.slice(0, 1000));
  for (const index of [20, 30]) take(store, id(index), stateOf(100));
  assert.ok(!disk.list().includes(snapshotName(id(10))));
  assert.deepEqual(store.read(id(10), 1000, 2 * CHUNK_BYTES), state.slice(1000, 1000 + 2 * CHUNK_BYTES));
  assert.deepEqual(store.read(id(10), 1000 + 2 * CHUNK_BYTES, state.length), state.slice(1000 + 2 * CHUNK_BYTES));
  assert.equal(store.read(id(10), 0, 1), undefined, "read to its end, it is gone");
});

test("an unfinished snapshot leaves nothing: given up, replaced by another, or cut short by a crash", () => {
  const disk = new MemoryDisk();
  const store = new SnapshotStore(disk, CLUSTER);
  const first = store.begin(id(10), METADATA);
  first.write(stateOf(100));
  const second = store.begin(id(20), METADATA);
  assert.throws(() => first.write(stateOf(1)), { code: "aborted" });
  second.abort();
  assert.deepEqual(disk.list(), []);

  store.begin(id(30), METADATA).write(stateOf(200_000));
  disk.syncDirectory();
  disk.crash({ below: (n) => n - 1 });
  assert.equal(disk.list().length, 1);
  const after = new SnapshotStore(disk, CLUSTER);
  assert.deepEqual(disk.list(), []);
  assert.deepEqual(after.list(1), []);
});

test("a damaged snapshot is reported and skipped, or found out when it is read; the older one is still there", () => {
  const disk = new MemoryDisk();
  const state = stateOf(2 * CHUNK_BYTES);
  const writer = new SnapshotStore(disk, CLUSTER);
  take(writer, id(10), state);
  take(writer, id(20), state);
  const name = snapshotName(id(20));

  disk.flipBit(name, 67 + CHUNK_BYTES + 500, 1);
  const store = new SnapshotStore(disk, CLUSTER);
  assert.equal(store.list(1)[0]!.index, 20);
  assert.throws(() => restore(store, id(20)), { code: "damaged", message: /chunk 1|chunk 0/ });
  assert.throws(() => store.read(id(20), CHUNK_BYTES, 1000), SnapshotError);
  store.discard(id(20));
  assert.deepEqual(restore(store, store.list(1)[0]!), state);

  take(store, id(20), state);
  disk.open(name, false).truncate(1000);
  const later = new SnapshotStore(disk, CLUSTER);
  assert.deepEqual(
    later.list(1).map(({ index }) => index),
    [10],
  );
  assert.deepEqual(
    later.damaged.map((damaged) => damaged.name),
    [name],
  );
  assert.match(later.damaged[0]!.reason, /cut off/);
});

test("a flipped bit anywhere never yields a wrong state", () => {
  const state = stateOf(CHUNK_BYTES + 300);
  fc.assert(
    fc.property(fc.nat(), fc.nat(7), (place, bit) => {
      const disk = new MemoryDisk();
      take(new SnapshotStore(disk, CLUSTER), id(10), state);
      const name = snapshotName(id(10));
      disk.flipBit(name, place % disk.contents(name).length, bit);
      const store = new SnapshotStore(disk, CLUSTER);
      if (store.damaged.length > 0) return;
      assert.throws(() => restore(store, id(10)), { code: "damaged" });
    }),
    { seed: 2, numRuns: 60 },
  );
});

/** What a leader says of a state that it sends. */
function announce(state: Uint8Array): Announced {
  return { size: state.length, checksum: crc32c(state), metadata: METADATA };
}

test("a transfer goes on where it was, whatever is lost, repeated or out of order in between", () => {
  const store = new SnapshotStore(new MemoryDisk(), CLUSTER);
  const state = stateOf(150_000);
  const announced = announce(state);
  const send = (offset: number, length: number): number =>
    store.receive(id(10), announced, offset, state.subarray(offset, offset + length));
  assert.equal(send(50_000, 100), 0, "it begins at the beginning");
  assert.equal(send(0, 60_000), 60_000);
  assert.equal(send(70_000, 10), 60_000, "a piece was lost");
  assert.equal(send(10_000, 10), 60_000, "one came twice");
  assert.equal(store.receivedUpTo(id(10)), 60_000);
  assert.equal(send(60_000, 90_000), 150_000);
  store.finishReceive(id(10), (error, info) => {
    assert.ifError(error);
    assert.deepEqual(info, { ...id(10), ...announced });
  });
  assert.deepEqual(restore(store, id(10)), state);
  assert.equal(send(0, 10), 150_000, "it is here already");
});

test("another snapshot takes the place of the one being received; what was not announced is refused", () => {
  const disk = new MemoryDisk();
  const store = new SnapshotStore(disk, CLUSTER);
  const [one, two] = [stateOf(1000, 1), stateOf(1000, 2)];
  assert.equal(store.receive(id(10), announce(one), 0, one.subarray(0, 500)), 500);
  assert.equal(store.receive(id(20), announce(two), 0, two), 1000);
  assert.equal(store.receivedUpTo(id(10)), 0);
  assert.equal(store.receive(id(20), announce(two), 1000, two), 1000, "no byte beyond the announced size");
  store.finishReceive(id(20), assert.ifError);
  assert.deepEqual(restore(store, id(20)), two);

  const wrong = { ...announce(one), checksum: 5 };
  store.receive(id(30), wrong, 0, one);
  const codes: (string | undefined)[] = [];
  store.finishReceive(id(30), (error) => codes.push(error?.code));
  store.finishReceive(id(30), (error) => codes.push(error?.code));
  assert.deepEqual(codes, ["checksumMismatch", "aborted"]);
  assert.deepEqual(disk.list(), [snapshotName(id(20))]);
});

test("a failing disk fails the snapshot, and gives its space back", () => {
  const disk = new MemoryDisk({ capacity: 3 * CHUNK_BYTES });
  const store = new SnapshotStore(disk, CLUSTER);
  const writer = store.begin(id(10), METADATA);
  assert.throws(() => writer.write(stateOf(4 * CHUNK_BYTES)), { code: "noSpace" });
  writer.abort();
  assert.equal(disk.bytesUsed, 0);

  disk.failNextSync();
  const codes: (string | undefined)[] = [];
  const second = store.begin(id(10), METADATA);
  second.write(stateOf(100));
  second.finish((error) => codes.push(error?.code));
  assert.deepEqual(codes, ["syncFailed"]);
  assert.equal(disk.bytesUsed, 0);
  assert.deepEqual(store.list(1), []);
});

test("a large snapshot is synced as it grows; the writer says when to wait, and an early failure is not forgotten", () => {
  const syncs: (() => void)[] = [];
  const disk = new MemoryDisk({ scheduleSync: (_file, run) => syncs.push(run) });
  const store = new SnapshotStore(disk, CLUSTER);
  const writer = store.begin(id(10), METADATA);
  writer.write(new Uint8Array(5 << 20));
  assert.equal(writer.isReady, false);
  const codes: (string | undefined)[] = [];
  writer.finish((error) => codes.push(error?.code));
  assert.equal(syncs.length, 1, "the last sync waits for the early one");
  disk.failNextSync();
  while (syncs.length > 0) syncs.shift()!();
  assert.deepEqual(codes, ["syncFailed"]);
});

test("chunks that changed places are noticed, and so is a sum that does not fit", () => {
  const disk = new MemoryDisk();
  const state = stateOf(2 * CHUNK_BYTES);
  take(new SnapshotStore(disk, CLUSTER), id(10), state);
  const file = disk.open(snapshotName(id(10)), false);
  const body = 64 + METADATA.length;
  const [first, second] = [file.read(body, CHUNK_BYTES), file.read(body + CHUNK_BYTES, CHUNK_BYTES)];
  file.write(body, second);
  file.write(body + CHUNK_BYTES, first);
  assert.throws(() => restore(new SnapshotStore(disk, CLUSTER), id(10)), { message: /chunk 0 is damaged/ });
  file.write(body, state);
  assert.deepEqual(restore(new SnapshotStore(disk, CLUSTER), id(10)), state);
  file.write(body + 2 * CHUNK_BYTES + 4, Uint8Array.of(0));
  assert.throws(() => restore(new SnapshotStore(disk, CLUSTER), id(10)), { message: /its checksums are damaged/ });
});

test("another format is refused by its number", () => {
  const disk = new MemoryDisk();
  take(new SnapshotStore(disk, CLUSTER), id(10), stateOf(10));
  const file = disk.open(snapshotName(id(10)), false);
  const head = file.read(0, 64 + METADATA.length);
  head[8] = 1;
  const sum = crc32c(head.subarray(64), crc32c(head.subarray(0, 60)));
  new DataView(head.buffer).setUint32(60, sum, true);
  file.write(0, head);
  assert.throws(() => new SnapshotStore(disk, CLUSTER), { code: "otherVersion", message: /has format 1, not 2/ });
});

test("another cluster's snapshot is refused by name", () => {
  const disk = new MemoryDisk();
  take(new SnapshotStore(disk, CLUSTER), id(10), stateOf(10));
  assert.throws(() => new SnapshotStore(disk, { clusterId: 8n }), { code: "otherCluster", message: /cluster 7/ });
});

test("a group that is gone leaves no file", () => {
  const disk = new MemoryDisk();
  const store = new SnapshotStore(disk, CLUSTER);
  take(store, id(10), stateOf(10));
  take(store, id(10, 2), stateOf(10));
  store.begin(id(20), METADATA).write(stateOf(10));
  store.receive(id(30), announce(stateOf(10)), 0, stateOf(5));
  store.forget(1);
  assert.deepEqual(disk.list(), [snapshotName(id(10, 2))]);
  store.close();
});
