import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "@synod/protocols/random";
import { DISTRIBUTIONS, type Distribution } from "../choices.ts";
import { Keys } from "./keys.ts";

function counts(distribution: Distribution, draws: number, most: number): Map<string, number> {
  const keys = new Keys(distribution, most, new Random(5));
  const seen = new Map<string, number>();
  for (let i = 0; i < draws; i += 1) {
    const key = keys.next();
    seen.set(key, (seen.get(key) ?? 0) + 1);
  }
  return seen;
}

test("uniform keys are asked for alike, two conflicting ones by everybody, and few of many by a zipf", () => {
  const uniform = counts("uniform", 10_000, 1_000_000);
  assert.equal(uniform.size, 10);
  for (const count of uniform.values()) assert.ok(count > 850 && count < 1150, `${count} of 10000`);
  assert.deepEqual([...counts("conflict", 1000, 1_000_000).keys()].sort(), ["0.0", "1.0"]);
  const zipf = counts("zipf", 100_000, 1_000_000);
  const [first, tenth] = [zipf.get("0.0") ?? 0, zipf.get("9.0") ?? 0];
  assert.ok(first / tenth > 8 && first / tenth < 12, `the first ${first}, the tenth ${tenth}`);
});

test("a key is given up for a new one after so many uses", () => {
  for (const distribution of DISTRIBUTIONS) {
    const seen = counts(distribution, 5000, 50);
    assert.ok(Math.max(...seen.values()) === 50, distribution);
    const first = [...seen.keys()].filter((key) => key.startsWith("0."));
    assert.deepEqual(first.slice(0, 2), ["0.0", "0.1"]);
  }
});

test("some keys are different ones, and fewer where there are no more", () => {
  const keys = new Keys("conflict", 100, new Random(1));
  assert.equal(keys.some(2).length, 2);
  assert.equal(keys.some(4).length, 2);
});
