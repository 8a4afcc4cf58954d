import assert from "node:assert/strict";
import { test } from "node:test";
import { ProtobufWriter } from "@synod/wire/protobuf";
import { encodeUtf8 } from "@synod/wire/utf8";
import { encodeCompactionRequest } from "./api/compaction.ts";
import { encodeDeleteRangeRequest } from "./api/delete-range.ts";
import { encodeLeaseGrantRequest, encodeLeaseId } from "./api/lease.ts";
import { encodePutRequest } from "./api/put.ts";
import { encodeTxnRequest } from "./api/txn.ts";
import { EXPIRED_AT_ONCE, Opcode, type StoreResult, StoreStateMachine } from "./state-machine.ts";

const SECOND = 1_000_000;
const key = encodeUtf8;

function command(opcode: Opcode, encode: (writer: ProtobufWriter) => void = () => {}): Uint8Array {
  const writer = new ProtobufWriter();
  writer.raw(Uint8Array.of(opcode));
  encode(writer);
  return writer.finish();
}

const put = (name: string, value: string, lease = 0n): Uint8Array =>
  command(Opcode.put, (w) => encodePutRequest(w, { key: key(name), value: key(value), lease, prevKv: true }));
const grant = (id: bigint, ttl: number): Uint8Array =>
  command(Opcode.leaseGrant, (w) => encodeLeaseGrantRequest(w, { ttl, id }));

/** A log with some of everything: time in seconds, command. */
const LOG: readonly (readonly [number, Uint8Array])[] = [
  [1, put("a", "1")],
  [1, put("a", "2")],
  [2, grant(7n, 10)],
  [3, put("b", "leased", 7n)],
  [4, command(Opcode.txn, (w) => encodeTxnRequest(w, { success: [{ type: "put", request: { key: key("c") } }] }))],
  [5, command(Opcode.leaseKeepAlive, (w) => encodeLeaseId(w, 7n))],
  [6, command(Opcode.compact, (w) => encodeCompactionRequest(w, { revision: 3, physical: false }))],
  [7, command(Opcode.deleteRange, (w) => encodeDeleteRangeRequest(w, { key: key("a") }))],
  [8, put("refused", "x", 404n)],
  [15, command(Opcode.expireLeases)],
];

function run(machine: StoreStateMachine, entries = LOG): StoreResult[] {
  return entries.map(([time, bytes], i) => ({ ...machine.apply(i + 1, time * SECOND, bytes) }));
}

test("each command answers with the model's result and the revision for its header", () => {
  const results = run(new StoreStateMachine());
  assert.deepEqual(
    results.map(({ type, revision }) => [type, revision]),
    [
      ["put", 2],
      ["put", 3],
      ["leaseGrant", 3],
      ["put", 4],
      ["txn", 5],
      ["leaseKeepAlive", 5],
      ["compact", 5],
      ["deleteRange", 6],
      ["refused", 6],
      ["expireLeases", 7],
    ],
  );
  const second = results[1];
  assert.deepEqual(second?.type === "put" && second.prevKv?.value, key("1"));
  const refused = results[8];
  assert.equal(refused?.type === "refused" && refused.code, "leaseNotFound");
});

test("equal logs give equal hashes; a snapshot in the middle changes nothing", () => {
  const whole = new StoreStateMachine();
  run(whole);
  const first = new StoreStateMachine();
  run(first, LOG.slice(0, 6));
  const second = new StoreStateMachine();
  second.restore({ [Symbol.iterator]: () => first.snapshot() });
  run(second, LOG.slice(6));
  assert.equal(second.hash(), whole.hash());
  assert.notEqual(first.hash(), whole.hash());
});

test("leases expire by the time of the entry, a bounded number at once", () => {
  const machine = new StoreStateMachine();
  for (let i = 1; i <= EXPIRED_AT_ONCE + 5; i++) machine.apply(i, 0, grant(BigInt(i), 5));
  const expire = (time: number): number => {
    const result = machine.apply(1000, time, command(Opcode.expireLeases));
    return result.type === "expireLeases" ? result.revoked : -1;
  };
  assert.equal(expire(5 * SECOND - 1), 0);
  assert.equal(expire(5 * SECOND), EXPIRED_AT_ONCE);
  assert.equal(expire(5 * SECOND), 5);
});

test("a command of an unknown kind stops the replica instead of being skipped", () => {
  assert.throws(() => new StoreStateMachine().apply(1, 0, Uint8Array.of(200)), /kind 200/);
});
