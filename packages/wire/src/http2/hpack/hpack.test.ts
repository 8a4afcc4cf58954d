/** HPACK by the examples of RFC 7541 appendix C, and against a table kept the simple way. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { concat, encodeLatin1, fromHex } from "../../bytes.ts";
import { type HeaderList, HpackDecoder } from "./decoder.ts";
import { encodeHeaders, writeInteger, writeString } from "./encoder.ts";
import { huffmanDecode, huffmanEncode, huffmanLength } from "./huffman.ts";
import { STATIC_TABLE } from "./static-table.ts";

const limits = { tableSize: 4096, listSize: 16_384, fields: 128 };

function hex(text: string): Uint8Array {
  return fromHex(text.replaceAll(" ", "")) as Uint8Array;
}

function decode(decoder: HpackDecoder, block: Uint8Array): string[] | undefined {
  return decoder.decode(block, 0, block.length)?.fields.map(({ name, value }) => `${name}: ${value}`);
}

const get = (path: string, scheme: string): string[] => [
  ":method: GET",
  `:scheme: ${scheme}`,
  `:path: ${path}`,
  ":authority: www.example.com",
];
const requests: readonly [plain: string, huffman: string, tableSize: number, fields: string[]][] = [
  [
    "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
    "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
    57,
    get("/", "http"),
  ],
  [
    "8286 84be 5808 6e6f 2d63 6163 6865",
    "8286 84be 5886 a8eb 1064 9cbf",
    110,
    [...get("/", "http"), "cache-control: no-cache"],
  ],
  [
    "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
    "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
    164,
    [...get("/index.html", "https"), "custom-key: custom-value"],
  ],
];

const responseFields = (status: string, second: string): string[] => [
  `:status: ${status}`,
  "cache-control: private",
  `date: Mon, 21 Oct 2013 20:13:${second} GMT`,
  "location: https://www.example.com",
];
const responses: readonly [plain: string, huffman: string, tableSize: number, fields: string[]][] = [
  [
    "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d " +
      "546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
    "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 " +
      "8f0b 97c8 e9ae 82ae 43d3",
    222,
    responseFields("302", "21"),
  ],
  ["4803 3330 37c1 c0bf", "4883 640e ffc1 c0bf", 222, responseFields("307", "21")],
  [
    "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f " +
      "6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b " +
      "2076 6572 7369 6f6e 3d31",
    "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 " +
      "dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
    215,
    [
      ...responseFields("200", "22"),
      "content-encoding: gzip",
      "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
    ],
  ],
];

test("integers are written as in C.1", () => {
  const written = (prefixBits: number, value: number): number[] => {
    const bytes = new Uint8Array(8);
    return [...bytes.subarray(0, writeInteger(bytes, 0, 0, prefixBits, value))];
  };
  assert.deepEqual(written(5, 10), [10]);
  assert.deepEqual(written(5, 1337), [31, 154, 10]);
  assert.deepEqual(written(8, 42), [42]);
});

test("single fields are read as in C.2", () => {
  const read = (block: string): [string[] | undefined, number] => {
    const decoder = new HpackDecoder(limits);
    return [decode(decoder, hex(block)), decoder.table.size];
  };
  assert.deepEqual(read("400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572"), [
    ["custom-key: custom-header"],
    55,
  ]);
  assert.deepEqual(read("040c 2f73 616d 706c 652f 7061 7468"), [[":path: /sample/path"], 0]);
  assert.deepEqual(read("1008 7061 7373 776f 7264 0673 6563 7265 74"), [["password: secret"], 0]);
  assert.deepEqual(read("82"), [[":method: GET"], 0]);
});

test("requests are read as in C.3 and C.4, responses with evictions as in C.5 and C.6", () => {
  for (const form of [0, 1] as const) {
    const client = new HpackDecoder(limits);
    for (const example of requests) {
      assert.deepEqual(decode(client, hex(example[form])), example[3]);
      assert.equal(client.table.size, example[2]);
    }
    const server = new HpackDecoder({ ...limits, tableSize: 256 });
    for (const example of responses) {
      assert.deepEqual(decode(server, hex(example[form])), example[3]);
      assert.equal(server.table.size, example[2]);
    }
  }
});

test("Huffman codes of every octet are their own inverse, and C.4's strings come out as there", () => {
  const all = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
  const bytes = new Uint8Array(huffmanLength(all));
  assert.equal(huffmanEncode(all, bytes, 0), bytes.length);
  const decoded = new Uint8Array(256);
  assert.equal(huffmanDecode(bytes, 0, bytes.length, decoded), 256);
  assert.deepEqual(decoded, encodeLatin1(all));
  const text = new Uint8Array(20);
  const end = writeString(text, 0, "www.example.com");
  assert.deepEqual(text.subarray(0, end), hex("8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff"));
});

test("Huffman padding must be the beginning of EOS and shorter than an octet, and EOS itself is an error (§5.2)", () => {
  const refused = ["00", "1e", "1fff", "ffffffff", "fffffffc", "f8ff"];
  const target = new Uint8Array(16);
  for (const bytes of refused) assert.equal(huffmanDecode(hex(bytes), 0, bytes.length / 2, target), -1, bytes);
  assert.equal(huffmanDecode(hex("1f"), 0, 1, target), 1); // "a" and three ones
  assert.equal(huffmanDecode(hex("1f"), 0, 1, new Uint8Array(0)), -1);
});

test("what the encoder writes, the decoder reads", () => {
  const latin1 = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) });
  const known = fc.constantFrom(...STATIC_TABLE.slice(1)).map(({ name, value }) => [name, value] as const);
  const field = fc.oneof(fc.tuple(latin1, latin1), known);
  fc.assert(
    fc.property(fc.array(field, { maxLength: 20 }), (fields) => {
      const decoder = new HpackDecoder(limits);
      assert.deepEqual(
        decode(decoder, encodeHeaders(fields)),
        fields.map(([name, value]) => `${name}: ${value}`),
      );
    }),
    { seed: 3, numRuns: 300 },
  );
});

/** What an encoder with a dynamic table might do next. */
type Step =
  | { type: "insert"; name: string; value: string }
  | { type: "refer"; age: number }
  | { type: "resize"; to: number };

