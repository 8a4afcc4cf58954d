/** What commands are applied from may stay where it is, instead of being copied: nobody is to notice. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ProtobufWriter } from "@synod/wire/protobuf";
import { encodeUtf8 } from "@synod/wire/utf8";
import { encodePutRequest } from "./api/put.ts";
import { encodeTxnRequest } from "./api/txn.ts";
import { CompareResult, CompareTarget, SortOrder, SortTarget } from "./model/types.ts";
import { Opcode, StoreStateMachine } from "./state-machine.ts";

const KEYS = 20;
const key = (i: number): Uint8Array => encodeUtf8(`k/${i % KEYS}`);
/** Of all sizes around those from which memory is kept. */
const value = (i: number): Uint8Array => new Uint8Array((i * 397) % 5000).fill(i);

function puts(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => {
    const writer = new ProtobufWriter();
    const request = { key: key(i), value: value(i) };
    writer.raw(Uint8Array.of(i % 3 === 0 ? Opcode.txn : Opcode.put));
    if (i % 3 === 0) encodeTxnRequest(writer, { success: [{ type: "put", request }] });
    else encodePutRequest(writer, request);
    return writer.finish();
  });
}

/** As a log is read: many commands in one piece of memory. */
function inOnePiece(commands: readonly Uint8Array[]): Uint8Array[] {
  const bytes = new Uint8Array(commands.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  return commands.map((command) => {
    bytes.set(command, at);
    at += command.length;
    return bytes.subarray(at - command.length, at);
  });
}

function machineOf(commands: readonly Uint8Array[], stay: boolean): StoreStateMachine {
  const machine = new StoreStateMachine();
  machine.commandsStay = stay;
  for (const [i, command] of commands.entries()) machine.apply(i + 1, i, command);
  return machine;
}

const COMMANDS = puts(400);
const kept = (): StoreStateMachine => machineOf(inOnePiece(COMMANDS), true);
const copied = (): StoreStateMachine => machineOf(inOnePiece(COMMANDS), false);

/** The whole state as bytes, however it is cut into chunks. */
function snapshotOf(machine: StoreStateMachine): Buffer {
  const chunks: Uint8Array[] = [];
  for (const chunk of { [Symbol.iterator]: () => machine.snapshot() }) chunks.push(chunk.slice());
  return Buffer.concat(chunks);
}

test("state, snapshots and hashes are the same, kept or copied", () => {
  const [one, other] = [kept(), copied()];
  assert.equal(one.hash(), other.hash());
  assert.deepEqual(snapshotOf(one), snapshotOf(other));
  const restored = new StoreStateMachine();
  restored.restore([snapshotOf(one)]);
  assert.equal(restored.hash(), one.hash());
});

test("ranges, sorting by value, comparisons and history read the values where they lie", () => {
  const [one, other] = [kept(), copied()];
  const range = { key: encodeUtf8("k/"), rangeEnd: encodeUtf8("k0") };
  const read = ({ model }: StoreStateMachine, revision: number): unknown =>
    model
      .range({ ...range, revision, sortTarget: SortTarget.VALUE, sortOrder: SortOrder.DESCEND })
      .kvs.map((kv) => [kv.key.slice(), kv.value.slice(), kv.modRevision]);
  for (const revision of [0, 100, 250]) assert.deepEqual(read(one, revision), read(other, revision));
  for (let i = COMMANDS.length - KEYS; i < COMMANDS.length; i++) {
    const compare = { target: CompareTarget.VALUE, result: CompareResult.EQUAL, key: key(i), value: value(i) };
    assert.equal(one.model.txn({ compare: [compare] }, 1000).succeeded, true);
  }
});

test("it is kept, and let go when compaction has left little of it", () => {
  const one = kept();
  const { buffer } = inOnePiece(COMMANDS)[0] as Uint8Array;
  const before = one.model.sizeInBytes;
  assert.ok(before >= buffer.byteLength, "the whole piece counts");
  one.model.compact(one.model.revision, 1000);
  while (one.model.removeCompacted(10));
  const live = [...Array(KEYS)].reduce((sum: number, _, i) => sum + value(COMMANDS.length - 1 - i).length, 0);
  assert.ok(one.model.sizeInBytes < live + 200_000, `${one.model.sizeInBytes} of ${before} are left for ${live}`);
  const same = copied();
  same.model.compact(same.model.revision, 1000);
  while (same.model.removeCompacted(10));
  assert.equal(one.hash(), same.hash());
  assert.deepEqual(snapshotOf(one), snapshotOf(same));
});

test("a value that is most of its memory is kept without being told, a small one beside it is not", () => {
  const writer = new ProtobufWriter();
  writer.raw(Uint8Array.of(Opcode.put));
  encodePutRequest(writer, { key: encodeUtf8("large"), value: new Uint8Array(100_000).fill(1) });
  const command = writer.finish().slice();
  const machine = machineOf([command, ...puts(3)], false);
  const large = machine.model.range({ key: encodeUtf8("large") }).kvs[0];
  assert.equal(large?.value.buffer, command.buffer);
  const small = machine.model.range({ key: key(1) }).kvs[0];
  assert.equal(small?.slab.bytes.length, 64 * 1024);
});
