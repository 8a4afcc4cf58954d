import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeUtf8, encodeUtf8 } from "@synod/wire/utf8";
import fc from "fast-check";
import { StoreError } from "./errors.ts";
import { StoreModel } from "./store.ts";

const bytes = encodeUtf8;
const put = (store: StoreModel, key: string, value = ""): void =>
  void store.put({ key: bytes(key), value: bytes(value) }, 1);
const full = (prefix: string) => (error: unknown) =>
  error instanceof StoreError && error.code === "noSpace" && decodeUtf8(error.about!) === prefix;
const used = (store: StoreModel): [string, number, number][] =>
  store.quotas.list().map(({ prefix, keys, bytes }) => [decodeUtf8(prefix), keys, bytes]);

test("a prefix takes so many bytes and no more; what makes it smaller is always welcome", () => {
  const store = new StoreModel();
  put(store, "a/1", "12345");
  store.quotas.set({ prefix: bytes("a/"), maxBytes: 20, maxKeys: 0 });
  assert.deepEqual(used(store), [["a/", 1, 8]]);
  put(store, "a/2", "123456789");
  assert.throws(() => put(store, "a/3"), full("a/"));
  assert.throws(() => put(store, "a/1", "123456"), full("a/"));
  assert.equal(store.revision, 3, "what was refused has left no trace");
  put(store, "b/3", "another prefix is not concerned");
  store.quotas.set({ prefix: bytes("a/"), maxBytes: 10, maxKeys: 0 });
  put(store, "a/2", "12345678");
  store.deleteRange({ key: bytes("a/2") }, 1);
  put(store, "a/4".slice(0, 2));
  assert.deepEqual(used(store), [["a/", 2, 10]]);
});

test("a prefix takes so many keys; prefixes may lie within each other, and each counts", () => {
  const store = new StoreModel();
  store.quotas.set({ prefix: bytes("a"), maxBytes: 0, maxKeys: 3 });
  store.quotas.set({ prefix: bytes("ab"), maxBytes: 0, maxKeys: 1 });
  put(store, "ab1");
  assert.throws(() => put(store, "ab2"), full("ab"));
  put(store, "ac");
  put(store, "ad");
  assert.throws(() => put(store, "ae"), full("a"));
  put(store, "ab1", "an update is no new key");
  store.quotas.remove(bytes("a"));
  put(store, "ae");
  assert.throws(() => store.quotas.remove(bytes("a")), { code: "keyNotFound" });
});

test("the puts of a transaction are judged together, and refused together", () => {
  const store = new StoreModel();
  store.quotas.set({ prefix: bytes("a/"), maxBytes: 0, maxKeys: 2 });
  const puts = (...keys: string[]) => keys.map((key) => ({ type: "put", request: { key: bytes(key) } }) as const);
  const nested = { type: "txn", request: { success: puts("a/2", "a/3") } } as const;
  assert.throws(() => store.txn({ success: [...puts("a/1"), nested] }, 1), full("a/"));
  assert.equal(store.keyCount, 0);
  store.txn({ success: puts("a/1", "a/2"), failure: puts("a/1", "a/2", "a/3") }, 1);
  const swap = [{ type: "deleteRange", request: { key: bytes("a/1") } } as const, ...puts("a/3")];
  assert.throws(() => store.txn({ success: swap }, 1), full("a/"), "what it deletes does not count for it");
});

test("a value that is kept counts as it is", () => {
  const store = new StoreModel();
  put(store, "a", "12345");
  store.quotas.set({ prefix: bytes("a"), maxBytes: 6, maxKeys: 0 });
  store.put({ key: bytes("a"), ignoreValue: true }, 1);
  assert.deepEqual(used(store), [["a", 1, 6]]);
});

test("after any writes, and after a snapshot, what is used is what a count finds", () => {
  const key = fc.constantFrom("a", "aa", "ab", "abc", "b", "ba", "c");
  const op = fc.tuple(fc.constantFrom("put", "delete", "lease"), key, fc.nat(5));
  fc.assert(
    fc.property(fc.array(op, { maxLength: 30 }), (ops) => {
      const store = new StoreModel();
      const limits = ["", "a", "ab", "b"].map((prefix) => ({ prefix: bytes(prefix), maxBytes: 12, maxKeys: 3 }));
      for (const limit of limits) store.quotas.set(limit);
      store.leaseGrant(1n, 60, 1);
      for (const [kind, name, length] of ops) {
        try {
          if (kind === "put") put(store, name, "x".repeat(length));
          else if (kind === "delete") store.deleteRange({ key: bytes(name) }, 1);
          else store.put({ key: bytes(name), lease: 1n }, 1);
        } catch (error) {
          assert.equal((error as StoreError).code, "noSpace");
        }
      }
      store.leaseRevoke(1n, 1);
      const copy = new StoreModel();
      copy.restore({ [Symbol.iterator]: () => store.snapshot() });
      for (const limit of limits) copy.quotas.set(limit);
      assert.deepEqual(used(copy), used(store));
      assert.equal(copy.quotas.hash, store.quotas.hash);
      assert.ok(store.quotas.list().every((quota) => quota.keys <= 3 && quota.bytes <= 12));
    }),
    { seed: 3, numRuns: 300 },
  );
});
