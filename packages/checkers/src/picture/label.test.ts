import assert from "node:assert/strict";
import { test } from "node:test";
import { describe, labelOf, valueText } from "./label.ts";
import { op, txn } from "./samples-testing.ts";

test("an operation is one short line", () => {
  const lines: [ReturnType<typeof op>, string][] = [
    [op(1, "read", null, 3, 1, 2), "read → 3"],
    [op(1, "read", null, null, 1, 2), "read → nil"],
    [op(1, "read", null, null, 1, undefined), "read → ?"],
    [op(1, "write", "a b", null, 1, 2), 'write "a b"'],
    [op(1, "write", 0, null, 1, undefined), "write 0 ?"],
    [op(1, "cas", { from: 1, to: 2 }, true, 1, 2), "cas 1→2 done"],
    [op(1, "cas", [1, 2], false, 1, 2), "cas 1→2 refused"],
    [op(1, "enqueue", 7, null, 1, 2), "enqueue 7"],
    [op(1, "dequeue", null, 7, 1, 2), "dequeue → 7"],
    [{ ...op(1, "write", 5, undefined, 1, 2), outcome: "fail" }, "write 5 failed"],
    [
      txn(
        1,
        [
          ["r", "x", [1, 2]],
          ["append", "y", 3],
        ],
        1,
        2,
      ),
      "r x → [1 2], append y 3",
    ],
    [
      txn(
        1,
        [
          ["r", "x", null],
          ["w", "x", 3],
        ],
        1,
        2,
      ),
      "r x → nil, w x 3",
    ],
  ];
  assert.deepEqual(
    lines.map(([operation]) => labelOf(operation)),
    lines.map(([, text]) => text),
  );
});

test("who wants to know all is told client, key, outcome and server", () => {
  assert.equal(describe(op(2, "read", null, 3, 1, 2, "n1")), 'client 2: read → 3 of "x", answered by n1');
  assert.equal(describe(op(2, "write", 3, null, 1, undefined)), 'client 2: write 3 ? of "x" (outcome unknown)');
});

test("values are shown as what they are, also where they would hide or turn the text around", () => {
  assert.equal(valueText({ a: [1, null], b: "x" }), "{a: [1 nil], b: x}");
  assert.equal(valueText("\u202eevil"), '"\\u202eevil"');
  assert.equal(valueText("a\u0000b"), '"a\\u0000b"');
  assert.equal(valueText("\ud800"), '"\\ud800"');
});
