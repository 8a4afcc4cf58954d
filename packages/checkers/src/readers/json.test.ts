import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { HistoryError } from "./history-error.ts";
import { readJson } from "./json.ts";
import { jsonOf } from "./write-json.ts";

function values(text: string): unknown[] {
  return [...readJson(text)].map(({ value }) => value);
}

function refusal(text: string): string {
  try {
    values(text);
  } catch (error) {
    assert.ok(error instanceof HistoryError, String(error));
    return `${error.code} ${error.line}:${error.column}`;
  }
  return "accepted";
}

test("whatever JSON can say is read as JSON.parse reads it, but for integers that it would round", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      const text = JSON.stringify([value], undefined, 1);
      fc.pre(!/\d{16}/.test(text));
      assert.deepEqual(values(text), JSON.parse(text));
    }),
    { seed: 4, numRuns: 300 },
  );
});

test("what is written is read again, bigints and -0 too", () => {
  const leaf = fc.oneof(
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 70n }),
    fc.constant(-0),
    fc.integer(),
    fc.double({ noDefaultInfinity: true, noNaN: true }),
    fc.string(),
    fc.constant(null),
  );
  const value = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie("node")),
      fc.dictionary(fc.string(), tie("node"), { noNullPrototype: true }),
    ),
  })).node;
  fc.assert(
    fc.property(value, (value) => assert.deepEqual(values(`[${jsonOf(value)}]`), [value])),
    { seed: 5, numRuns: 300 },
  );
  assert.throws(() => jsonOf(Number.NaN), RangeError);
});

test("lines, with whatever ends them, and one array are the same", () => {
  assert.deepEqual(values('{"a":1}\r\n{"a":2}\n\n{"a":3}'), [{ a: 1 }, { a: 2 }, { a: 3 }]);
  assert.deepEqual(values(' [ {"a":1} , {"a":2} ] '), [{ a: 1 }, { a: 2 }]);
  assert.deepEqual(values("[]"), []);
});

test("what is no JSON is refused with its place", () => {
  for (const [text, expected] of [
    ['{"a":1,}', "bad-syntax 1:8"],
    ["{a:1}", "bad-syntax 1:2"],
    ["[1 2]", "bad-syntax 1:4"],
    ["[1,,2]", "bad-syntax 1:4"],
    ["[1,", "truncated 1:1"],
    ['\n{"f":"wri', "truncated 2:6"],
    ['{"f":"wri\n', "bad-syntax 1:10"],
    ['{"f":1', "truncated 1:1"],
    ['{"a":1,"a":2}', "bad-syntax 1:8"],
    ["NaN", "bad-number 1:1"],
    ["[-Infinity]", "bad-number 1:2"],
    ["1e400", "bad-number 1:1"],
    ["01", "bad-number 1:1"],
    ["1.", "bad-number 1:1"],
    ["+1", "bad-number 1:1"],
    ["nul", "bad-syntax 1:1"],
    ["\u0000", "bad-syntax 1:1"],
    [String.raw`"\x"`, "bad-syntax 1:3"],
    [String.raw`"\u12g4"`, "bad-syntax 1:4"],
    ["[".repeat(1_000_000), "too-deep 1:66"],
    [`${'{"a":'.repeat(1_000_000)}`, "too-deep 1:326"],
    ["7".repeat(10_000_000), "bad-number 1:1"],
    [`"${"x".repeat(100_000_000)}"`, "too-long 1:1"],
  ] as const) {
    assert.equal(refusal(text), expected, text.slice(0, 60));
  }
});

test("a name like that of a prototype is a name like others", () => {
  const [value] = values('{"__proto__":{"polluted":true}}') as [object];
  assert.deepEqual(Object.keys(value), ["__proto__"]);
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
});
