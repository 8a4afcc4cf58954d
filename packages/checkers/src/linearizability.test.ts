import assert from "node:assert/strict";
import { test } from "node:test";
import { type History, NEVER_RETURNED, type Operation, Recorder } from "./history.ts";
import { checkLinearizability } from "./linearizability.ts";
import { keyValue } from "./models/kv.ts";
import { casRegister, type Value } from "./models/register.ts";
import { revisionedKey } from "./models/revisioned.ts";

function ok(
  process: number,
  f: string,
  input: unknown,
  output: unknown,
  call: number,
  end: number,
  key = "x",
): Operation {
  return { process, key, f, input, output, call, return: end, outcome: "ok" };
}

function lost(process: number, f: string, input: unknown, call: number, key = "x"): Operation {
  return { process, key, f, input, output: undefined, call, return: NEVER_RETURNED, outcome: "unknown" };
}

test("one client after the other, each sees the write before", () => {
  const history = [ok(0, "write", 1, null, 0, 1), ok(1, "read", null, 1, 2, 3), ok(0, "write", 2, null, 4, 5)];
  assert.deepEqual(checkLinearizability(history, casRegister()), { type: "ok" });
});

test("a stale read is told with the operations it contradicts", () => {
  const stale = ok(2, "read", null, 1, 50, 60);
  const history = [ok(0, "write", 1, null, 0, 10), ok(1, "write", 2, null, 20, 30), stale];
  const verdict = checkLinearizability(history, casRegister());
  assert.equal(verdict.type, "illegal");
  assert.equal(verdict.violations[0].culprit, stale);
  assert.equal(
    verdict.violations[0].reason,
    'Key "x": process 2 read 1 (50..60), but by then the value could only be 2. ' +
      "Before it came process 0 wrote 1 (0..10); process 1 wrote 2 (20..30).",
  );
});

test("two reads that overlap a write may not see it and then unsee it", () => {
  const write = ok(0, "write", 1, null, 0, 100);
  assert.equal(
    checkLinearizability([write, ok(1, "read", null, 1, 10, 20), ok(2, "read", null, null, 30, 40)], casRegister())
      .type,
    "illegal",
  );
  assert.equal(
    checkLinearizability([write, ok(1, "read", null, null, 10, 20), ok(2, "read", null, 1, 30, 40)], casRegister())
      .type,
    "ok",
  );
});

test("operations that only touch in time are concurrent", () => {
  assert.equal(
    checkLinearizability([ok(0, "write", 1, null, 0, 10), ok(1, "read", null, null, 10, 20)], casRegister()).type,
    "ok",
  );
  assert.equal(
    checkLinearizability([ok(0, "write", 1, null, 0, 10), ok(1, "read", null, null, 11, 20)], casRegister()).type,
    "illegal",
  );
});

test("a write that timed out may take effect much later, or never, but not twice", () => {
  const timedOut = lost(0, "write", 1, 0);
  const never = [timedOut, ok(1, "read", null, null, 100, 101)];
  const late = [...never, ok(1, "read", null, 1, 200, 201)];
  const twice = [...late, ok(1, "write", 2, null, 300, 301), ok(1, "read", null, 1, 400, 401)];
  assert.equal(checkLinearizability(never, casRegister()).type, "ok");
  assert.equal(checkLinearizability(late, casRegister()).type, "ok");
  assert.equal(checkLinearizability(twice, casRegister()).type, "illegal");
});

test("a write that timed out cannot have taken effect before its call", () => {
  assert.equal(
    checkLinearizability([ok(1, "read", null, 1, 0, 10), lost(0, "write", 1, 20)], casRegister()).type,
    "illegal",
  );
});

test("a failed write has no effect, a read that timed out says nothing", () => {
  const failed: Operation = { ...ok(0, "write", 1, undefined, 0, 10), outcome: "fail" };
  assert.equal(checkLinearizability([failed, ok(1, "read", null, null, 20, 30)], casRegister()).type, "ok");
  assert.equal(checkLinearizability([failed, ok(1, "read", null, 1, 20, 30)], casRegister()).type, "illegal");
  assert.equal(
    checkLinearizability([lost(1, "read", null, 0), ok(0, "read", null, null, 5, 6)], casRegister()).type,
    "ok",
  );
});

test("0, the empty string, false and absent are four different values", () => {
  const values: Value[] = [0, "", false, null];
  for (const written of values) {
    for (const read of values) {
      const verdict = checkLinearizability(
        [ok(0, "write", written, null, 0, 1), ok(0, "read", null, read, 2, 3)],
        casRegister("other"),
      );
      assert.equal(verdict.type === "ok", Object.is(written, read), `${written} then ${read}`);
    }
  }
});

test("a compare-and-set that was refused proves that the value was another", () => {
  const history = [ok(0, "write", 1, null, 0, 1), ok(1, "cas", { from: 1, to: 2 }, false, 2, 3)];
  assert.equal(checkLinearizability(history, casRegister()).type, "illegal");
  assert.equal(
    checkLinearizability([history[0]!, ok(1, "cas", { from: 3, to: 2 }, false, 2, 3)], casRegister()).type,
    "ok",
  );
});

test("keys are judged apart, and the verdict names the one that is wrong", () => {
  const history = [
    ok(0, "put", 1, null, 0, 1, "a"),
    ok(0, "get", null, null, 2, 3, "b"),
    ok(1, "get", null, null, 4, 5, "a"),
  ];
  const verdict = checkLinearizability(history, keyValue());
  assert.equal(verdict.type === "illegal" && verdict.violations[0].key, "a");
});

