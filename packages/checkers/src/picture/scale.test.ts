import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createClock } from "./clock.ts";
import { op } from "./samples-testing.ts";
import { createScale, ticksOf } from "./scale.ts";

const options = { width: 800, least: 14, left: 20, right: 60 };

test("later is further right, by at least so much, and all of it is on the paper", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(1_000_000), { minLength: 1, maxLength: 40 }), (times) => {
      const scale = createScale(times, options);
      const places = [...times].sort((a, b) => a - b).map((time) => scale.x(time));
      for (const [index, place] of places.entries()) {
        assert.ok(index === 0 || place - (places[index - 1] as number) >= 13.9, `${places}`);
        assert.ok(place >= 20 && place <= scale.width - 59.9);
      }
    }),
    { seed: 1, numRuns: 300 },
  );
});

test("idle time is drawn shorter, and marked", () => {
  const scale = createScale([0, 10, 20, 100_000, 100_010], options);
  assert.equal(scale.cuts.length, 1);
  assert.ok(scale.x(100_000) - scale.x(20) < 0.7 * scale.width);
});

test("a span gets the room that its label needs", () => {
  const scale = createScale([0, 1, 1_000], { ...options, spans: [{ from: 0, to: 1, room: 120 }] });
  assert.ok(scale.x(1) - scale.x(0) >= 119.9);
});

test("the axis has round numbers, apart from each other, or the events' own times", () => {
  const events = [0, 95, 213, 388, 500];
  const clock = createClock([op(1, "read", null, 1, 0, 500)], "ms");
  const scale = createScale(events, options);
  const ticks = ticksOf(events, scale, clock, 76);
  assert.deepEqual(
    ticks.map(({ label }) => label),
    ["0", "100", "200", "300", "400", "500"],
  );
  for (const [index, { x }] of ticks.entries()) assert.ok(index === 0 || x - (ticks[index - 1]?.x as number) >= 76);
});
