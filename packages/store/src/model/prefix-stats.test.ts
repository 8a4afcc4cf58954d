import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeUtf8, encodeUtf8 } from "@synod/wire/utf8";
import fc from "fast-check";
import { DEFAULT_PREFIXES, type PrefixSettings } from "./prefix-stats.ts";
import { StoreModel } from "./store.ts";

const put = (store: StoreModel, key: string, value = "v"): void =>
  void store.put({ key: encodeUtf8(key), value: encodeUtf8(value) }, 1);
const remove = (store: StoreModel, key: string): void => void store.deleteRange({ key: encodeUtf8(key) }, 1);

function shown(store: StoreModel): [string, number, number, number][] {
  const found = store.prefixStats!.list().map(({ prefix, keys, bytes, writes }) => {
    return [decodeUtf8(prefix), keys, bytes, writes] as [string, number, number, number];
  });
  return found.sort(([a], [b]) => (a < b ? -1 : 1));
}

const measured = (settings: Partial<PrefixSettings> = {}): StoreModel =>
  new StoreModel({ prefixes: { ...DEFAULT_PREFIXES, ...settings } });

test("keys, bytes and writes are counted by prefix: two names deep, as far as the key goes", () => {
  const store = measured();
  put(store, "/registry/pods/a", "1234");
  put(store, "/registry/pods/b/c");
  put(store, "/registry/pods/a", "12");
  put(store, "/registry/leases/x");
  remove(store, "/registry/leases/x");
  put(store, "/single");
  put(store, "plain");
  assert.deepEqual(shown(store), [
    ["", 1, 6, 1],
    ["/", 1, 8, 1],
    ["/registry/leases/", 0, 0, 2],
    ["/registry/pods/", 2, 37, 3],
  ]);
});

test("beyond so many prefixes keys are counted together, and never twice", () => {
  const store = measured({ depth: 1, most: 2 });
  for (const key of ["a/1", "b/1", "c/1", "d/1", "c/2"]) put(store, key);
  assert.equal(store.prefixStats!.others.keys, 3);
  remove(store, "a/1");
  put(store, "e/1");
  assert.equal(store.prefixStats!.others.keys, 4, "what was counted with the others stays there");
  for (const key of ["c/1", "d/1", "c/2", "e/1"]) remove(store, key);
  assert.deepEqual(store.prefixStats!.others.keys, 0);
  put(store, "c/3");
  assert.deepEqual(
    shown(store).map(([prefix, keys]) => [prefix, keys]),
    [
      ["b/", 1],
      ["c/", 1],
    ],
    "now there is room in place of what is empty",
  );
});

test("after any writes, and after a snapshot, the counts are those of the keys that there are", () => {
  const key = fc.constantFrom("a", "a/b", "a/b/c", "/a/b", "x/y/1", "x/y/2", "x/z/1", "q/q/q", "r/r/r");
  const op = fc.tuple(fc.constantFrom("put", "put", "delete"), key, fc.nat(20));
  fc.assert(
    fc.property(fc.array(op, { maxLength: 40 }), fc.integer({ min: 1, max: 4 }), (ops, most) => {
      const store = measured({ most });
      for (const [kind, name, length] of ops) {
        if (kind === "put") put(store, name, "x".repeat(length));
        else remove(store, name);
      }
      const copy = measured({ most });
      copy.restore({ [Symbol.iterator]: () => store.snapshot() });
      for (const each of [store, copy]) {
        let bytes = 0;
        for (const kv of each.range({ key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0) }).kvs) {
          bytes += kv.keyLength + kv.valueLength;
        }
        const stats = each.prefixStats!;
        const all = [...stats.list(), stats.others];
        assert.equal(
          all.reduce((sum, one) => sum + one.keys, 0),
          each.keyCount,
        );
        assert.equal(
          all.reduce((sum, one) => sum + one.bytes, 0),
          bytes,
        );
        assert.ok(all.every((one) => one.keys >= 0 && one.bytes >= 0));
      }
      assert.ok(copy.prefixStats!.list().every(({ writes }) => writes === 0));
    }),
    { seed: 11, numRuns: 300 },
  );
});
