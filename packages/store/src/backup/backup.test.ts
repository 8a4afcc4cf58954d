import assert from "node:assert/strict";
import { test } from "node:test";
import { BoltError } from "@synod/wire/bolt/format";
import type { BoltSource } from "@synod/wire/bolt/reader";
import { type BoltBucket, planBolt, writeBolt } from "@synod/wire/bolt/writer";
import { concat } from "@synod/wire/bytes";
import { encodeUtf8 } from "@synod/wire/utf8";
import fc from "fast-check";
import { createStoreMachine, type StoreMachine } from "../machine.ts";
import { StoreError } from "../model/errors.ts";
import type { StoreModel } from "../model/store.ts";
import { BackupError, summarize } from "./backend-reader.ts";
import { backendBuckets } from "./buckets.ts";
import { hashBuckets, hashRecords } from "./hash.ts";
import { type ImportOptions, importBackend } from "./import.ts";

const bytes = encodeUtf8;
const AS_IT_WAS: ImportOptions = { bumpRevision: 0, markCompacted: false };
const MEMBER = { id: 0xabcdn, name: "n1", peerURLs: ["http://a"], clientURLs: ["http://b"], isLearner: false };
const ORIGIN = { index: 9, term: 2, members: [MEMBER] };
const ALL = { key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0) };

test("everything but members and alarms comes back from the file that was made of it", () => {
  const store = storeWithSomeOfEverything();
  const file = fileOf(store);
  const imported = importBackend(sourceOf(file), AS_IT_WAS);
  const copy = restored(imported);
  const { model } = store.machine;
  assert.deepEqual(imported.members, [0xabcdn]);
  assert.deepEqual([imported.keys, imported.leases, imported.users, imported.roles], [3, 1, 1, 1]);
  assert.equal(copy.machine.model.revision, model.revision);
  assert.equal(copy.machine.model.compactedRevision, model.compactedRevision);
  assert.equal(hashKv(copy.machine.model), hashKv(model));
  assert.deepEqual(copy.machine.model.leaseTimeToLive(77n, true, 0), {
    ...model.leaseTimeToLive(77n, true, 20_000_000),
  });
  assert.deepEqual(copy.areas.auth.users.requireRole("reader"), store.areas.auth.users.requireRole("reader"));
  assert.equal(copy.areas.auth.users.requireUser("mia").passwordHash, "$2a$10$hash");
  assert.equal(copy.areas.auth.users.revision, store.areas.auth.users.revision);
  assert.deepEqual(copy.areas.alarms.alarms.list(), []);
});

test("a raised revision that counts as compacted tells watches of the past that they are", () => {
  const store = storeWithSomeOfEverything();
  const before = store.machine.model.revision;
  const { model } = restored(
    importBackend(sourceOf(fileOf(store)), { bumpRevision: 1000, markCompacted: true }),
  ).machine;
  assert.equal(model.revision, before + 1000);
  const caughtUp = model.eventsSince(before + 1, 10);
  assert.equal(caughtUp.type, "compacted");
  assert.throws(() => model.range({ key: bytes("a"), revision: before }), StoreError);
  while (model.removeCompacted(1000));
  assert.equal(model.range(ALL).count, 3, "what a key holds now stays");
  const again = importBackend(sourceOf(plain(backendBuckets(model.freeze(), store.areas, ORIGIN))), AS_IT_WAS);
  assert.deepEqual(
    [again.revision, again.keys],
    [before + 1000, 3],
    "and so does the raised revision in a further file",
  );
  assert.equal(model.put({ key: bytes("new") }, 0), before + 1001);
});

test("the summary is what etcdctl computes, and Hash covers the same rows", () => {
  const store = storeWithSomeOfEverything();
  const buckets = backendBuckets(store.machine.model.freeze(), store.areas, ORIGIN);
  const summary = summarize(sourceOf(fileOf(store)));
  assert.equal(summary.hash, last(hashBuckets(buckets)));
  assert.equal(summary.revision, store.machine.model.revision);
  assert.equal(summary.size, fileOf(store).length);
});

test("a file of something else is said to be one", () => {
  const other = plain([{ name: bytes("cats"), rows: () => [], lengths: () => [] }]);
  assert.throws(() => importBackend(sourceOf(other), AS_IT_WAS), /not one of etcd/);
  assert.throws(() => importBackend(sourceOf(new Uint8Array(10_000)), AS_IT_WAS), BoltError);
  const strange = [{ key: bytes("no revision"), value: bytes("x") }];
  const lengths = [{ keyLength: 11, valueLength: 1 }];
  const wrong = plain([{ name: bytes("key"), rows: () => strange, lengths: () => lengths }]);
  assert.throws(() => importBackend(sourceOf(wrong), AS_IT_WAS), /no revision/);
  const newer = [{ key: bytes("area/99"), value: bytes("x") }];
  const lengthsOfIt = [{ keyLength: 7, valueLength: 1 }];
  const newest = plain([
    { name: bytes("key"), rows: () => [], lengths: () => [] },
    { name: bytes("synod"), rows: () => newer, lengths: () => lengthsOfIt },
  ]);
  assert.throws(() => importBackend(sourceOf(newest), AS_IT_WAS), /of a newer version/);
});

test("damage anywhere in a file is an error of its own kind, or does not matter", () => {
  const file = fileOf(storeWithSomeOfEverything());
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }), (flips) => {
      const damaged = file.slice();
      for (const [at, byte] of flips) damaged[at] = byte;
      try {
        const imported = importBackend(sourceOf(damaged), AS_IT_WAS);
        for (const _ of imported.chunks());
      } catch (error) {
        assert.ok(error instanceof BoltError || error instanceof BackupError, String(error));
      }
    }),
    { seed: 4, numRuns: 300 },
  );
});

function storeWithSomeOfEverything(): StoreMachine {
  const store = createStoreMachine();
  const { model } = store.machine;
  model.leaseGrant(77n, 100, 0);
  for (let i = 0; i < 300; i += 1) model.put({ key: bytes("often"), value: bytes(`value ${i}`) }, 0);
  const put = (key: string) => ({ type: "put", request: { key: bytes(key), value: bytes(key) } }) as const;
  model.txn({ success: [put("a"), put("b"), put("c")] }, 0);
  model.put({ key: bytes("a"), value: bytes("leased"), lease: 77n }, 0);
  model.compact(250, 0);
  while (model.removeCompacted(1000));
  model.deleteRange({ key: bytes("b") }, 20_000_000);
  store.areas.alarms.alarms.raise(0xabcdn, 1, false);
  const { users } = store.areas.auth;
  users.addRole("reader");
  users.grantPermission("reader", { type: 0, key: bytes("a"), rangeEnd: bytes("b") });
  users.addUser("mia", "$2a$10$hash", false);
  users.grantRole("mia", "reader");
  return store;
}

function fileOf(store: StoreMachine): Uint8Array {
  return plain(backendBuckets(store.machine.model.freeze(), store.areas, ORIGIN));
}

function plain(buckets: readonly BoltBucket[]): Uint8Array {
  return concat([...writeBolt(last(planBolt(buckets)))]);
}

function restored(imported: ReturnType<typeof importBackend>): StoreMachine {
  const copy = createStoreMachine();
  copy.machine.restore(imported.chunks());
  return copy;
}

function hashKv(model: StoreModel): number {
  return last(hashRecords(model.recordsToHash(0)));
}

function sourceOf(file: Uint8Array): BoltSource {
  return { size: file.length, read: (offset, length) => file.subarray(offset, offset + length) };
}

function last<Result>(steps: Generator<unknown, Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
