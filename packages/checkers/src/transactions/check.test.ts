import assert from "node:assert/strict";
import { test } from "node:test";
import type { History } from "../history.ts";
import type { Verdict } from "../verdict.ts";
import { analyze, checkTransactions, checkTransactionTable } from "./check.ts";
import { operationOf, tableOf } from "./micro-operations.ts";
import { TransactionTable } from "./table.ts";
import { story } from "./testing/story.ts";

const HALF = `
  1 0..10: append x 1, append y 1
  7 0..12: r x [1], r y []
  3 5..20: r y [1]`;

function reasonOf(verdict: Verdict): string {
  assert.equal(verdict.type, "unknown");
  return verdict.type === "unknown" ? verdict.reason : "";
}

test("a cycle is told in plain English, with the transactions on it and an edge for each step", () => {
  const verdict = checkTransactions(story(HALF), { workload: "list-append" });
  assert.ok(verdict.type === "illegal");
  const [{ anomaly, reason, operations, edges }] = verdict.violations;
  assert.equal(anomaly, "G-single");
  assert.deepEqual(operations, story(HALF).slice(0, 2));
  assert.deepEqual(edges, [
    {
      from: 1,
      to: 0,
      kind: "rw",
      because: "T2 read y = [], without the 1 that T1 appended next (process 3 read y = [1])",
    },
    { from: 0, to: 1, kind: "wr", because: "T2 read x = [1], and T1 appended the 1" },
  ]);
  assert.equal(
    reason,
    "G-single: a cycle with exactly one read that missed a write. " +
      "T1 is process 1's transaction (0..10); T2 is process 7's transaction (0..12). " +
      "T2 came before T1: T2 read y = [], without the 1 that T1 appended next (process 3 read y = [1]). " +
      "T1 came before T2: T2 read x = [1], and T1 appended the 1. So T2 came before itself: a contradiction.",
  );
  assert.equal(verdict.not?.[0], "read-atomic");
  assert.equal(verdict.not?.at(-1), "strict-serializable");
});

test("what was promised decides: half of a transaction is no fault of a read committed database", () => {
  const verdict = checkTransactions(story(HALF), { workload: "list-append", models: ["read-committed"] });
  assert.equal(verdict.type, "ok");
  assert.equal(verdict.type === "ok" && verdict.weakest, "cursor-stability");
});

test("real time and the order of clients may be left out, and then nothing is said of models that need them", () => {
  const stale = story(`
    1 0..5: append x 1
    1 6..9: r x []
    2 6..9: r x [1]`);
  assert.equal(checkTransactions(stale, { workload: "list-append" }).type, "illegal");
  const untimed = checkTransactions(stale, { workload: "list-append", realtime: false });
  assert.equal(untimed.type, "illegal");
  const free = checkTransactions(stale, { workload: "list-append", realtime: false, process: false });
  assert.deepEqual(free, { type: "ok", weakest: "serializable" });
});

test("the first few of each anomaly are told, with the number of all", () => {
  const lines = Array.from({ length: 9 }, (_, place) => `${place} 0..9: r x${place} [9]`);
  const verdict = checkTransactions(story(lines.join("\n")), { workload: "list-append", mostOfEach: 2 });
  assert.ok(verdict.type === "illegal");
  assert.equal(verdict.violations.length, 2);
  assert.match(verdict.violations[0].reason, /\(The first of 9 that were found\.\)$/);
});

test("a history that is none of transactions is not judged, and the reason says where it is wrong", () => {
  const wrong = (input: unknown): History => [
    { process: 4, key: "", f: "txn", input, output: input, call: 1, return: 2, outcome: "ok" },
  ];
  const reason = (input: unknown): string => reasonOf(checkTransactions(wrong(input), { workload: "list-append" }));
  assert.match(reason(7), /operation 0 \(process 4\) is not a transaction/);
  assert.match(reason([["r", "x"]]), /is not \[verb, key, value\]: \["r","x"\]/);
  assert.match(reason([["r", "x", 3]]), /read something else than a list/);
  assert.match(reason([["w", "x", 3]]), /is neither "r" nor "append"/);
  assert.match(reason([["append", null, 3]]), /neither text nor a number/);
});

test("a model that nobody knows is refused with the names of those that there are", () => {
  const judge = (): Verdict => checkTransactions([], { workload: "list-append", models: ["linear"] });
  assert.throws(judge, /no consistency model is called "linear"; there are: read-uncommitted, /);
});

