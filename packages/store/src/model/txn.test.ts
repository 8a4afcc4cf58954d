import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreModel } from "./store.ts";
import { bytes, show, showAll } from "./testing/text.ts";
import { isReadOnly } from "./txn.ts";
import {
  type Compare,
  CompareResult,
  CompareTarget,
  type RequestOp,
  type ResponseOp,
  type TxnRequest,
} from "./types.ts";

const all = { key: bytes("\0"), rangeEnd: bytes("\0") };

const put = (key: string, value = "", more: object = {}): RequestOp => ({
  type: "put",
  request: { key: bytes(key), value: bytes(value), ...more },
});
const get = (key: string, more: object = {}): RequestOp => ({ type: "range", request: { key: bytes(key), ...more } });
const del = (key: string, rangeEnd = ""): RequestOp => ({
  type: "deleteRange",
  request: { key: bytes(key), rangeEnd: bytes(rangeEnd) },
});
const nested = (request: TxnRequest): RequestOp => ({ type: "txn", request });

function tell(response: ResponseOp): string {
  switch (response.type) {
    case "range":
      return `range ${showAll(response.response.kvs).join(", ")}`;
    case "put":
      return `put, before: ${show(response.response.prevKv)}`;
    case "deleteRange":
      return `deleted ${response.response.deleted}`;
    case "txn":
      return `txn ${response.response.succeeded}: ${response.response.responses.map(tell).join("; ")}`;
  }
}

const content = (store: StoreModel): string => showAll(store.range(all).kvs).join(", ");

function compare(store: StoreModel, fields: Partial<Compare> & { key: Uint8Array }): boolean {
  return store.txn({ compare: [{ result: CompareResult.EQUAL, target: CompareTarget.VERSION, ...fields }] }, 0)
    .succeeded;
}

test("operations run in order, reads see the writes before them, all in one revision", () => {
  const store = new StoreModel();
  const response = store.txn({ success: [get("a"), put("a", "1"), get("a"), put("b", "2", { prevKv: true })] }, 0);
  assert.equal(response.revision, 2);
  assert.deepEqual(response.responses.map(tell), [
    "range ",
    "put, before: nothing",
    "range a=1 @2/2 v1",
    "put, before: nothing",
  ]);
  assert.equal(content(store), "a=1 @2/2 v1, b=2 @2/2 v1");
});

test("a transaction that changes nothing makes no revision", () => {
  const store = new StoreModel();
  const response = store.txn({ success: [del("a"), get("a")] }, 0);
  assert.deepEqual([response.revision, store.revision], [1, 1]);
});

test("the compares choose the branch, and all must hold", () => {
  const store = new StoreModel();
  store.put({ key: bytes("a"), value: bytes("1") }, 0);
  const create = { key: bytes("a"), target: CompareTarget.CREATE, result: CompareResult.EQUAL, createRevision: 2 };
  const value = { key: bytes("a"), target: CompareTarget.VALUE, result: CompareResult.EQUAL, value: bytes("2") };
  const branch = (compares: Compare[]): boolean =>
    store.txn({ compare: compares, success: [get("a")], failure: [get("b")] }, 0).succeeded;
  assert(branch([]));
  assert(branch([create]));
  assert(!branch([create, value]));
});

test("every target and every result of a compare", () => {
  const store = new StoreModel();
  store.leaseGrant(9n, 10, 0);
  store.put({ key: bytes("a"), value: bytes("m") }, 0);
  store.put({ key: bytes("a"), value: bytes("m"), lease: 9n }, 0); // version 2, create 2, mod 3
  const key = bytes("a");
  const { EQUAL, GREATER, LESS, NOT_EQUAL } = CompareResult;
  const { VERSION, CREATE, MOD, VALUE, LEASE } = CompareTarget;
  const holds: [Partial<Compare>, boolean][] = [
    [{ target: VERSION, result: EQUAL, version: 2 }, true],
    [{ target: VERSION, result: GREATER, version: 2 }, false],
    [{ target: VERSION, result: GREATER, version: 1 }, true],
    [{ target: CREATE, result: LESS, createRevision: 3 }, true],
    [{ target: CREATE, result: NOT_EQUAL, createRevision: 2 }, false],
    [{ target: MOD, result: EQUAL, modRevision: 3 }, true],
    [{ target: VALUE, result: EQUAL, value: bytes("m") }, true],
    [{ target: VALUE, result: LESS, value: bytes("ma") }, true],
    [{ target: VALUE, result: GREATER }, true],
    [{ target: LEASE, result: EQUAL, lease: 9n }, true],
    [{ target: LEASE, result: NOT_EQUAL }, true],
    [{ target: LEASE, result: LESS, lease: 0x7fff_ffff_ffff_ffffn }, true],
  ];
  for (const [fields, expected] of holds) assert.equal(compare(store, { key, ...fields }), expected);
});

