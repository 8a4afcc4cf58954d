import assert from "node:assert/strict";
import { test } from "node:test";
import { ProtobufWriter } from "@synod/wire/protobuf-writer";
import { encodeUtf8 } from "@synod/wire/utf8";
import type { KeyValue } from "../model/key-value.ts";
import { StoreModel } from "../model/store.ts";
import { decodeRevisionKey, encodeRevisionKey, recordLength, writeRecord } from "./records.ts";

const bytes = encodeUtf8;

test("a record's length is known before it is written, whatever its numbers", () => {
  const model = new StoreModel();
  const leases = [1n, 127n, 128n, 1n << 40n, -5n, (1n << 63n) - 1n];
  for (const id of leases) model.leaseGrant(id, 60, 0);
  for (const length of [0, 1, 127, 128, 20_000]) {
    for (const lease of [0n, ...leases])
      model.put({ key: bytes(`k${length}`), value: new Uint8Array(length), lease }, 0);
  }
  model.deleteRange({ key: bytes("k1") }, 0);
  const writer = new ProtobufWriter();
  const lengths: [number, number][] = [];
  for (const record of records(model)) {
    writer.reset();
    writeRecord(writer, record);
    lengths.push([recordLength(record), writer.position]);
  }
  assert.equal(lengths.length, 36);
  for (const [said, written] of lengths) assert.equal(said, written);
});

test("revision keys order as revisions do, and come back", () => {
  const keys = [
    { main: 5, sub: 0, isTombstone: false },
    { main: 5, sub: 1, isTombstone: true },
    { main: 2 ** 40, sub: 300, isTombstone: false },
  ];
  const encoded = keys.map(encodeRevisionKey);
  assert.deepEqual(encoded.map(decodeRevisionKey), keys);
  assert.deepEqual([...encoded].sort(Buffer.compare), encoded);
  assert.equal(decodeRevisionKey(bytes("no revision here!")), undefined);
});

test("the records of one revision are numbered, and keep their numbers when compaction takes some away", () => {
  const model = new StoreModel();
  const put = (key: string) => ({ type: "put", request: { key: bytes(key) } }) as const;
  model.txn({ success: [put("a"), put("b"), put("c")] }, 0);
  model.put({ key: bytes("a") }, 0);
  assert.deepEqual(subs(model), ["2.0", "2.1", "2.2", "3.0"]);
  model.compact(3, 0);
  while (model.removeCompacted(1000));
  assert.deepEqual(subs(model), ["2.1", "2.2", "3.0"]);
  const copy = new StoreModel();
  copy.restore({ [Symbol.iterator]: () => model.snapshot() });
  assert.deepEqual(subs(copy), ["2.1", "2.2", "3.0"]);
});

function records(model: StoreModel): KeyValue[] {
  return [...model.freeze().log.records()];
}

function subs(model: StoreModel): string[] {
  return records(model).map(({ modRevision, sub }) => `${modRevision}.${sub}`);
}
