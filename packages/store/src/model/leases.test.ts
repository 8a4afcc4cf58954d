import assert from "node:assert/strict";
import { test } from "node:test";
import { BY_LOG } from "./leases.ts";
import { StoreModel } from "./store.ts";
import { bytes, show, showAll, text } from "./testing/text.ts";

const SECOND = 1_000_000;
const TERM = 3;
const BIG = 0x7fff_ffff_ffff_fff1n;

const get = (store: StoreModel, key: string): string => show(store.range({ key: bytes(key) }).kvs[0]);

const ended = (store: StoreModel, time: number, limit = 10): bigint[] =>
  store.expiredLeases(time, limit).map(({ id }) => id);

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
  assert.deepEqual(ended(store, 18 * SECOND), []);
  assert.equal(store.leaseKeepAlive(1n, 24 * SECOND), 0, "its bound was at 24 s, and it is about to be revoked");
  assert.deepEqual(ended(store, 24 * SECOND), [1n]);
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
  assert.deepEqual(ended(store, 10 * SECOND - 1), []);
  store.leaseKeepAlive(4n, 5 * SECOND);
  assert.deepEqual(ended(store, 60 * SECOND, 3), [2n, 4n, 3n]);
  assert.deepEqual(ended(store, 60 * SECOND), [2n, 4n, 3n, 5n]);
  store.leaseRevoke(2n, 60 * SECOND);
  assert.deepEqual(ended(store, 15 * SECOND), [4n]);
  assert.deepEqual(store.leaseLeases(), [4n, 3n, 5n, 1n]);
});

test("a lease revoked and granted anew expires once, at its new time", () => {
  const store = new StoreModel();
  store.leaseGrant(1n, 10, 0);
  store.leaseRevoke(1n, 0);
  store.leaseGrant(1n, 10, 0);
  store.leaseRevoke(1n, 0);
  store.leaseGrant(1n, 30, 0);
  assert.deepEqual(ended(store, 20 * SECOND), []);
  assert.deepEqual(ended(store, 30 * SECOND), [1n]);
  store.leaseRevoke(1n, 0);
  assert.deepEqual(ended(store, 99 * SECOND), []);
});

test("cluster time never runs backwards", () => {
  const store = new StoreModel();
  store.put({ key: bytes("a") }, 100 * SECOND);
  store.leaseGrant(1n, 10, 50 * SECOND);
  assert.deepEqual(ended(store, 109 * SECOND), []);
  assert.deepEqual(ended(store, 110 * SECOND), [1n]);
});

test("the leader renews a lease that was renewed before by itself, up to half a time beyond what the log says", () => {
  const store = new StoreModel();
  store.leaseGrant(1n, 10, 0, 0, TERM);
  assert.equal(store.leaseKeep(1n, 0, TERM), 10, "nothing more than what the grant has promised");
  assert.equal(store.leaseKeep(1n, 1, TERM), BY_LOG, "the first renewal is for the log");
  store.leaseKeepAlive(1n, 2 * SECOND, TERM);
  const hash = store.hash();
  for (const second of [3, 5, 7]) assert.equal(store.leaseKeep(1n, second * SECOND, TERM), 10);
  assert.equal(store.leaseKeep(1n, 7 * SECOND + 1, TERM), BY_LOG);
  assert.equal(store.leaseTimeToLive(1n, false, 10 * SECOND, TERM).ttl, 7);
  assert.deepEqual(ended(store, 17 * SECOND - 1), []);
  assert.deepEqual(ended(store, 17 * SECOND), [1n]);
  assert.equal(store.leaseKeep(1n, 17 * SECOND, TERM), 0, "it has ended");
  assert.equal(store.leaseKeep(404n, 0, TERM), 0);
  assert.equal(store.hash(), hash, "no replica but the leader knows of it");
});

test("the next leader takes it that all was promised that could be; what the first one knew counts no more", () => {
  const store = new StoreModel();
  store.leaseGrant(1n, 10, 0, 0, TERM);
  store.leaseGrant(2n, 10, 0, 0, TERM);
  store.leaseKeepAlive(1n, 2 * SECOND, TERM);
  store.leaseKeep(1n, 3 * SECOND, TERM);
  const ended = (second: number): bigint[] => store.expiredLeases(second * SECOND, 9, TERM + 1).map(({ id }) => id);
  assert.deepEqual(ended(10), [2n], "never renewed: it keeps its time exactly");
  assert.equal(store.leaseTimeToLive(1n, false, 5 * SECOND, TERM + 1).ttl, 10, "never more than it was granted");
  assert.equal(store.leaseTimeToLive(1n, false, 15 * SECOND, TERM + 1).ttl, 2);
  assert.equal(store.leaseKeep(1n, 5 * SECOND, TERM + 1), 10);
  assert.deepEqual(ended(14.9), [2n]);
  assert.deepEqual(ended(15), [2n, 1n], "from here on it knows");
  assert.equal(store.leaseTimeToLive(1n, false, 15 * SECOND, TERM + 2).ttl, 2, "and the one after it does not");
});

test("a renewal that was put into the log before one from memory takes nothing back", () => {
  const store = new StoreModel();
  store.leaseGrant(1n, 10, 0, 0, TERM);
  store.leaseKeepAlive(1n, 1 * SECOND, TERM);
  store.leaseKeep(1n, 4 * SECOND, TERM);
  store.leaseKeepAlive(1n, 2 * SECOND, TERM);
  assert.deepEqual(store.expiredLeases(14 * SECOND - 1, 9, TERM), []);
  assert.deepEqual(store.expiredLeases(14 * SECOND, 9, TERM), [{ id: 1n, expiry: 12 * SECOND }]);
});

test("what a leader has seen end is revoked; what was renewed or granted anew since is not", () => {
  const store = new StoreModel();
  for (const id of [1n, 2n, 3n]) store.leaseGrant(id, 10, 0);
  const seen = store.expiredLeases(10 * SECOND, 9);
  store.leaseKeepAlive(2n, 9 * SECOND);
  store.leaseRevoke(3n, 9 * SECOND);
  store.leaseGrant(3n, 10, 9 * SECOND);
  assert.equal(store.leaseExpire(seen, 10 * SECOND), 1);
  assert.deepEqual(store.leaseLeases(), [2n, 3n]);
  assert.equal(store.leaseExpire(seen, 99 * SECOND), 0);
});

test("many leases that have been renewed are found in bounded steps", () => {
  const store = new StoreModel();
  store.leaseGrant(-1n, 11, 0);
  for (let id = 1n; id <= 10_000n; id += 1n) store.leaseGrant(id, 10, 0);
  for (let id = 1n; id <= 10_000n; id += 1n) store.leaseKeepAlive(id, 5 * SECOND);
  const found: bigint[][] = [1, 2, 3].map(() => ended(store, 12 * SECOND));
  assert.deepEqual(found, [[], [], [-1n]]);
});
