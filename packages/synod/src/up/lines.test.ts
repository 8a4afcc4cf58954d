import assert from "node:assert/strict";
import { test } from "node:test";
import { Lines } from "./lines.ts";

test("lines come out whole, however the stream is cut", () => {
  const seen: string[] = [];
  const lines = new Lines((line) => seen.push(line));
  for (const piece of ["on", "e\ntw", "o\n\nthr", "ee"]) lines.push(piece);
  assert.deepEqual(seen, ["one", "two", ""]);
  lines.end();
  assert.deepEqual(seen, ["one", "two", "", "three"]);
});

test("a line without an end does not grow for ever", () => {
  const seen: string[] = [];
  const lines = new Lines((line) => seen.push(line), 4);
  lines.push("123456");
  lines.push("7\n");
  assert.deepEqual(seen, ["123456", "7"]);
});
