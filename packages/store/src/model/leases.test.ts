import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreModel } from "./store.ts";
import { bytes, show, showAll, text } from "./testing/text.ts";

const SECOND = 1_000_000;
const BIG = 0x7fff_ffff_ffff_fff1n;

const get = (store: StoreModel, key: string): string => show(store.range({ key: bytes(key) }).kvs[0]);

const attached = (store: StoreModel, id: bigint): string[] => store.leaseTimeToLive(id, true, 0).keys.map(text);

test("a lease is granted at least the minimum, at most nine thousand million seconds, and once", () => {
  const store = new StoreModel();
  assert.deepEqual(store.leaseGrant(1n, 10, 0), { id: 1n, ttl: 10 });
  assert.deepEqual(store.leaseGrant(2n, 0, 0), { id: 2n, ttl: 2 });
  assert.deepEqual(store.leaseGrant(3n, 9_000_000_000, 0), { id: 3n, ttl: 9_000_000_000 });
  assert.throws(() => store.leaseGrant(4n, 9_000_000_001, 0), { message: "etcdserver: too large lease TTL", grpc: 11 });
  assert.throws(() => store.leaseGrant(1n, 5, 0), { message: "etcdserver: lease already exists", grpc: 9 });
  assert.throws(() => store.leaseGrant(0n, 5, 0), { code: "leaseNotFound" });
  assert.equal(store.revision, 1, "leases make no revisions");
});

test("ids use all 63 bits", () => {
  const store = new StoreModel();
  store.leaseGrant(BIG, 10, 0);
  store.leaseGrant(BIG + 1n, 10, 0);
  store.put({ key: bytes("a"), lease: BIG + 1n }, 0);
  assert.equal(get(store, "a"), `a= @2/2 v1 lease ${BIG + 1n}`);
  assert.deepEqual([attached(store, BIG), attached(store, BIG + 1n)], [[], ["a"]]);
});

test("revoking deletes the attached keys, in key order and one revision", () => {
  const store = new StoreModel();
  store.leaseGrant(1n, 10, 0);
  for (const key of ["c", "a", "b"]) store.put({ key: bytes(key), lease: 1n }, 0);
  store.put({ key: bytes("d") }, 0);
  assert.equal(store.leaseRevoke(1n, 0), 6);
  const found = store.eventsSince(6, 10);
  assert(found.type === "events");
  assert.deepEqual(showAll(found.events), ["a deleted @6", "b deleted @6", "c deleted @6"]);
  assert.equal(get(store, "d"), "d= @5/5 v1");
  assert.throws(() => store.leaseRevoke(1n, 0), { message: "etcdserver: requested lease not found", grpc: 5 });
});

test("revoking a lease without keys makes no revision", () => {
  const store = new StoreModel();
  store.leaseGrant(1n, 10, 0);
  assert.equal(store.leaseRevoke(1n, 0), 1);
  assert.equal(store.leaseCount, 0);
});

test("a key belongs to the lease of its last put", () => {
  const store = new StoreModel();
  store.leaseGrant(1n, 10, 0);
  store.leaseGrant(2n, 10, 0);
  const key = bytes("a");
  store.put({ key, lease: 1n }, 0);
  store.put({ key, lease: 2n }, 0);
  assert.deepEqual([attached(store, 1n), attached(store, 2n)], [[], ["a"]]);
  store.put({ key, value: bytes("1"), ignoreLease: true }, 0);
  assert.equal(get(store, "a"), "a=1 @2/4 v3 lease 2");
  store.put({ key }, 0);
  assert.deepEqual(attached(store, 2n), []);
  store.leaseRevoke(2n, 0);
  assert.equal(get(store, "a"), "a= @2/5 v4");
});

test("deleting a key detaches it", () => {
  const store = new StoreModel();
  store.leaseGrant(1n, 10, 0);
  store.put({ key: bytes("a"), lease: 1n }, 0);
  store.deleteRange({ key: bytes("a") }, 0);
  store.put({ key: bytes("a") }, 0);
  store.leaseRevoke(1n, 0);
  assert.equal(get(store, "a"), "a= @4/4 v1");
});

test("time to live counts down; a lease that does not exist has -1", () => {
  const store = new StoreModel();
  store.leaseGrant(1n, 10, 5 * SECOND);
  const ttl = (time: number): number => store.leaseTimeToLive(1n, false, time).ttl;
  assert.deepEqual(
    [5, 5.5, 14.9, 15, 20].map((second) => ttl(second * SECOND)),
    [10, 9, 0, 0, 0],
  );
  assert.deepEqual(store.leaseTimeToLive(2n, true, 0), { id: 2n, ttl: -1, grantedTtl: 0, keys: [] });
});

test("a renewal starts the time anew; one that comes too late is told so", () => {
  const store = new StoreModel();
  store.leaseGrant(1n, 10, 0);
  assert.equal(store.leaseKeepAlive(1n, 9 * SECOND), 10);
  assert.deepEqual(store.expiredLeases(18 * SECOND, 10), []);
  assert.equal(store.leaseKeepAlive(1n, 19 * SECOND), 0, "it expired at 19 s and is about to be revoked");
  assert.deepEqual(store.expiredLeases(19 * SECOND, 10), [1n]);
  assert.equal(store.leaseKeepAlive(7n, 0), 0);
});

test("expired leases are told by expiry, as many as asked for, until they are revoked", () => {
  const store = new StoreModel();
  for (const [id, ttl] of [
    [5n, 30],
    [4n, 10],
    [3n, 20],
    [2n, 10],
    [1n, 90],
  ] as const)
    store.leaseGrant(id, ttl, 0);
  assert.equal(store.nextLeaseExpiry(), 10 * SECOND);
  store.leaseKeepAlive(4n, 5 * SECOND);
  assert.deepEqual(store.expiredLeases(60 * SECOND, 3), [2n, 4n, 3n]);
  assert.deepEqual(store.expiredLeases(60 * SECOND, 10), [2n, 4n, 3n, 5n]);
  store.leaseRevoke(2n, 60 * SECOND);
  assert.equal(store.nextLeaseExpiry(), 15 * SECOND);
  assert.deepEqual(store.leaseLeases(), [4n, 3n, 5n, 1n]);
});

test("a lease revoked and granted anew expires once, at its new time", () => {
  const store = new StoreModel();
  store.leaseGrant(1n, 10, 0);
  store.leaseRevoke(1n, 0);
  store.leaseGrant(1n, 10, 0);
  store.leaseRevoke(1n, 0);
  store.leaseGrant(1n, 30, 0);
  assert.deepEqual(store.expiredLeases(20 * SECOND, 10), []);
  assert.deepEqual(store.expiredLeases(30 * SECOND, 10), [1n]);
  store.leaseRevoke(1n, 0);
  assert.equal(store.nextLeaseExpiry(), undefined);
});

test("cluster time never runs backwards", () => {
  const store = new StoreModel();
  store.put({ key: bytes("a") }, 100 * SECOND);
  store.leaseGrant(1n, 10, 50 * SECOND);
  assert.deepEqual(store.expiredLeases(109 * SECOND, 1), []);
  assert.deepEqual(store.expiredLeases(110 * SECOND, 1), [1n]);
});
