import assert from "node:assert/strict";
import { test } from "node:test";
import { type History, NEVER_RETURNED, type Operation } from "./history.ts";
import { casRegister, type Value } from "./models/register.ts";
import { random } from "./oracle/random.ts";
import { search } from "./search.ts";
import { judgeUniqueWrites } from "./unique-writes.ts";

/** Longer than an oracle could judge: clients that read, write unique values and swap them; perhaps one read is spoiled. */
function longHistory(seed: number): History {
  const draw = random(seed);
  const clients = 2 + draw(5);
  const planned = Array.from({ length: 60 }, (_, index) => {
    const call = Math.floor(index / clients) * 6 + draw(6);
    const end = call + draw(9);
    return {
      process: index % clients,
      nth: index,
      call,
      end,
      instant: call + draw(end - call + 1),
      lost: draw(8) === 0,
    };
  }).sort((a, b) => a.instant - b.instant);
  let value: Value = null;
  const history = planned.map(({ process, nth, call, end, lost }): Operation => {
    const f = ["read", "read", "write", "cas"][draw(4)] as string;
    const input = f === "read" ? null : f === "write" ? nth : { from: draw(3) === 0 ? nth - 1 : value, to: nth };
    const done = f !== "cas" || (input as { from: Value }).from === value;
    const asked = { process, key: "x", f, input, call };
    const happened = done && (!lost || draw(2) === 0);
    const output = f === "read" ? value : true;
    if (happened && f !== "read") value = nth;
    if (lost) return { ...asked, output: undefined, return: NEVER_RETURNED, outcome: "unknown" };
    return { ...asked, output: done ? output : undefined, return: end, outcome: done ? "ok" : "fail" };
  });
  const spoiled = draw(history.length);
  return history.map((operation, index) =>
    index === spoiled && operation.f === "read" && operation.outcome === "ok"
      ? { ...operation, output: draw(60) }
      : operation,
  );
}

test("the quick way and the search come to the same verdict on 2,000 histories of 60 operations", () => {
  const seen = { ok: 0, illegal: 0 };
  for (let seed = 1; seed <= 2000; seed += 1) {
    const model = casRegister();
    const history = longHistory(seed).filter(
      ({ outcome, f }) => outcome === "ok" || (outcome === "unknown" && f !== "read"),
    );
    const quick = judgeUniqueWrites(history, model);
    assert.ok(quick !== undefined);
    seen[quick] += 1;
    const found = search(history, model, { maxSteps: 1_000_000 });
    assert.equal(quick, found.type === "found" ? "ok" : "illegal", `seed ${seed}: ${JSON.stringify(history)}`);
  }
  assert.ok(seen.ok > 100 && seen.illegal > 100, JSON.stringify(seen));
});

test("values written twice, and refused swaps, are for the search", () => {
  const write = (input: Value, call: number): Operation => {
    return { process: 0, key: "x", f: "write", input, output: null, call, return: call + 1, outcome: "ok" };
  };
  assert.equal(judgeUniqueWrites([write(1, 0), write(1, 5)], casRegister()), undefined);
  assert.equal(judgeUniqueWrites([write(null, 0)], casRegister()), undefined, "the initial value");
  const refused: Operation = { ...write(null, 9), f: "cas", input: { from: 5, to: 6 }, output: false };
  assert.equal(judgeUniqueWrites([write(1, 0), refused], casRegister()), undefined);
});

test("a hundred thousand operations of a hundred clients take a moment", () => {
  const history: Operation[] = [];
  for (let index = 0; index < 100_000; index += 1) {
    const isWrite = index % 2 === 0;
    // Each write takes effect at its call; a read beside it sees the one before.
    const input = isWrite ? index : null;
    history.push({
      process: index % 100,
      key: "x",
      f: isWrite ? "write" : "read",
      input,
      output: isWrite ? null : index - 1,
      call: index * 10,
      return: index * 10 + 15,
      outcome: "ok",
    });
  }
  assert.equal(judgeUniqueWrites(history, casRegister()), "ok");
  const stale = history.map((operation, index) => (index === 99_999 ? { ...operation, output: 5000 } : operation));
  assert.equal(judgeUniqueWrites(stale, casRegister()), "illegal");
});
