import assert from "node:assert/strict";
import { test } from "node:test";
import { ProtobufWriter } from "@synod/wire/protobuf";
import { encodeUtf8 } from "@synod/wire/utf8";
import { encodeCompactionRequest } from "./api/compaction.ts";
import { encodeDeleteRangeRequest } from "./api/delete-range.ts";
import { encodeLeaseGrantRequest, encodeLeaseId } from "./api/lease.ts";
import { encodePutRequest } from "./api/put.ts";
import { encodeTxnRequest } from "./api/txn.ts";
import { encodeExpireLeases } from "./expire-leases.ts";
import type { ExpiredLease } from "./model/types.ts";
import { Opcode, type StoreResult, StoreStateMachine } from "./state-machine.ts";

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

const expire = (term: number, leases: ExpiredLease[]): Uint8Array =>
  command(Opcode.expireLeases, (w) => encodeExpireLeases(w, { term, leases }));

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
  [15, expire(0, [{ id: 7n, expiry: 15 * SECOND }])],
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

test("what a leader has seen end is revoked in an entry of its term, unless the log says otherwise by then", () => {
  const machine = new StoreStateMachine();
  const renew = command(Opcode.leaseKeepAlive, (w) => encodeLeaseId(w, 2n));
  const revoke = command(Opcode.leaseRevoke, (w) => encodeLeaseId(w, 3n));
  for (const id of [1n, 2n, 3n, -4n]) machine.apply(1, 0, grant(id, 5), 6);
  machine.apply(2, 4 * SECOND, renew, 6);
  machine.apply(3, 4 * SECOND, revoke, 6);
  machine.apply(4, 4 * SECOND, grant(3n, 5), 6);
  const seen = [1n, 2n, 3n, -4n, 404n].map((id) => ({ id, expiry: 5 * SECOND }));
  const revokedBy = (time: number, term: number): number => {
    const result = machine.apply(5, time, expire(6, seen), term);
    return result.type === "expireLeases" ? result.revoked : -1;
  };
  assert.equal(revokedBy(5 * SECOND, 7), 0, "it came into the log by another leader, which may know better");
  assert.equal(revokedBy(5 * SECOND - 1, 6), 0, "nothing ends before its time");
  assert.equal(revokedBy(5 * SECOND, 6), 2);
  assert.deepEqual(machine.model.leaseLeases(), [2n, 3n]);
});

test("a command of an unknown kind stops the replica instead of being skipped", () => {
  assert.throws(() => new StoreStateMachine().apply(1, 0, Uint8Array.of(200)), /kind 200/);
});
