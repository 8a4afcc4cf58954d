import assert from "node:assert/strict";
import { test } from "node:test";
import type { Operation } from "./operation.ts";
import { shrink } from "./shrink.ts";

const key = (index: number): Operation => ({ type: "put", key: String(index) });

test("of a hundred operations the two that it takes are left", async () => {
  const operations = Array.from({ length: 100 }, (_, index) => key(index));
  const attempt = async (list: readonly Operation[]): Promise<ReturnType<typeof difference> | undefined> => {
    const keys = list.map((operation) => ("key" in operation ? operation.key : ""));
    const index = keys.indexOf("71");
    return keys.includes("13") && index > keys.indexOf("13") ? difference(list, index) : undefined;
  };
  const found = await shrink(operations, difference(operations, 71), {
    attempt,
    forMs: 60_000,
    say: () => {},
  });
  assert.deepEqual(found.operations, [key(13), key(71)]);
  assert.equal(found.difference.index, 1);
});

const difference = (
  list: readonly Operation[],
  index: number,
): { index: number; operation: Operation; said: readonly [string, string] } => ({
  index,
  operation: list[index]!,
  said: ["one", "other"],
});
