import assert from "node:assert/strict";
import { test } from "node:test";
import { Generator } from "./generate.ts";
import type { Operation } from "./operation.ts";

const stream = (seed: string, count: number): Operation[] => {
  const generator = new Generator(seed);
  return Array.from({ length: count }, () => generator.next());
};

test("a seed is a stream of operations", () => {
  assert.deepEqual(stream("7", 200), stream("7", 200));
  assert.notDeepEqual(stream("7", 200), stream("8", 200));
});

test("operations of every kind are among two thousand", () => {
  const kinds = new Set(stream("1", 2000).map(({ type }) => type));
  assert.deepEqual(
    [...kinds].sort(),
    "compact delete grant hash keepAlive leases put range revoke timeToLive txn watch".split(" "),
  );
});
