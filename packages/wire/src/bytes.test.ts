import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import * as bytes from "./bytes.ts";
import { decodeUtf8, encodeUtf8, isUtf8, utf8Length } from "./utf8.ts";

const parameters = { seed: 7, numRuns: 300 };

test("compare orders bytes as etcd orders keys: unsigned, prefix first", () => {
  const sorted = ["", "00", "0000", "01", "7f", "80", "ff", "ff00"].map((hex) => bytes.fromHex(hex) as Uint8Array);
  for (const [i, a] of sorted.entries()) {
    for (const [j, b] of sorted.entries()) {
      assert.equal(Math.sign(bytes.compare(a, b)), Math.sign(i - j));
      assert.equal(bytes.equal(a, b), i === j);
    }
  }
});

test("hexadecimal goes both ways and refuses what is none", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (value) => {
      assert.equal(bytes.toHex(value), Buffer.from(value).toString("hex"));
      assert.deepEqual(bytes.fromHex(bytes.toHex(value)), new Uint8Array(value));
    }),
    parameters,
  );
  assert.equal(bytes.fromHex("abc"), undefined);
  assert.equal(bytes.fromHex("0g"), undefined);
});

test("latin1 keeps every byte, also of long strings", () => {
  const value = new Uint8Array(10_000).map((_, i) => i * 31);
  assert.deepEqual(bytes.encodeLatin1(bytes.decodeLatin1(value)), value);
  assert.equal(bytes.decodeLatin1(value, 100, 200), bytes.decodeLatin1(value.subarray(100, 200)));
  assert.deepEqual(bytes.concat([value.subarray(0, 3), bytes.EMPTY_BYTES, value.subarray(3)]), value);
});

test("utf-8 agrees with the platform's encoder and decoder on any text and on any bytes", () => {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      assert.deepEqual(encodeUtf8(text), new Uint8Array(new TextEncoder().encode(text)));
      assert.equal(utf8Length(text), encodeUtf8(text).length);
    }),
    parameters,
  );
  const awkward = fc.array(
    fc.constantFrom(0x41, 0x80, 0xbf, 0xc1, 0xc3, 0xe0, 0xa0, 0xed, 0x9f, 0xf0, 0x90, 0xf4, 0xf5),
  );
  fc.assert(
    fc.property(awkward, (array) => {
      const value = new Uint8Array(array);
      const text = decoder.decode(value);
      assert.equal(decodeUtf8(value), text);
      assert.equal(isUtf8(value), !text.includes("\ufffd"));
    }),
    { seed: 7, numRuns: 1000 },
  );
});