test("the dynamic table holds what a table kept the simple way holds", () => {
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({
      type: fc.constant("insert" as const),
      name: fc.string({ maxLength: 9 }),
      value: fc.string({ maxLength: 90 }),
    }),
    fc.record({ type: fc.constant("refer" as const), age: fc.nat(8) }),
    fc.record({ type: fc.constant("resize" as const), to: fc.nat(300) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const decoder = new HpackDecoder({ ...limits, tableSize: 300 });
      let table: [string, string][] = [];
      let most = 300;
      const trim = (): void => {
        const size = (): number => table.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
        while (size() > most) table.pop();
      };
      for (const each of steps) {
        const block = new Uint8Array(400);
        let expected: string[] | undefined = [];
        let end = 0;
        if (each.type === "resize") {
          end = writeInteger(block, 0, 0x20, 5, each.to);
          most = each.to;
        } else if (each.type === "insert") {
          end = writeString(block, writeString(block, writeInteger(block, 0, 0x40, 6, 0), each.name), each.value);
          expected = [`${each.name}: ${each.value}`];
          table = [[each.name, each.value], ...table];
        } else {
          end = writeInteger(block, 0, 0x80, 7, 62 + each.age);
          const entry = table[each.age];
          expected = entry && [`${entry[0]}: ${entry[1]}`];
        }
        trim();
        assert.deepEqual(decode(decoder, block.subarray(0, end)), expected);
        assert.equal(decoder.table.count, table.length);
      }
    }),
    { seed: 4, numRuns: 300 },
  );
});

test("malformed blocks are refused, not guessed at", () => {
  const refused = {
    "index 0": "80",
    "index beyond the table": "be",
    "name index beyond the table": "7f00",
    "integer cut short": "ff",
    "integer without end": "ffffffffffffff",
    "string longer than the block": "000561",
    "string without octets": "00",
    "value missing": "000161",
    "size update above what was announced": "3fe2ff03",
    "size update behind a field": "8220",
    "broken Huffman string": "008100",
  };
  for (const [what, block] of Object.entries(refused)) {
    assert.equal(decode(new HpackDecoder(limits), hex(block)), undefined, what);
  }
});

test("a list above the limits is cut, and the table stays in step", () => {
  const decoder = new HpackDecoder({ tableSize: 4096, listSize: 200, fields: 3 });
  const list = (block: Uint8Array): HeaderList => decoder.decode(block, 0, block.length) as HeaderList;
  const insert = new Uint8Array(300);
  const end = writeString(insert, writeString(insert, writeInteger(insert, 0, 0x40, 6, 0), "long"), "v".repeat(170));
  const bomb = list(concat([insert.subarray(0, end), new Uint8Array(10_000).fill(0xbe)]));
  assert.equal(bomb.tooLarge, true);
  assert.deepEqual(bomb.fields, []);
  assert.equal(list(hex("82 82 82 82")).fields.length, 3);
  assert.equal(decoder.table.count, 1);
});

test("random octets decode or fail, within bounds", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 10 }), (blocks) => {
      const decoder = new HpackDecoder(limits);
      for (const block of blocks) decoder.decode(block, 0, block.length);
      assert.ok(decoder.table.size <= limits.tableSize);
    }),
    { seed: 5, numRuns: 2000 },
  );
});