test("a missing key has zero numbers and no value, not even the empty one", () => {
  const store = new StoreModel();
  const key = bytes("a");
  assert(compare(store, { key, target: CompareTarget.VERSION }));
  assert(compare(store, { key, target: CompareTarget.CREATE, result: CompareResult.LESS, createRevision: 1 }));
  assert(!compare(store, { key, target: CompareTarget.VALUE }));
  assert(!compare(store, { key, target: CompareTarget.VALUE, result: CompareResult.NOT_EQUAL, value: bytes("x") }));
});

test("a compare over a range must hold for every key in it", () => {
  const store = new StoreModel();
  for (const key of ["a", "b"]) store.put({ key: bytes(key) }, 0);
  const range = { key: bytes("a"), rangeEnd: bytes("\0"), target: CompareTarget.MOD, result: CompareResult.GREATER };
  assert(compare(store, { ...range, modRevision: 1 }));
  assert(!compare(store, { ...range, modRevision: 2 }));
  assert(compare(store, { ...range, key: bytes("b"), modRevision: 2 }));
});

test("nested transactions decide on the state before the whole", () => {
  const store = new StoreModel();
  const absent = { key: bytes("a"), target: CompareTarget.VERSION, result: CompareResult.EQUAL, version: 0 };
  const response = store.txn(
    {
      success: [put("a", "1"), nested({ compare: [absent], success: [put("b", "then")], failure: [put("b", "else")] })],
    },
    0,
  );
  assert.deepEqual(response.responses.map(tell), ["put, before: nothing", "txn true: put, before: nothing"]);
  assert.equal(content(store), "a=1 @2/2 v1, b=then @2/2 v1");
});

test("a nested put may be deleted by a later sibling: two events of one key in one revision", () => {
  const store = new StoreModel();
  store.put({ key: bytes("a"), value: bytes("0") }, 0);
  store.txn({ success: [nested({ success: [put("a", "1")] }), nested({ success: [del("a")] })] }, 0);
  assert.equal(content(store), "");
  const found = store.eventsSince(3, 10);
  assert(found.type === "events");
  assert.deepEqual(showAll(found.events), ["a=1 @2/3 v2", "a deleted @3"]);
  assert.deepEqual(
    found.events.map((event) => show(store.prevKv(event))),
    ["a=0 @2/2 v1", "a=0 @2/2 v1"],
  );
});

test("a key must not be put twice, nor put and deleted", () => {
  const store = new StoreModel();
  const refused = (success: RequestOp[]): boolean => {
    try {
      store.txn({ success }, 0);
      return false;
    } catch (error) {
      assert.equal((error as Error).message, "etcdserver: duplicate key given in txn request");
      return true;
    }
  };
  assert(refused([put("a"), put("a")]));
  assert(refused([put("a"), del("a")]));
  assert(refused([del("a", "c"), put("b")]));
  assert(refused([put("b"), del("a", "\0")]), "also by a delete without an end");
  assert(refused([put("a"), nested({ failure: [put("a")] })]));
  assert(refused([nested({ success: [put("a")] }), nested({ success: [put("a")] })]));
  assert(refused([nested({ success: [del("a")] }), put("a")]));
  assert(refused([nested({ success: [put("a"), put("a")] })]));
  assert(!refused([put("a"), put("b"), del("c", "d"), del("c"), get("a")]));
  assert(!refused([put("c"), del("a", "c")]), "the end is not deleted");
  assert(!refused([nested({ success: [put("a")], failure: [put("a")] })]), "branches exclude each other");
  assert(!refused([put("b"), del("c", "a")]), "a range that ends before it begins holds nothing");
});

