import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { StoreError } from "../errors.ts";
import { upperEnd } from "../scan.ts";
import type { KeyRange, TxnRequest } from "../types.ts";
import { Access } from "./access.ts";
import { type Permission, PermissionType } from "./types.ts";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const text = (key: string): Uint8Array => Uint8Array.from(key, (letter) => letter.charCodeAt(0));

function permission(type: number, key: string, rangeEnd = ""): Permission {
  return { type, key: text(key), rangeEnd: text(rangeEnd) };
}

const { READ, WRITE, READWRITE } = PermissionType;
const NO_KEYS = (): Iterable<Uint8Array> => [];
const denied = { name: "StoreError", code: "permissionDenied" };

// --- The oracle: a small world of keys, each asked by itself.

/** Every key of one or two bytes from 0 to 3; and some to stand for those beyond all ranges that the test makes. */
const WORLD: readonly Uint8Array[] = [
  ...[0, 1, 2, 3].map((a) => bytes(a)),
  ...[0, 1, 2, 3].flatMap((a) => [0, 1, 2, 3].map((b) => bytes(a, b))),
  ...[0, 1, 2, 3].flatMap((a) => [0, 1, 2, 3].map((b) => bytes(a, b, 0))),
  bytes(9),
].sort(Buffer.compare);

function contains(range: KeyRange, key: Uint8Array): boolean {
  const { rangeEnd } = range;
  if (rangeEnd === undefined || rangeEnd.length === 0) return Buffer.compare(range.key, key) === 0;
  const end = upperEnd(rangeEnd);
  return Buffer.compare(range.key, key) <= 0 && (end === undefined || Buffer.compare(key, end) < 0);
}

function oracle(permissions: readonly Permission[], range: KeyRange, without: number): boolean {
  const keys = WORLD.filter((key) => contains(range, key));
  const granted = permissions.filter(({ type }) => type !== without);
  return keys.length > 0 && keys.every((key) => granted.some((one) => contains(one, key)));
}

const key = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 2 }).map((values) => bytes(...values));
const rangeEnd = fc.oneof(fc.constant(bytes()), fc.constant(bytes(0)), key);
const permissions = fc.array(fc.record({ type: fc.integer({ min: 0, max: 2 }), key, rangeEnd }), { maxLength: 6 });

test("a range is allowed exactly if each of its keys is, whichever permissions that takes", () => {
  let allowed = 0;
  fc.assert(
    fc.property(permissions, key, rangeEnd, (granted, from, to) => {
      const access = new Access(granted);
      const range = { key: from, rangeEnd: to };
      allowed += access.mayRead(range) ? 1 : 0;
      assert.equal(access.mayRead(range), oracle(granted, range, WRITE), "read");
      assert.equal(access.mayWrite(range), oracle(granted, range, READ), "write");
    }),
    { seed: 7, numRuns: 5000 },
  );
  assert.ok(allowed > 300, `both answers are common: ${allowed}`);
});

test("two permissions that touch make one range", () => {
  const access = new Access([permission(READ, "a", "c"), permission(READ, "c", "f"), permission(READ, "f")]);
  access.range({ key: text("a"), rangeEnd: text("f") });
  access.range({ key: text("b"), rangeEnd: text("f\0") });
  assert.throws(() => access.range({ key: text("a"), rangeEnd: text("f\0\0") }), denied);
});

test("an open range is more than all the keys that one happens to know (GHSA-xg4h-6gfc-h4m8)", () => {
  const one = new Access([permission(READWRITE, "k")]);
  one.range({ key: text("k") });
  assert.throws(() => one.range({ key: text("k"), rangeEnd: bytes(0) }), denied);
  assert.throws(() => one.deleteRange({ key: text("k"), rangeEnd: bytes(0) }), denied);
  const open = new Access([{ type: READ, key: text("k"), rangeEnd: bytes(0) }]);
  open.range({ key: text("k"), rangeEnd: bytes(0) });
  open.range({ key: text("zzz"), rangeEnd: bytes(0) });
  assert.throws(() => open.range({ key: text("j"), rangeEnd: bytes(0) }), denied);
});

test("a range that ends before it starts is nobody's", () => {
  const all = new Access([{ type: READWRITE, key: bytes(0), rangeEnd: bytes(0) }]);
  all.range({ key: text("a"), rangeEnd: text("b") });
  assert.throws(() => all.range({ key: text("b"), rangeEnd: text("a") }), denied);
  assert.throws(() => all.range({ key: text("b"), rangeEnd: text("b") }), denied);
});

test("what was there before is read, not written", () => {
  const writer = new Access([permission(WRITE, "a", "b")]);
  writer.put({ key: text("a") }, NO_KEYS);
  writer.deleteRange({ key: text("a") });
  assert.throws(() => writer.put({ key: text("a"), prevKv: true }, NO_KEYS), denied);
  assert.throws(() => writer.deleteRange({ key: text("a"), prevKv: true }), denied);
  assert.throws(() => writer.range({ key: text("a") }), denied);
});

test("a key is attached to a lease only by who may write all the lease's keys", () => {
  const access = new Access([permission(READWRITE, "mine", "minf")]);
  const keysOf = (lease: bigint): Uint8Array[] => (lease === 1n ? [text("mine1"), text("theirs")] : [text("mine1")]);
  access.put({ key: text("mine2"), lease: 2n }, keysOf);
  assert.throws(() => access.put({ key: text("mine2"), lease: 1n }, keysOf), denied);
  const nested: TxnRequest = { success: [{ type: "put", request: { key: text("mine2"), lease: 1n } }] };
  assert.throws(() => access.txn(nested, keysOf), denied);
  access.leaseWrite(2n, keysOf);
  assert.throws(() => access.leaseWrite(1n, keysOf), denied);
  assert.throws(() => access.leaseRead(1n, keysOf), denied);
});

test("nothing is hidden in a transaction, however deep, in either branch (CVE-2026-33343)", () => {
  const access = new Access([permission(READWRITE, "mine")]);
  const mine: TxnRequest = {
    compare: [{ key: text("mine"), result: 0, target: 0 }],
    success: [{ type: "put", request: { key: text("mine") } }],
  };
  const attacks: TxnRequest[] = [
    { compare: [{ key: text("theirs"), result: 0, target: 0 }] },
    { compare: [{ key: text("mine"), rangeEnd: bytes(0), result: 0, target: 0 }] },
    { success: [{ type: "range", request: { key: text("theirs") } }] },
    { failure: [{ type: "put", request: { key: text("theirs") } }] },
    { failure: [{ type: "deleteRange", request: { key: text("mine"), rangeEnd: text("n") } }] },
  ];
  access.txn(mine, NO_KEYS);
  for (const attack of attacks) {
    let nested: TxnRequest = attack;
    for (let depth = 0; depth < 5; depth += 1) {
      const refused = (): void => access.txn(nested, NO_KEYS);
      assert.throws(refused, StoreError, `${JSON.stringify(attack)} at depth ${depth}`);
      const wrapped = { type: "txn", request: nested } as const;
      nested = depth % 2 === 0 ? { ...mine, failure: [wrapped] } : { success: [wrapped] };
    }
  }
});
