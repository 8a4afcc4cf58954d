import assert from "node:assert/strict";
import { test } from "node:test";
import type { History, Operation } from "../history.ts";
import { createClock } from "./clock.ts";
import { explain, inUnits } from "./explain.ts";
import { illegal, op, staleRead, writeSkew } from "./samples-testing.ts";

/** What is said of a read that ends the history and is to blame. */
function toldOf(history: History): string {
  const culprit = history.at(-1) as Operation;
  const violation = { anomaly: "not linearizable", reason: "It is so.", operations: history, key: "x", culprit };
  return explain(illegal(violation), history, [], { unit: "ms" });
}

test("a stale read: who answered what and when, what had been written over it, and the fault that was on", () => {
  const { verdict, history, faults, unit } = staleRead();
  const text = explain(verdict, history, faults, { unit: unit ?? "unknown" });
  assert.ok(
    text.startsWith(
      "n2 answered client 2's read with 3 at 412 ms although client 3's write 4 at n1 had finished at 380 ms.",
    ),
    text,
  );
  assert.ok(text.endsWith("At that time a partition (n2 | n1 n3) was on, 300 to 440 ms."), text);
});

test("a value out of thin air, and one from the future", () => {
  const thin = toldOf([op(1, "write", 1, null, 100, 200), op(2, "read", null, 7, 300, 400)]);
  assert.equal(thin, "Client 2's read was answered with 7 at 400 ms although nobody ever wrote 7. It is so.");
  const future = toldOf([op(1, "write", 7, null, 500, 600), op(2, "read", null, 7, 300, 400)]);
  assert.match(
    future,
    /^Client 2's read was answered with 7 at 400 ms although 7 was first written after that: client 1's write 7 was called at 500 ms\./,
  );
});

test("absence counts as written at the beginning", () => {
  const lost = toldOf([op(1, "write", 7, null, 100, 200), op(2, "read", null, null, 300, 400)]);
  assert.match(
    lost,
    /^Client 2's read was answered with nil at 400 ms although client 1's write 7 had finished at 200 ms\./,
  );
});

test("where no single operation contradicts the answer, none is named", () => {
  const open = [
    op(1, "write", 7, null, 100, undefined),
    op(3, "write", 8, null, 250, 260),
    op(2, "read", null, 7, 300, 400),
  ];
  assert.equal(toldOf(open), "It is so.");
  const queue = [op(1, "enqueue", 7, null, 100, 200), op(2, "dequeue", null, 8, 300, 400)];
  assert.equal(toldOf(queue), "It is so.");
});

test("a checker's times get their unit, its processes are clients, and what is quoted stays", () => {
  const clock = createClock([op(1, "read", null, 1, 0, 500_000)], "us");
  const reason = 'process 3 read "process 4 (1..2)" (410000..412000); Process 5 wrote (380000..).';
  assert.equal(
    inUnits(reason, clock),
    'client 3 read "process 4 (1..2)" (410 to 412 ms); Client 5 wrote (from 380 ms on).',
  );
});

test("a verdict that is not against the history is a sentence, too", () => {
  const { history } = writeSkew();
  const ok = explain({ type: "ok" }, history, [], { checker: "serializable" });
  assert.equal(ok, "Serializable: nothing in 5 operations of 3 clients speaks against it.");
  const unknown = explain({ type: "unknown", reason: "Gave up after 5 steps." }, history, [], {
    checker: "serializable",
  });
  assert.equal(unknown, "Not decided whether this is serializable: Gave up after 5 steps.");
});

test("a text without what had been appended to it, unless something replaced it meanwhile", () => {
  const lost = [
    op(1, "append", "ab", null, 100, 200),
    op(3, "append", "cd", null, 210, 250),
    op(2, "get", null, "cd", 300, 400),
  ];
  assert.equal(
    toldOf(lost),
    "Client 2's get was answered with cd at 400 ms, without the ab that client 1 had appended by 200 ms. It is so.",
  );
  assert.equal(toldOf([op(4, "put", "", null, 150, 290), ...lost]), "It is so.");
});
