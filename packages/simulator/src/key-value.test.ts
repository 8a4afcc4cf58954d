import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeCommand, KeyValue, Verb } from "./key-value.ts";

const write = (client: number, request: number, key: number, value: number): Uint8Array =>
  encodeCommand({ client, request, verb: Verb.write, key, expected: 0, value });
const swap = (client: number, request: number, key: number, expected: number, value: number): Uint8Array =>
  encodeCommand({ client, request, verb: Verb.swap, key, expected, value });

test("a swap takes place only where the register holds what was expected", () => {
  const machine = new KeyValue();
  assert.equal(machine.apply(1, swap(1, 1, 0, 0, 5)).done, true);
  assert.equal(machine.apply(2, swap(1, 2, 0, 4, 6)).done, false);
  assert.equal(machine.read(0), 5);
});

test("a repeated request is answered as before and changes nothing", () => {
  const machine = new KeyValue();
  machine.apply(1, write(1, 1, 0, 5));
  machine.apply(2, write(2, 1, 0, 6));
  const { hash } = machine;
  assert.equal(machine.apply(3, write(1, 1, 0, 5)).index, 1);
  assert.equal(machine.read(0), 6);
  assert.equal(machine.hash, hash);
  assert.equal(machine.deduplicated, 1);
});

test("a snapshot carries registers, sessions and the hash", () => {
  const machine = new KeyValue();
  machine.apply(1, write(7, 1, 3, 5));
  machine.apply(2, swap(9, 4, 1, 0, 0xfedc_ba98));
  const copy = new KeyValue();
  copy.restore(machine.snapshot());
  assert.deepEqual(copy.snapshot(), machine.snapshot());
  assert.equal(copy.hash, machine.hash);
  assert.equal(copy.read(1), 0xfedc_ba98);
  assert.equal(copy.apply(3, write(7, 1, 3, 9)).index, 1);
});