test("giving up is neither ok nor illegal, and does not hide another key's fault", () => {
  const hard = Array.from({ length: 12 }, (_, index) => ok(index, "write", index >>> 1, null, 0, 100, "hard"));
  hard.push(ok(20, "read", null, 99, 101, 102, "hard"));
  const gaveUp = checkLinearizability(hard, casRegister(), { maxSteps: 1000 });
  assert.deepEqual(gaveUp, { type: "unknown", reason: 'Gave up on key "hard" after 1000 steps each.' });
  const mixed = [...hard, ok(0, "read", null, 1, 0, 1, "wrong")];
  assert.equal(checkLinearizability(mixed, casRegister(), { maxSteps: 1000 }).type, "illegal");
  assert.equal(checkLinearizability(hard, casRegister()).type, "illegal");
});

test("a history that makes no sense is not judged", () => {
  const verdict = checkLinearizability([ok(0, "read", null, null, 5, 4)], casRegister());
  assert.equal(verdict.type, "unknown");
  assert.match(verdict.type === "unknown" ? verdict.reason : "", /returned at 4, before its call at 5/);
});

test("append: a key-value store whose reads show every append once and in order", () => {
  const history = [
    ok(0, "append", "a", null, 0, 10),
    ok(1, "append", "b", null, 0, 10),
    ok(2, "get", null, "ba", 11, 12),
    ok(0, "append", "c", null, 20, 30),
    ok(2, "get", null, "bac", 25, 26),
  ];
  assert.equal(checkLinearizability(history, keyValue("")).type, "ok");
  assert.equal(checkLinearizability([...history, ok(3, "get", null, "abc", 31, 32)], keyValue("")).type, "illegal");
});

test("revisions tell apart writes of the same value", () => {
  const history = [
    ok(0, "put", "same", { revision: 2 }, 0, 1),
    ok(0, "put", "same", { revision: 5 }, 2, 3),
    ok(1, "get", null, { value: "same", revision: 2 }, 4, 5),
  ];
  assert.equal(checkLinearizability(history, revisionedKey()).type, "illegal");
  const current = [...history.slice(0, 2), ok(1, "get", null, { value: "same", revision: 5 }, 4, 5)];
  assert.equal(checkLinearizability(current, revisionedKey()).type, "ok");
});

test("the revision of a write whose answer was lost is settled by the first who reads it", () => {
  const history = [
    ok(0, "put", "a", { revision: 2 }, 0, 1),
    lost(1, "put", "b", 2),
    ok(2, "get", null, { value: "b", revision: 7 }, 5, 6),
  ];
  assert.equal(checkLinearizability(history, revisionedKey()).type, "ok");
  const again = (revision: number): History => [...history, ok(3, "get", null, { value: "b", revision }, 7, 8)];
  assert.equal(checkLinearizability(again(7), revisionedKey()).type, "ok");
  assert.equal(checkLinearizability(again(8), revisionedKey()).type, "illegal");
  assert.equal(
    checkLinearizability([...history, ok(0, "put", "c", { revision: 6 }, 9, 10)], revisionedKey()).type,
    "illegal",
  );
});

test("the recorder keeps what was said, and takes what was never answered as unknown", () => {
  const recorder = new Recorder();
  const write = recorder.call(1, 0, "write", "x", 5);
  const read = recorder.call(2, 1, "read", "x", null);
  const refused = recorder.call(3, 2, "write", "x", 6);
  recorder.ok(4, read, 5);
  recorder.fail(5, refused);
  const history = recorder.history();
  assert.deepEqual(
    history.map(({ outcome, return: end }) => [outcome, end]),
    [
      ["unknown", NEVER_RETURNED],
      ["ok", 4],
      ["fail", 5],
    ],
  );
  assert.equal(checkLinearizability(history, casRegister()).type, "ok");
  recorder.ok(6, write, null);
  assert.throws(() => recorder.fail(7, write), /returned twice/);
  assert.equal(history[0]!.outcome, "unknown", "a history is a copy");
});

test("forty writes of unknown outcome do not hide a fault, nor make it dear to find", () => {
  const writes = Array.from({ length: 40 }, (_, index) => lost(100 + index, "write", `lost ${index}`, index));
  const reads = Array.from({ length: 20 }, (_, index) =>
    ok(1, "read", null, `lost ${index * 2}`, 100 + index * 10, 105 + index * 10),
  );
  assert.equal(checkLinearizability([...writes, ...reads], casRegister(), { maxSteps: 20_000 }).type, "ok");
  const twice = ok(1, "read", null, "lost 0", 900, 901);
  assert.equal(
    checkLinearizability([...writes, ...reads, twice], casRegister(), { maxSteps: 200_000 }).type,
    "illegal",
  );
});

test("a chain of unknown writes and compare-and-sets may explain one read", () => {
  const chain = [
    lost(1, "write", "a", 0),
    lost(2, "cas", { from: "a", to: "b" }, 0),
    lost(3, "cas", { from: "b", to: "c" }, 0),
  ];
  assert.equal(checkLinearizability([...chain, ok(4, "read", null, "c", 5, 6)], casRegister()).type, "ok");
  assert.equal(
    checkLinearizability([...chain.slice(1), ok(4, "read", null, "c", 5, 6)], casRegister()).type,
    "illegal",
  );
});
