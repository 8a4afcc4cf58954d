import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreModel } from "./store.ts";
import { bytes, show, showAll, text } from "./testing/text.ts";
import { SortOrder, SortTarget } from "./types.ts";

const put = (store: StoreModel, key: string, value: string): number =>
  store.put({ key: bytes(key), value: bytes(value) }, 0);

const get = (store: StoreModel, key: string, revision = 0): string =>
  show(store.range({ key: bytes(key), revision }).kvs[0]);

const all = { key: bytes("\0"), rangeEnd: bytes("\0") };

test("an empty store is at revision 1, and the first put makes revision 2", () => {
  const store = new StoreModel();
  assert.equal(store.revision, 1);
  assert.equal(put(store, "a", "1"), 2);
  assert.equal(get(store, "a"), "a=1 @2/2 v1");
});

test("a key counts its versions; deleting it begins a new life", () => {
  const store = new StoreModel();
  put(store, "a", "1");
  put(store, "a", "2");
  assert.equal(get(store, "a"), "a=2 @2/3 v2");
  store.deleteRange({ key: bytes("a") }, 0);
  assert.equal(get(store, "a"), "nothing");
  put(store, "a", "3");
  assert.equal(get(store, "a"), "a=3 @5/5 v1");
});

test("the past can be read at any revision; the future cannot", () => {
  const store = new StoreModel();
  put(store, "a", "1");
  put(store, "a", "2");
  store.deleteRange({ key: bytes("a") }, 0);
  assert.equal(get(store, "a", 1), "nothing");
  assert.equal(get(store, "a", 2), "a=1 @2/2 v1");
  assert.equal(get(store, "a", 3), "a=2 @2/3 v2");
  assert.equal(get(store, "a", 4), "nothing");
  assert.throws(() => get(store, "a", 5), { code: "futureRev" });
});

test("a key that changes a thousand times is readable at each of its revisions", () => {
  const store = new StoreModel();
  for (let i = 0; i < 1000; i += 1) put(store, "a", String(i));
  for (let i = 0; i < 1000; i += 7) assert.equal(get(store, "a", i + 2), `a=${i} @2/${i + 2} v${i + 1}`);
});

test("bytes are compared unsigned, and what is put is copied", () => {
  const store = new StoreModel();
  const key = Uint8Array.of(0x80);
  const value = Uint8Array.of(1);
  store.put({ key, value }, 0);
  put(store, "\x7f", "low");
  key[0] = 0;
  value[0] = 9;
  const { kvs } = store.range(all);
  assert.deepEqual(
    kvs.map((kv) => [...kv.key, ...kv.value]),
    [
      [0x7f, ...bytes("low")],
      [0x80, 1],
    ],
  );
});

test("range_end: empty is one key, \\0 is every key from here on", () => {
  const store = new StoreModel();
  for (const key of ["a", "aa", "b", "c"]) put(store, key, key);
  const keys = (key: string, rangeEnd: string): string =>
    store
      .range({ key: bytes(key), rangeEnd: bytes(rangeEnd) })
      .kvs.map((kv) => text(kv.key))
      .join(" ");
  assert.equal(keys("a", ""), "a");
  assert.equal(keys("a", "b"), "a aa");
  assert.equal(keys("aa", "\0"), "aa b c");
  assert.equal(keys("\0", "\0"), "a aa b c");
  assert.equal(keys("c", "a"), "");
});

test("count ignores the limit, and more tells that the answer was cut", () => {
  const store = new StoreModel();
  for (const key of ["a", "b", "c"]) put(store, key, "");
  store.deleteRange({ key: bytes("b") }, 0);
  put(store, "d", "");
  const cut = store.range({ ...all, limit: 2 });
  assert.deepEqual([showAll(cut.kvs), cut.more, cut.count], [["a= @2/2 v1", "c= @4/4 v1"], true, 3]);
  const exact = store.range({ ...all, limit: 3 });
  assert.deepEqual([exact.kvs.length, exact.more, exact.count], [3, false, 3]);
  const past = store.range({ ...all, limit: 1, revision: 4 });
  assert.deepEqual([past.kvs.length, past.more, past.count], [1, true, 3]);
  const counted = store.range({ ...all, countOnly: true });
  assert.deepEqual([counted.kvs.length, counted.more, counted.count], [0, false, 3]);
});

test("sorts see every key before the limit cuts", () => {
  const store = new StoreModel();
  put(store, "a", "3");
  put(store, "b", "1");
  put(store, "c", "2");
  put(store, "a", "3"); // mod: b 3, c 4, a 5
  const sorted = (sortTarget: number, sortOrder: number, limit = 0): string =>
    store
      .range({ ...all, sortTarget, sortOrder, limit })
      .kvs.map((kv) => text(kv.key))
      .join("");
  assert.equal(sorted(SortTarget.KEY, SortOrder.DESCEND, 2), "cb");
  assert.equal(sorted(SortTarget.MOD, SortOrder.ASCEND, 2), "bc");
  assert.equal(sorted(SortTarget.MOD, SortOrder.ASCEND, 1), "b");
  assert.equal(sorted(SortTarget.CREATE, SortOrder.DESCEND, 1), "c");
  assert.equal(sorted(SortTarget.CREATE, SortOrder.DESCEND), "cba");
  assert.equal(sorted(SortTarget.VERSION, SortOrder.DESCEND), "abc");
  assert.equal(sorted(SortTarget.VALUE, SortOrder.ASCEND), "bca");
  assert.equal(sorted(SortTarget.MOD, SortOrder.NONE), "bca", "NONE with a target other than KEY ascends");
});

