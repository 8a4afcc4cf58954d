import assert from "node:assert/strict";
import { test } from "node:test";
import { NEVER_RETURNED } from "../history.ts";
import { createClock } from "./clock.ts";
import { op } from "./samples-testing.ts";

test("a history of half a second is told in milliseconds, whatever the file counts in", () => {
  const micro = createClock([op(1, "read", null, 1, 100_000, 412_000)], "us");
  assert.equal(micro.at(412_000), "412 ms");
  assert.equal(micro.at(412_250), "412.25 ms");
  assert.equal(micro.during(380_000, 412_000), "380 to 412 ms");
  assert.equal(micro.during(380_000, NEVER_RETURNED), "from 380 ms on");
  const nano = createClock([op(1, "read", null, 1, 100_000_000, 412_000_000)], "ns");
  assert.equal(nano.at(412_000_000), "412 ms");
});

test("long histories are told in seconds, short ones in microseconds and nanoseconds", () => {
  assert.equal(createClock([op(1, "read", null, 1, 0, 90_000)], "ms").at(61_500), "61.5 s");
  assert.equal(createClock([op(1, "read", null, 1, 0, 900)], "us").at(61), "61 µs");
  assert.equal(createClock([op(1, "read", null, 1, 0, 900)], "ns").at(61), "61 ns");
});

test("times that are dates count from the first call, and it is said", () => {
  const start = 1_700_000_000_000;
  const clock = createClock([op(1, "read", null, 1, start, start + 412)], "ms");
  assert.equal(clock.at(start + 380), "380 ms");
  assert.equal(clock.note, `Times count from the first call, which the file has at ${start} ms.`);
});

test("a file without times has the order of its events, and no unit", () => {
  const clock = createClock([op(1, "read", null, 1, 3, 9)], "unknown");
  assert.deepEqual([clock.at(9), clock.sign, clock.during(3, 9)], ["9", "", "3 to 9"]);
});

test("lengths have few digits", () => {
  const clock = createClock([op(1, "read", null, 1, 0, 900)], "us");
  assert.deepEqual([12, 1_234, 12_345, 1_234_567].map(clock.length), ["12 µs", "1.23 ms", "12.3 ms", "1.23 s"]);
});
