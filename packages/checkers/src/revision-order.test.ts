import assert from "node:assert/strict";
import { test } from "node:test";
import type { Operation } from "./history.ts";
import { checkRevisionOrder, type RevisionOf } from "./revision-order.ts";
import { reasonOf } from "./verdict.ts";

const revisionOf: RevisionOf = ({ f, output }) => ({
  kind: f === "put" ? "write" : "read",
  revision: output as number,
});

function ok(f: string, key: string, revision: number, call: number, end: number): Operation {
  return { process: call, key, f, input: null, output: revision, call, return: end, outcome: "ok" };
}

test("revisions that grow with time, over all keys", () => {
  const history = [
    ok("put", "a", 2, 0, 10),
    ok("put", "b", 3, 5, 8),
    ok("get", "a", 3, 12, 13),
    ok("put", "a", 4, 12, 20),
  ];
  assert.deepEqual(checkRevisionOrder(history, revisionOf), { type: "ok" });
});

test("concurrent operations may have their revisions in any order", () => {
  const history = [ok("put", "a", 3, 0, 10), ok("put", "b", 2, 10, 20), ok("get", "a", 1, 5, 6)];
  assert.deepEqual(checkRevisionOrder(history, revisionOf), { type: "ok" });
});

test("two writes cannot make the same revision", () => {
  const verdict = checkRevisionOrder([ok("put", "a", 2, 0, 10), ok("put", "b", 2, 5, 8)], revisionOf);
  assert.equal(
    reasonOf(verdict),
    `process 0's put of "a" (0..10) and process 5's put of "b" (5..8) contradict each other: both made revision 2.`,
  );
});

test("a write below what another key was told before is a store that went back in time", () => {
  const verdict = checkRevisionOrder([ok("put", "a", 7, 0, 10), ok("put", "b", 6, 11, 12)], revisionOf);
  assert.equal(verdict.type === "illegal" && verdict.violations[0].key, "b");
});

test("a read served at a revision below what was told before is stale", () => {
  assert.equal(checkRevisionOrder([ok("put", "a", 7, 0, 10), ok("get", "b", 6, 11, 12)], revisionOf).type, "illegal");
  assert.equal(checkRevisionOrder([ok("put", "a", 7, 0, 10), ok("get", "b", 7, 11, 12)], revisionOf).type, "ok");
});

test("what failed or was never answered tells nothing", () => {
  const failed: Operation = { ...ok("put", "b", 1, 11, 12), outcome: "fail" };
  assert.equal(
    checkRevisionOrder([ok("put", "a", 7, 0, 10), failed, { ...failed, outcome: "unknown" }], revisionOf).type,
    "ok",
  );
});
