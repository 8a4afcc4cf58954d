import assert from "node:assert/strict";
import { test } from "node:test";
import { settled } from "./testing.ts";

test("who waits in vain learns for what", async () => {
  let turns = 0;
  await settled(() => ++turns === 3);
  const leader: number | undefined = undefined;
  await assert.rejects(
    settled(() => leader === 2, 5),
    { message: "waited 5 ms in vain for () => leader === 2" },
  );
});
