import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { malformed } from "../history.ts";
import { HistoryError } from "./history-error.ts";
import { readHistory } from "./read-history.ts";
import { synodLines } from "./synod-format.ts";

const testdata = join(import.meta.dirname, "..", "..", "testdata");

/** A history that can be judged, or a HistoryError that points into the text: nothing else may come of any input. */
function survives(data: string | Uint8Array): void {
  try {
    const { history } = readHistory(data);
    assert.equal(malformed(history), undefined);
  } catch (error) {
    if (!(error instanceof HistoryError)) throw error;
    assert.ok(error.line >= 1 && error.column >= 1);
    assert.ok(error.message.length < 1000, "a message is for a person");
  }
}

function beginning(folder: string, name: string): string {
  return readFileSync(join(testdata, folder, name), "utf8").slice(0, 1500);
}

const samples: readonly string[] = [
  beginning("porcupine-kv", "c10-bad.txt"),
  beginning("knossos-cas-register/bad", "rethink-fail-smaller.edn"),
  [...synodLines(readHistory(readFileSync(join(testdata, "porcupine-kv", "c01-bad.txt"))))].join("\n").slice(0, 1500),
  '[{"process":0,"type":"invoke","f":"txn","value":[["append",1,2],["r",1,null]],"time":5,"index":0}]',
  '[{"ClientId":1,"Input":{"op":0,"key":"k","value":""},"Call":5,"Output":{"value":"v"},"Return":9}]',
  "INFO  jepsen.util - 4\t:invoke\t:cas\t[1 4]\nINFO  jepsen.util - 4\t:fail\t:cas\t[1 4]\n",
];

test("texts made of a history's punctuation", () => {
  const pieces = [
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    '"',
    ":",
    ",",
    "#",
    "#{",
    "#_",
    "\\",
    "^",
    ";",
    "\n",
    "\r\n",
    " ",
    "\t",
  ];
  const words = [
    ":process",
    ":type",
    ":invoke",
    ":f",
    "nil",
    "null",
    "0",
    "-1",
    "1e9",
    "1N",
    "1/2",
    "##NaN",
    "\u0000",
    "\ud800",
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces, ...words), { maxLength: 60 }), (parts) => survives(parts.join(""))),
    {
      seed: 1,
      numRuns: 3000,
    },
  );
});

test("real histories with something cut, doubled or overwritten", () => {
  const change = fc.record({
    sample: fc.constantFrom(...samples),
    from: fc.nat(1500),
    length: fc.nat(40),
    by: fc.oneof(
      fc.string({ maxLength: 8 }),
      fc.constantFrom("{", "]", '"', "\\", "\n", "99999999999999999999", "#_", "nil"),
    ),
  });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
      let text = changes[0]?.sample ?? "";
      for (const { from, length, by } of changes) text = text.slice(0, from) + by + text.slice(from + length);
      survives(text);
    }),
    { seed: 2, numRuns: 3000 },
  );
});

test("real histories cut off anywhere", () => {
  for (const sample of samples)
    for (let length = 0; length < sample.length; length += 3) survives(sample.slice(0, length));
});

test("bytes", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.tuple(fc.constantFrom(...samples), fc.nat(1500), fc.integer({ min: 0, max: 255 })).map(([sample, at, byte]) => {
      const encoded = new TextEncoder().encode(sample);
      encoded[at % encoded.length] = byte;
      return encoded;
    }),
  );
  fc.assert(fc.property(bytes, survives), { seed: 3, numRuns: 2000 });
});

test("operation maps with any values in any field", () => {
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom("invoke", "ok", "info", "cas", "txn", "__proto__", -0),
  );
  const fields = [
    "process",
    "type",
    "f",
    "value",
    "time",
    "key",
    "node",
    "__proto__",
    "Call",
    "ClientId",
    "Input",
    "synod",
    "fault",
  ];
  const operation = fc.dictionary(fc.constantFrom(...fields), value, { noNullPrototype: true });
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 5 }), (history) => survives(JSON.stringify(history))),
    {
      seed: 4,
      numRuns: 3000,
    },
  );
});