test("both branches are checked, the one not taken too", () => {
  const store = new StoreModel();
  assert.throws(() => store.txn({ failure: [put("a"), put("a")] }, 0), { code: "duplicateKey" });
  assert.throws(() => store.txn({ failure: [put("")] }, 0), { code: "emptyKey" });
  assert.throws(() => store.txn({ failure: [{ type: "none" }] }, 0), { code: "keyNotFound" });
  const compare = [{ key: bytes(""), target: 0, result: 0 }];
  assert.throws(() => store.txn({ compare }, 0), { code: "emptyKey" });
});

test("at most 128 operations, which nested transactions share with their parents", () => {
  const store = new StoreModel();
  const puts = (count: number): RequestOp[] => Array.from({ length: count }, (_, i) => put(`k${i}`));
  assert.equal(store.txn({ success: puts(128) }, 0).responses.length, 128);
  assert.throws(() => store.txn({ success: puts(129) }, 0), { code: "tooManyOps" });
  assert.throws(() => store.txn({ failure: puts(129) }, 0), { code: "tooManyOps" });
  store.txn({ success: [nested({ success: puts(127) })] }, 0);
  assert.throws(() => store.txn({ success: [nested({ success: puts(128) })] }, 0), { code: "tooManyOps" });
});

test("what would fail half-way is refused before anything happens", () => {
  const store = new StoreModel();
  store.put({ key: bytes("a"), value: bytes("1") }, 0);
  const hash = store.hash();
  const attempts: [RequestOp, string][] = [
    [put("x", "", { ignoreValue: true }), "keyNotFound"],
    [put("x", "", { lease: 5n }), "leaseNotFound"],
    [get("a", { revision: 3 }), "futureRev"],
    [nested({ success: [get("a", { revision: 3 })] }), "futureRev"],
  ];
  for (const [op, code] of attempts) assert.throws(() => store.txn({ success: [put("b"), op] }, 0), { code });
  assert.deepEqual([store.hash(), content(store)], [hash, "a=1 @2/2 v1"]);
});

test("reads of the past inside a transaction obey compaction", () => {
  const store = new StoreModel();
  for (const value of ["1", "2", "3"]) store.put({ key: bytes("a"), value: bytes(value) }, 0);
  store.compact(3, 0);
  assert.throws(() => store.txn({ success: [get("a", { revision: 2 })] }, 0), { code: "compacted" });
  const { responses } = store.txn({ success: [put("a", "4"), get("a", { revision: 3 })] }, 0);
  assert.equal(tell(responses[1]!), "range a=2 @2/3 v2");
});

test("a transaction that only reads may run beside the log", () => {
  const store = new StoreModel();
  store.put({ key: bytes("a"), value: bytes("1") }, 0);
  const reading = { success: [get("a"), nested({ success: [get("a")] })] };
  assert(isReadOnly(reading));
  assert.deepEqual(store.readTxn(reading).responses.map(tell), ["range a=1 @2/2 v1", "txn true: range a=1 @2/2 v1"]);
  for (const writing of [{ failure: [put("a")] }, { success: [nested({ failure: [del("a")] })] }]) {
    assert(!isReadOnly(writing));
    assert.throws(() => store.readTxn(writing));
  }
});

test("what is wrong with several operations is told as etcd tells it: puts before ranges, and what they keep before their lease", () => {
  const store = new StoreModel();
  const first = (success: RequestOp[], code: string): void => assert.throws(() => store.txn({ success }, 0), { code });
  const [future, keeps] = [get("a", { revision: 9 }), put("x", "", { ignoreValue: true, lease: 7n })];
  first([future, nested({ failure: [], success: [keeps] })], "keyNotFound");
  first([future, put("x", "", { lease: 7n })], "leaseNotFound");
  first([keeps], "keyNotFound");
  first([nested({ success: [put("y", "", { lease: 7n })] }), keeps], "leaseNotFound");
  assert.throws(() => store.put({ key: bytes("x"), ignoreValue: true, lease: 7n }, 0), { code: "leaseNotFound" });
});
