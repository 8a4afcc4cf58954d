import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProtobufReader } from "@synod/wire/protobuf";
import { ProtobufWriter } from "@synod/wire/protobuf-writer";
import { encodeUtf8 } from "@synod/wire/utf8";
import { encodePutRequest } from "./api/put.ts";
import type { Area } from "./area.ts";
import { SnapshotError } from "./model/chunk-reader.ts";
import { Opcode, StoreStateMachine } from "./state-machine.ts";

/** Sums what it is given. */
class Sum implements Area {
  readonly id: number;
  value = 0;

  constructor(id: number) {
    this.id = id;
  }

  apply(_opcode: number, reader: ProtobufReader): { type: "area"; revision: number } {
    while (reader.next()) this.value += reader.uint32();
    return { type: "area", revision: 1 };
  }

  hash(): number {
    return this.value;
  }

  encode(writer: ProtobufWriter): void {
    writer.varint(1, this.value);
  }

  decode(reader: ProtobufReader): () => void {
    let value = 0;
    while (reader.next()) value = reader.uint32();
    return () => {
      this.value = value;
    };
  }
}

function command(opcode: number, encode: (writer: ProtobufWriter) => void): Uint8Array {
  const writer = new ProtobufWriter();
  writer.raw(Uint8Array.of(opcode));
  encode(writer);
  return writer.finish();
}

function filled(areas: readonly Area[]): StoreStateMachine {
  const machine = new StoreStateMachine({}, areas);
  machine.apply(
    1,
    1,
    command(Opcode.put, (w) => encodePutRequest(w, { key: encodeUtf8("a") })),
  );
  if (areas.length > 0)
    machine.apply(
      2,
      2,
      command(0x75, (w) => w.varint(1, 12)),
    );
  return machine;
}

function snapshotOf(machine: StoreStateMachine): Uint8Array {
  return Buffer.concat([...{ [Symbol.iterator]: () => machine.snapshot() }]);
}

/** Cut into pieces of `size` bytes. */
function* cut(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

test("an area's commands reach it, and its state travels in front of the keys however the chunks are cut", () => {
  const sum = new Sum(7);
  const machine = filled([sum, new Sum(8)]);
  assert.equal(sum.value, 12);
  const bytes = snapshotOf(machine);
  for (const size of [1, 3, 16, 1000]) {
    const [seven, eight] = [new Sum(7), new Sum(8)];
    eight.value = 99;
    const restored = new StoreStateMachine({}, [seven, eight]);
    restored.restore(cut(bytes, size));
    assert.deepEqual([seven.value, eight.value, restored.model.keyCount], [12, 0, 1]);
    assert.equal(restored.hash(), machine.hash());
  }
});

test("the hash of the state covers the areas", () => {
  const sum = new Sum(7);
  const machine = filled([sum]);
  const before = machine.hash();
  sum.value += 1;
  assert.notEqual(machine.hash(), before);
});

test("an area that this version does not know is no reason to forget it", () => {
  const bytes = snapshotOf(filled([new Sum(7)]));
  const machine = filled([]);
  assert.throws(() => machine.restore([bytes]), { code: "unknownFormat", message: /area 7 of a newer version/ });
  assert.throws(
    () =>
      machine.apply(
        3,
        3,
        command(0x75, () => {}),
      ),
    /kind 117/,
  );
});

test("damage anywhere in the areas is noticed, and changes nothing", () => {
  const sum = new Sum(7);
  const machine = filled([sum]);
  const bytes = snapshotOf(machine);
  const hash = machine.hash();
  for (let at = 0; at < 24; at += 1) {
    const damaged = Uint8Array.from(bytes, (byte, i) => (i === at ? byte ^ 0x10 : byte));
    assert.throws(() => machine.restore([damaged]), SnapshotError, `byte ${at}`);
    assert.throws(() => machine.restore([bytes.subarray(0, at)]), SnapshotError, `cut at ${at}`);
  }
  assert.equal(machine.hash(), hash);
});