test("the same value twice makes a key unclear, but hides no fault of another key", () => {
  const unclear = `
    1 0..10: append x 1
    2 0..10: append x 1`;
  const reason = reasonOf(checkTransactions(story(unclear), { workload: "list-append" }));
  assert.equal(reason, "Some keys cannot be judged: 1 was written to x more than once, or was there from the start.");
  const fault = `${unclear}\n3 0..10: append y 1, r y []`;
  assert.equal(checkTransactions(story(fault), { workload: "list-append" }).type, "illegal");
});

test("a search that was stopped is unknown, unless something was found before", () => {
  const isOver = (): boolean => true;
  const skew = `
    1 0..10: r x [], append y 1
    2 0..10: r y [], append x 1`;
  const options = { workload: "list-append", maxSteps: 0, isOver } as const;
  assert.match(reasonOf(checkTransactions(story(skew), options)), /^Gave up the search for .*G2-item/);
  assert.equal(checkTransactions(story(`${skew}\n3 0..10: r x [9]`), options).type, "illegal");
  assert.equal(checkTransactions(story("1 0..10: r x []"), options).type, "ok");
});

test("a table that was filled row by row is judged like the history that it stands for", () => {
  const table = new TransactionTable("list-append");
  table.begin(1, "ok", 0, 10);
  table.write("x", 1);
  table.write("y", 1);
  table.begin(7, "ok", 0, 12);
  table.readList("x", [1]);
  table.readList("y", null);
  table.begin(3, "ok", 5, 20);
  table.readList("y", [1]);
  assert.deepEqual(checkTransactionTable(table), checkTransactions(story(HALF), { workload: "list-append" }));
});

test("a row as an operation is what the table was made of", () => {
  const history = story(`
    1 0..10: append x 1, append x 2, r x [1 2]
    2 0..10 fail: append x 3, r y
    3 0.. unknown: append x 4
    4 0..10: r x [4 1], r y []`);
  const table = tableOf(history, "list-append");
  assert.ok(typeof table !== "string");
  assert.deepEqual(
    history.map((_, row) => operationOf(table, row)),
    history,
  );
});

test("values may be anything: text is not a number, lists with the same content are the same", () => {
  const table = new TransactionTable("rw-register", "nothing");
  table.begin(1, "ok", 0, 9);
  for (const value of ["1", -3, 2.5, true, [1], 3_000_000_000]) table.write("x", value);
  for (const value of [1, [1], "nothing"]) {
    table.begin(2, "ok", 0, 9);
    table.readRegister("x", value);
  }
  const { counts } = analyze(table);
  assert.equal(counts.get("garbage read"), 1);
  assert.equal(counts.get("G1b"), 1);
});

test("many readers and writers of one end of a list share their edges, and lose no cycle", () => {
  const writers = Array.from({ length: 300 }, (_, place) => `${place} 0..10: append x ${place}, append y${place} 1`);
  const readers = Array.from({ length: 300 }, (_, place) => `${place + 300} 0..10: r x [], r y${place} [1]`);
  const verdict = checkTransactions(story([...writers, ...readers].join("\n")), { workload: "list-append" });
  assert.ok(verdict.type === "illegal");
  assert.equal(verdict.violations[0].anomaly, "G-single");
  assert.match(verdict.violations[0].reason, /\(The first of \d+ that were found\.\)$/);
});

test("a long history in a row is a deep graph, which needs no deep stack", () => {
  const table = new TransactionTable("rw-register");
  for (let place = 0; place < 30_000; place += 1) {
    table.begin(place % 5, "ok", place * 2, place * 2 + 1);
    table.readRegister("x", place === 0 ? null : place - 1);
    table.write("x", place);
  }
  assert.deepEqual(checkTransactionTable(table), { type: "ok", weakest: "strict-serializable" });
});

test("registers: the reason says what the order of the values rests on", () => {
  const verdict = checkTransactions(
    story(`
      1 0..10: w x 1
      2 0..10: r x 1, w x 2, w y 1
      3 0..10: r x 1, r y 1`),
    { workload: "rw-register" },
  );
  assert.ok(verdict.type === "illegal");
  assert.deepEqual(
    verdict.violations[0].edges?.map(({ because }) => because),
    [
      "T2 read x = 1, which is older than the 2 that T1 wrote, because T1 had 1 and then wrote 2",
      "T2 read y = 1, and T1 wrote the 1",
    ],
  );
});