test("revision filters are applied before the limit, and do not change the count", () => {
  const store = new StoreModel();
  for (const key of ["a", "b", "c", "d"]) put(store, key, "");
  put(store, "a", "");
  const young = store.range({ ...all, minModRevision: 4, limit: 2 });
  assert.deepEqual([showAll(young.kvs), young.more, young.count], [["a= @2/6 v2", "c= @4/4 v1"], true, 4]);
  const old = store.range({ ...all, maxCreateRevision: 3, maxModRevision: 5 });
  assert.deepEqual([showAll(old.kvs), old.more, old.count], [["b= @3/3 v1"], false, 4]);
});

test("keys_only leaves the values out, after they were sorted by", () => {
  const store = new StoreModel();
  put(store, "a", "2");
  put(store, "b", "1");
  const { kvs } = store.range({ ...all, keysOnly: true, sortTarget: SortTarget.VALUE });
  assert.deepEqual(showAll(kvs), ["b= @3/3 v1", "a= @2/2 v1"]);
});

test("a delete that finds nothing makes no revision; one that finds many makes one", () => {
  const store = new StoreModel();
  for (const key of ["a", "b", "c"]) put(store, key, key);
  assert.deepEqual(store.deleteRange({ key: bytes("x") }, 0), { revision: 4, deleted: 0, prevKvs: [] });
  const response = store.deleteRange({ key: bytes("a"), rangeEnd: bytes("c"), prevKv: true }, 0);
  assert.deepEqual([response.revision, response.deleted], [5, 2]);
  assert.deepEqual(showAll(response.prevKvs), ["a=a @2/2 v1", "b=b @3/3 v1"]);
  assert.equal(store.revision, 5);
});

test("ignore_value keeps the value and needs the key to exist", () => {
  const store = new StoreModel();
  const request = { key: bytes("a"), ignoreValue: true };
  assert.throws(() => store.put(request, 0), { code: "keyNotFound", message: "etcdserver: key not found" });
  put(store, "a", "1");
  store.put(request, 0);
  assert.equal(get(store, "a"), "a=1 @2/3 v2");
});

test("malformed requests are refused in etcd's words", () => {
  const store = new StoreModel();
  const empty = bytes("");
  const message = (run: () => unknown): string => {
    try {
      run();
    } catch (error) {
      return (error as Error).message;
    }
    return "accepted";
  };
  assert.equal(
    message(() => put(store, "", "1")),
    "etcdserver: key is not provided",
  );
  assert.equal(
    message(() => store.range({ key: empty })),
    "etcdserver: key is not provided",
  );
  assert.equal(
    message(() => store.deleteRange({ key: empty }, 0)),
    "etcdserver: key is not provided",
  );
  assert.equal(
    message(() => store.range({ ...all, sortOrder: 3 })),
    "etcdserver: invalid sort option",
  );
  const both = { key: bytes("a"), value: bytes("1"), ignoreValue: true };
  assert.equal(
    message(() => store.put(both, 0)),
    "etcdserver: value is provided",
  );
  const lease = { key: bytes("a"), lease: 1n, ignoreLease: true };
  assert.equal(
    message(() => store.put(lease, 0)),
    "etcdserver: lease is provided",
  );
  assert.equal(
    message(() => store.put({ key: bytes("a"), lease: 1n }, 0)),
    "etcdserver: requested lease not found",
  );
});

test("operations are counted by kind, in transactions and outside, and refused ones are not", () => {
  const store = new StoreModel();
  put(store, "a", "1");
  store.range(all);
  store.deleteRange({ key: bytes("a") }, 0);
  assert.throws(() => store.txn({ success: [{ type: "put", request: { key: bytes("x"), lease: 9n } }] }, 0));
  store.txn(
    {
      success: [
        { type: "put", request: { key: bytes("b") } },
        { type: "txn", request: { success: [{ type: "deleteRange", request: { key: bytes("c") } }] } },
      ],
    },
    0,
  );
  store.readTxn({ success: [{ type: "range", request: all }] });
  store.leaseGrant(7n, 5, 0);
  store.leaseKeepAlive(7n, 0);
  store.leaseRevoke(7n, 0);
  assert.throws(() => store.leaseRevoke(7n, 0));
  const ofLeases = { leaseGrant: 1, leaseRevoke: 1, leaseRenew: 1, leaseExpire: 0 };
  assert.deepEqual({ ...store.counts }, { range: 2, put: 2, deleteRange: 2, txn: 3, ...ofLeases });
});
