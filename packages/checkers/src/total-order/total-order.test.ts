import assert from "node:assert/strict";
import { test } from "node:test";
import type { History, Operation } from "../history.ts";
import { random } from "../oracle/random.ts";
import { reasonOf } from "../verdict.ts";
import { checkTotalOrder, type TotalOrderOptions } from "./total-order.ts";

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

function permutations(items: readonly string[]): string[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}

test("order and gaps agree with the definition: some sequence of which every process delivered a beginning", () => {
  const messages = ["a", "b", "c", "d"];
  const seen = { ok: 0, "total order": 0, gap: 0 };
  for (let seed = 1; seed <= 4_000; seed += 1) {
    const draw = random(seed);
    const sequences = [1, 2, 3].map(() => {
      const own = [...messages];
      if (draw(3) === 0) own.splice(draw(3), 0, own.splice(draw(4), 1)[0] as string);
      if (draw(4) === 0) own.splice(draw(4), 1);
      return own.slice(0, 1 + draw(4));
    });
    const history = [...said(...messages), ...sequences.flatMap((own, process) => deliver(process, ...own))];
    const orders = permutations(messages);
    const isOrdered = orders.some((order) =>
      sequences.every((own) =>
        own.every((message, at) => at === 0 || order.indexOf(own[at - 1]!) < order.indexOf(message)),
      ),
    );
    const isWhole = orders.some((order) => sequences.every((own) => own.every((message, at) => order[at] === message)));
    const expected = !isOrdered ? "total order" : isWhole ? "ok" : "gap";
    const [found] = anomalies(history);
    assert.equal(found, expected, `seed ${seed}: ${JSON.stringify(sequences)}`);
    seen[expected] += 1;
  }
  for (const often of Object.values(seen)) assert.ok(often > 100, JSON.stringify(seen));
});
