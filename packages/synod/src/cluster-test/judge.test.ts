import assert from "node:assert/strict";
import { test } from "node:test";
import type { Operation } from "@synod/checkers/history";
import { assertLinearizable } from "./judge.ts";

function ok(f: string, input: unknown, output: unknown, call: number, key = "k"): Operation {
  return { process: 1, key, f, input, output, call, return: call + 5, outcome: "ok" };
}

const put = (value: string, revision: number, call: number, key?: string): Operation =>
  ok("put", value, { revision }, call, key);
const get = (value: string | null, revision: number, storeRevision: number, call: number): Operation =>
  ok("get", null, { value, revision, storeRevision }, call);

test("what was written is read", () => {
  assertLinearizable([get(null, 0, 1, 0), put("a", 2, 10), get("a", 2, 2, 20)]);
});

test("an acknowledged write that nobody can read any more is found", () => {
  assert.throws(
    () => assertLinearizable([put("a", 2, 0), put("b", 3, 10), get("a", 2, 2, 20)]),
    /process 1 got "a" of revision 2 .* could only be "b" of revision 3/,
  );
});

test("a read of the right value at a revision from before another key's write is found", () => {
  const history = [put("a", 2, 0), put("b", 3, 10, "other"), get("a", 2, 2, 20)];
  assert.throws(() => assertLinearizable(history), /contradict each other: revision 3 was told before revision 2/);
});

test("two writes that were both told the same revision are found", () => {
  assert.throws(() => assertLinearizable([put("a", 2, 0), put("b", 2, 0, "other")]), /both made revision 2/);
});
