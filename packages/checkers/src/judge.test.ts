import assert from "node:assert/strict";
import { test } from "node:test";
import { judge, levelsOf, modelNames } from "./judge.ts";
import { op, staleRead } from "./picture/samples-testing.ts";
import type { Verdict } from "./verdict.ts";

const unknown = (verdict: Verdict): string => (verdict.type === "unknown" ? verdict.reason : verdict.type);

test("the usual question is the first: is a register linearizable?", () => {
  const { history } = staleRead();
  const verdict = judge(history, { model: "cas-register" });
  assert.equal(verdict.type, "illegal");
  assert.deepEqual(judge(history, { model: "cas-register", level: "linearizable" }), verdict);
});

test("a weaker question may have another answer", () => {
  const history = [op(1, "write", 1, null, 1, 2), op(2, "write", 2, null, 3, 4), op(3, "read", null, 1, 5, 6)];
  assert.equal(judge(history, { model: "register", level: "linearizable" }).type, "illegal");
  assert.equal(judge(history, { model: "register", level: "sequential" }).type, "ok");
  assert.equal(judge(history, { model: "register", level: "causal" }).type, "ok");
});

test("every model says what it can be judged by, and is judged by all of it", () => {
  for (const model of modelNames()) {
    for (const level of levelsOf(model)) assert.equal(judge([], { model, level }).type, "ok", `${model} ${level}`);
  }
});

test("what is not possible is not ok, and says what is", () => {
  assert.match(
    unknown(judge([], { model: "teapot" })),
    /^There is no model "teapot"; there are register, cas-register, /,
  );
  const reason = unknown(judge([], { model: "kv", level: "serializable" }));
  assert.equal(reason, 'Model kv cannot be judged as "serializable", only as linearizable, sequential.');
});

test("a key-value store may call absence empty or nil, but not both", () => {
  const get = (process: number, output: unknown, at: number): ReturnType<typeof op> =>
    op(process, "get", null, output, at, at + 1);
  assert.equal(judge([get(1, "", 1)], { model: "kv" }).type, "ok");
  assert.equal(judge([get(1, null, 1)], { model: "kv" }).type, "ok");
  assert.equal(judge([get(1, "", 1), get(1, null, 3)], { model: "kv" }).type, "illegal");
});
