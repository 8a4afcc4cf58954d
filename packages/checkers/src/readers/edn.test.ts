import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_READ_LIMITS } from "./cursor.ts";
import { readEdn } from "./edn.ts";
import { HistoryError } from "./history-error.ts";

function values(text: string): unknown[] {
  return [...readEdn(text)].map(({ value }) => value);
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

test("maps, vectors, lists, sets, keywords, texts and numbers become plain values", () => {
  assert.deepEqual(values('{:f :cas, :value [0 "x"] :error (:a b) :seen #{1 2}, :time -5, nil true}'), [
    { f: "cas", value: [0, "x"], error: ["a", "b"], seen: [1, 2], time: -5, null: true },
  ]);
});

test("a vector or list at the top is read element by element, and values may follow each other", () => {
  assert.deepEqual(values("[1 2]\n(3) 4 {:a 1}{:a 2}"), [1, 2, 3, 4, { a: 1 }, { a: 2 }]);
  assert.deepEqual(
    [...readEdn(" [{} \n nil]")],
    [
      { at: 2, value: {} },
      { at: 7, value: null },
    ],
  );
});

test("comments, commas and what is discarded are white space", () => {
  assert.deepEqual(values("; first\n1,2 #_ 3 #_#_4 5 [6 #_[7 8]] ;last"), [1, 2, 6]);
});

test("tags and metadata leave the value", () => {
  assert.deepEqual(values('#inst "2026-01-01" #jepsen.history.Op{:f :read} ^:hint 4 #:ns{:a 1}'), [
    "2026-01-01",
    { f: "read" },
    4,
    { a: 1 },
  ]);
});

test("escapes and characters", () => {
  assert.deepEqual(
    values(String.raw`"a\n\t\"\\é\101" \a \newline \u0041 \( "two
lines" #"a\d"`),
    ['a\n\t"\\éA', "a", "\n", "A", "(", "two\nlines", "a\\d"],
  );
});

test("integers that a double cannot hold stay exact", () => {
  assert.deepEqual(
    values("9007199254740991 9007199254740993 12345678901234567890 5N 99999999999999999999N 0x1F -0 1.5M"),
    [9007199254740991, 9007199254740993n, 12345678901234567890n, 5, 99999999999999999999n, 31, -0, 1.5],
  );
});

test("what cannot be compared, or is no EDN, is refused with its place", () => {
  for (const [text, expected] of [
    ["1/2", "bad-number 1:1"],
    ["\n ##NaN", "bad-number 2:2"],
    ["[1 ##Inf]", "bad-number 1:4"],
    ["1e999", "bad-number 1:1"],
    ["12ab", "bad-number 1:1"],
    ["007", "bad-number 1:1"],
    [`${"9".repeat(500)}`, "bad-number 1:1"],
    ["{:a}", "bad-syntax 1:1"],
    ["{:a 1 :a 2}", "bad-syntax 1:1"],
    ["[1 2}", "bad-syntax 1:5"],
    ["]", "bad-syntax 1:1"],
    [": ", "bad-syntax 1:1"],
    ["@x", "bad-syntax 1:1"],
    ["[\u0000]", "bad-syntax 1:2"],
    [String.raw`"\q"`, "bad-syntax 1:3"],
    [String.raw`\nonsense`, "bad-syntax 1:1"],
    ["{:f\r\n :read", "truncated 1:1"],
    ['"abc', "truncated 1:1"],
    ["#", "truncated 1:2"],
    ["#_", "truncated 1:3"],
    [`${"[".repeat(100_000)}`, "too-deep 1:66"],
    [`${"#_".repeat(100_000)}`, "too-deep 1:131"],
    [`${"#a ".repeat(100_000)}1`, "too-deep 1:195"],
    [`${"^a ".repeat(100_000)}1`, "too-deep 1:194"],
    [`"${"x".repeat(DEFAULT_READ_LIMITS.maxString)}"`, "too-long 1:1"],
    [`:${"x".repeat(DEFAULT_READ_LIMITS.maxString + 1)}`, "too-long 1:1"],
  ] as const) {
    assert.equal(refusal(text), expected, text.slice(0, 60));
  }
});

test("a key named like a prototype is a key like others", () => {
  const [value] = values('{"__proto__" {:polluted true} :constructor 1}') as [object];
  assert.deepEqual(Object.keys(value), ["__proto__", "constructor"]);
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  assert.equal(({} as { polluted?: boolean }).polluted, undefined);
});
