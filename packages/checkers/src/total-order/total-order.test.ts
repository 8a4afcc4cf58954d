import assert from "node:assert/strict";
import { test } from "node:test";
import type { History, Operation } from "../history.ts";
import { reasonOf } from "../verdict.ts";
import { checkTotalOrder, type TotalOrderOptions } from "./total-order.ts";
import { orderByDefinition, randomDeliveries } from "./trials.ts";

let clock = 0;
const op = (process: number, f: string, input: unknown, output: unknown): Operation => {
  clock += 10;
  return { process, key: "", f, input, output, call: clock, return: clock + 1, outcome: "ok" };
};
const broadcast = (process: number, message: string): Operation => op(process, "broadcast", message, null);
const deliver = (process: number, ...messages: string[]): Operation[] =>
  messages.map((message) => op(process, "deliver", null, message));

function anomalies(history: History, options: TotalOrderOptions = {}): string[] {
  const verdict = checkTotalOrder(history, options);
  return verdict.type === "illegal" ? verdict.violations.map(({ anomaly }) => anomaly) : [verdict.type];
}

const said = (...messages: string[]): Operation[] => messages.map((message) => broadcast(9, message));

test("two processes deliver two messages in different orders", () => {
  const history = [...said("a", "b"), ...deliver(1, "a", "b"), ...deliver(2, "b", "a")];
  assert.deepEqual(anomalies(history), ["total order"]);
  assert.match(
    reasonOf(checkTotalOrder(history)),
    /process 1 delivered "a" .* before "b" .*process 2 delivered "b" .* before "a"/,
  );
  assert.deepEqual(anomalies([...said("a", "b"), ...deliver(1, "a", "b"), ...deliver(2, "a", "b")]), ["ok"]);
});

test("three processes disagree in a circle although no two of them do", () => {
  const history = [...said("a", "b", "c"), ...deliver(1, "a", "b"), ...deliver(2, "b", "c"), ...deliver(3, "c", "a")];
  assert.deepEqual(anomalies(history), ["total order"]);
  const verdict = checkTotalOrder(history);
  assert.equal(verdict.type === "illegal" && verdict.violations[0].edges?.length, 3);
});

test("a prefix is behind; a hole is a gap", () => {
  const sent = said("a", "b", "c");
  assert.deepEqual(anomalies([...sent, ...deliver(1, "a", "b", "c"), ...deliver(2, "a", "b")]), ["ok"]);
  const hole = [...sent, ...deliver(1, "a", "b", "c"), ...deliver(2, "a", "c")];
  assert.deepEqual(anomalies(hole), ["gap"]);
  assert.match(
    reasonOf(checkTotalOrder(hole)),
    /Process 2 delivered "c" .* without "b", which process 1 had delivered/,
  );
});

test("a message twice, from nobody, from somebody who was refused, or before it was broadcast", () => {
  assert.deepEqual(anomalies([...said("a"), ...deliver(1, "a", "a")]), ["duplicate delivery"]);
  assert.deepEqual(anomalies(deliver(1, "a")), ["created message"]);
  assert.deepEqual(anomalies([{ ...broadcast(9, "a"), outcome: "fail" }, ...deliver(1, "a")]), ["created message"]);
  assert.deepEqual(anomalies([...deliver(1, "a"), ...said("a")]), ["created message"]);
  assert.deepEqual(anomalies([{ ...broadcast(9, "a"), outcome: "unknown" }, ...deliver(1, "a")]), ["ok"]);
});

test("of a complete history: everybody correct delivers everything, and at least its own", () => {
  const history = [broadcast(1, "a"), ...deliver(1, "a"), ...deliver(2, "a")];
  assert.deepEqual(anomalies(history, { complete: true }), ["ok"]);
  assert.deepEqual(anomalies(history, { complete: true, correct: [1, 2, 3] }), ["agreement"]);
  assert.deepEqual(anomalies([broadcast(1, "a")], { complete: true }), ["validity"]);
  assert.deepEqual(anomalies([broadcast(1, "a")], { complete: true, correct: [] }), ["ok"], "it crashed");
  assert.deepEqual(anomalies([broadcast(1, "a")]), ["ok"], "it may still come");
});

test("order and gaps agree with the definition: some sequence of which every process delivered a beginning", () => {
  const seen = { ok: 0, "total order": 0, gap: 0 };
  for (let seed = 1; seed <= 4_000; seed += 1) {
    const history = randomDeliveries(seed);
    const expected = orderByDefinition(history);
    assert.equal(anomalies(history)[0], expected, `seed ${seed}: ${JSON.stringify(history)}`);
    seen[expected] += 1;
  }
  for (const often of Object.values(seen)) assert.ok(often > 100, JSON.stringify(seen));
});
