import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "@synod/protocols/random";
import fc from "fast-check";
import { NodeClock } from "./clock.ts";
import { exponential } from "./exponential.ts";

test("a clock that runs fast shows more, a leap adds, and neither ever takes back", () => {
  const clock = new NodeClock(1000);
  assert.equal(clock.local(500), 1500);
  clock.setDrift(500, 100_000); // ten per cent fast
  assert.equal(clock.local(1500), 2600);
  clock.leap(1500, 5000);
  assert.equal(clock.local(1500), 7600);
  clock.setDrift(1500, -100_000);
  assert.equal(clock.local(2500), 8500);
});

test("the world time of a deadline is the first instant at which the clock shows it", () => {
  fc.assert(
    fc.property(fc.integer({ min: -200_000, max: 200_000 }), fc.nat({ max: 10 ** 9 }), (drift, ahead) => {
      const clock = new NodeClock(77);
      clock.setDrift(1234, drift);
      const deadline = clock.local(1234) + ahead;
      const world = clock.world(deadline);
      assert.ok(clock.local(world) >= deadline);
      assert.ok(world <= 1234 || clock.local(world - 1) < deadline);
    }),
    { seed: 1 },
  );
});

test("exponential delays have the mean they are asked for", () => {
  const random = new Random("delays");
  let sum = 0;
  for (let i = 0; i < 20_000; i++) sum += exponential(random, 10_000);
  const mean = sum / 20_000;
  assert.ok(mean > 9_700 && mean < 10_300, `${mean}`);
});
