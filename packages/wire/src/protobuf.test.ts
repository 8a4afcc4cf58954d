import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fromHex, toHex } from "./bytes.ts";
import { ProtobufError, ProtobufReader, ProtobufWriter } from "./protobuf.ts";

const parameters = { seed: 11, numRuns: 500 };

function written(write: (writer: ProtobufWriter) => void): string {
  const writer = new ProtobufWriter(1);
  write(writer);
  return toHex(writer.finish());
}

function reading(hex: string): ProtobufReader {
  return new ProtobufReader(fromHex(hex) as Uint8Array);
}

test("the examples of the encoding guide", () => {
  assert.equal(
    written((w) => w.varint(1, 150)),
    "089601",
  );
  assert.equal(
    written((w) => w.string(2, "testing")),
    "120774657374696e67",
  );
  const nested = written((w) => {
    const mark = w.begin(3);
    w.varint(1, 150);
    w.end(mark);
  });
  assert.equal(nested, "1a03089601");
  assert.equal(
    written((w) => w.varint(1, -2)),
    "08feffffffffffffffff01",
  );
});

test("zero values are left out unless they are asked for", () => {
  const nothing = written((w) => {
    w.varint(1, 0);
    w.varint(1, 0n);
    w.bool(2, false);
    w.string(3, "");
    w.bytes(4, new Uint8Array(0));
  });
  assert.equal(nothing, "");
  assert.equal(
    written((w) => w.alwaysVarint(1, 0)),
    "0800",
  );
  assert.equal(
    written((w) => w.alwaysBytes(64, new Uint8Array(0))),
    "820400",
  );
});

test("every 64-bit integer survives, exactly as bigint and exactly as number where that is safe", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }), (value) => {
      const reader = reading(written((w) => w.alwaysVarint(5, value)));
      assert.ok(reader.next());
      assert.equal(reader.int64Exact(), value);
      reader.reset(reader.buffer);
      reader.next();
      assert.equal(reader.uint64Exact(), BigInt.asUintN(64, value));
      reader.reset(reader.buffer);
      reader.next();
      assert.equal(reader.int64(), Number(value));
    }),
    parameters,
  );
  fc.assert(
    fc.property(fc.maxSafeInteger(), (value) => {
      const hex = written((w) => w.alwaysVarint(5, value));
      assert.equal(
        hex,
        written((w) => w.alwaysVarint(5, BigInt(value))),
      );
      const reader = reading(hex);
      reader.next();
      assert.equal(reader.int64(), value);
    }),
    parameters,
  );
});

test("a nested message of any length gets the right length", () => {
  for (const length of [0, 1, 127, 128, 300, 16_383, 16_384, 70_000]) {
    const content = new Uint8Array(length).map((_, i) => i);
    const writer = new ProtobufWriter(8);
    const mark = writer.begin(1);
    writer.raw(content);
    writer.end(mark);
    writer.bool(2, true);
    const reader = new ProtobufReader(writer.view());
    reader.next();
    assert.deepEqual(reader.bytes(), content);
    reader.next();
    assert.equal(reader.field, 2);
    assert.equal(reader.bool(), true);
    assert.equal(reader.next(), false);
  }
});

test("writing behind what a buffer already holds leaves it alone", () => {
  const writer = new ProtobufWriter(4);
  writer.reset(fromHex("aabbcc0000") as Uint8Array, 3);
  writer.string(1, "grows the buffer");
  assert.equal(toHex(writer.buffer.subarray(0, 3)), "aabbcc");
  assert.equal(
    toHex(writer.view(3)),
    written((w) => w.string(1, "grows the buffer")),
  );
});

test("a byte string is copied out of larger memory, short or long", () => {
  const memory = new Uint8Array(200).map((_, i) => i);
  for (const length of [0, 5, 32, 33, 150]) {
    const expected = written((w) => w.alwaysBytes(1, memory.slice(20, 20 + length)));
    assert.equal(
      written((w) => w.bytesFrom(1, memory, 20, length)),
      expected,
    );
  }
});

test("unknown fields of every wire type are skipped, groups too", () => {
  const reader = reading("0901020304050607080d010203041203aabbcc1b08011c2896013805");
  const seen: number[] = [];
  while (reader.next()) {
    seen.push(reader.field);
    if (reader.field === 7) assert.equal(reader.uint32(), 5);
    else reader.skip();
  }
  assert.deepEqual(seen, [1, 1, 2, 3, 5, 7]);
});

test("repeated enumerations are read packed and unpacked", () => {
  const filters: number[] = [];
  const reader = reading("2a04000196012801");
  while (reader.next()) reader.repeatedInt32(filters);
  assert.deepEqual(filters, [0, 1, 150, 1]);
});

test("each kind of damage has its code", () => {
  const codes: [string, ProtobufError["code"]][] = [
    ["08", "truncated"],
    ["0880", "truncated"],
    ["1205aa", "truncated"],
    ["12ffffffffffffffffff01", "truncated"],
    ["09010203", "truncated"],
    ["08ffffffffffffffffffff01", "varintTooLong"],
    ["08ffffffffffffffffff02", "varintTooLong"],
    ["00", "invalidTag"],
    ["0e", "invalidTag"],
    ["ffffffffff7f", "invalidTag"],
    ["0b14", "invalidTag"],
    ["0b".repeat(200), "tooDeep"],
  ];
  for (const [hex, code] of codes) {
    const reader = reading(hex);
    const read = () => {
      while (reader.next()) reader.skip();
    };
    assert.throws(read, (error) => error instanceof ProtobufError && error.code === code, hex);
  }
  const reader = reading("0801");
  reader.next();
  assert.throws(() => reader.bytes(), { code: "wrongWireType" });
});

test("no input makes the reader throw anything but its own error or read outside its bounds", () => {
  const methods = ["skip", "uint64", "int64Exact", "bytes", "string", "bool", "nested", "filters"] as const;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.array(fc.constantFrom(...methods)), (input, plan) => {
      const padded = new Uint8Array([1, ...input, 1, 1, 1]);
      const reader = new ProtobufReader(padded, 1, 1 + input.length);
      try {
        for (let step = 0; reader.next(); step++) readSomething(reader, plan[step % plan.length] ?? "skip");
      } catch (error) {
        assert.ok(error instanceof ProtobufError);
      }
      assert.ok(reader.position <= 1 + input.length);
    }),
    { seed: 13, numRuns: 3000 },
  );
});

function readSomething(
  reader: ProtobufReader,
  method: "skip" | "uint64" | "int64Exact" | "bytes" | "string" | "bool" | "nested" | "filters",
): void {
  if (method === "filters") reader.repeatedInt32([]);
  else if (method === "nested") {
    const outer = reader.enter();
    while (reader.next()) reader.skip();
    reader.leave(outer);
  } else reader[method]();
}
