import assert from "node:assert/strict";
import { test } from "node:test";
import { Fields, message } from "./protobuf.ts";

test("the bytes are protobuf's own (the encoding guide's example: field 1 is 150, field 2 is \"testing\")", () => {
  assert.equal(Buffer.from(message([1, 150], [2, "testing"])).toString("hex"), "0896011207" + "74657374696e67");
});

test("what is written is read, also negative and large numbers, repeated and nested messages", () => {
  const inner = message([1, "a"]);
  const fields = new Fields(
    message([1, -5], [2, 0xffff_ffff_ffff_ffffn], [3, inner], [3, message([1, "b"])], [4, true], [5, undefined]),
  );
  assert.equal(fields.number(1), -5);
  assert.equal(fields.unsigned(2), 0xffff_ffff_ffff_ffffn);
  assert.deepEqual(
    fields.messages(3).map((one) => one.text(1)),
    ["a", "b"],
  );
  assert.equal(fields.number(4), 1);
  assert.equal(fields.number(5), 0);
  assert.equal(fields.text(9), "");
});

test("bytes that end too early are refused", () => {
  assert.throws(() => new Fields(Uint8Array.of(0x0a, 5, 1)), /longer than its message/);
  assert.throws(() => new Fields(Uint8Array.of(0x08, 0x80)), /ends within a number/);
});
