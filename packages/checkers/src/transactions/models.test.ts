import assert from "node:assert/strict";
import { test } from "node:test";
import { impliedBy, isModel, MODELS, ruledOut, strongestOf, weakestOf } from "./models.ts";

test("no model comes before one that it implies, so that the order is weakest first", () => {
  for (const [place, model] of MODELS.entries()) {
    for (const weaker of impliedBy(model)) assert.ok(MODELS.indexOf(weaker) <= place, `${weaker} after ${model}`);
  }
});

test("strict serializability implies all, and everything implies read uncommitted", () => {
  assert.deepEqual(impliedBy("strict-serializable"), MODELS);
  for (const model of MODELS) assert.ok(impliedBy(model).includes("read-uncommitted"), model);
});

test("snapshot isolation and repeatable read are not comparable; write skew tells them apart", () => {
  assert.ok(!impliedBy("snapshot-isolation").includes("repeatable-read"));
  assert.ok(!impliedBy("repeatable-read").includes("snapshot-isolation"));
  const out = ruledOut(["G2-item"]);
  assert.ok(out.includes("repeatable-read") && out.includes("serializable"));
  assert.ok(!out.includes("snapshot-isolation") && !out.includes("strong-snapshot-isolation"));
});

test("a long fork separates prefix consistency from the causal models", () => {
  const out = ruledOut(["long fork"]);
  assert.ok(out.includes("prefix") && out.includes("snapshot-isolation"));
  assert.ok(!out.includes("causal") && !out.includes("parallel-snapshot-isolation"));
});

test("what rules out a model rules out all that imply it", () => {
  for (const rule of ["G0", "G1a", "internal", "lost update", "G-single-realtime"]) {
    const out = ruledOut([rule]);
    for (const model of MODELS) {
      const weaker = impliedBy(model).some((other) => out.includes(other));
      assert.equal(out.includes(model), weaker, `${rule}: ${model}`);
    }
  }
  assert.deepEqual(ruledOut(["G0"]), MODELS);
});

test("the weakest and the strongest of some models", () => {
  assert.deepEqual(weakestOf(["read-committed", "causal", "serializable"]), ["read-committed"]);
  assert.deepEqual(strongestOf(["read-committed", "causal", "repeatable-read"]), ["causal", "repeatable-read"]);
  assert.ok(isModel("causal") && !isModel("toString"));
});
