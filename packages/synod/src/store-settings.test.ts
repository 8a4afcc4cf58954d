import assert from "node:assert/strict";
import { test } from "node:test";
import { measures, parseRetention, storeSettings } from "./store-settings.ts";

const FLAGS = {
  autoCompactionMode: "periodic",
  autoCompactionRetention: "0",
  compactUnderPressure: "yes",
  rateLimit: 0,
  rateBurst: 0,
} as const;

test("a retention is read as etcd reads it: hours, durations, revisions", () => {
  const hour = 3_600_000_000;
  assert.equal(parseRetention("periodic", "5"), 5 * hour);
  assert.equal(parseRetention("periodic", "1h30m"), 1.5 * hour);
  assert.equal(parseRetention("periodic", "1.5h"), 1.5 * hour);
  assert.equal(parseRetention("periodic", "100ms"), 100_000);
  assert.equal(parseRetention("revision", "1000"), 1000);
  for (const text of ["", "5 h", "-1", "1d", "h", "1h30"]) assert.equal(parseRetention("periodic", text), undefined);
  assert.equal(parseRetention("revision", "1h"), undefined, "etcd takes it for 3.6 trillion revisions");
});

test("a rate limit is off unless it is given, and lets a second's worth through at once", () => {
  assert.equal(storeSettings(FLAGS).rateLimit, undefined);
  assert.deepEqual(storeSettings({ ...FLAGS, rateLimit: 50 }).rateLimit, { perSecond: 50, burst: 50 });
  assert.deepEqual(storeSettings({ ...FLAGS, rateLimit: 50, rateBurst: 7 }).rateLimit, { perSecond: 50, burst: 7 });
});

test("what counts as a prefix can be chosen", () => {
  const { prefixes } = measures({ prefixDepth: 3, prefixDelimiter: "." });
  assert.deepEqual([prefixes.depth, prefixes.delimiter], [3, 46]);
  assert.throws(() => measures({ prefixDepth: 3, prefixDelimiter: "::" }), /give one character/);
});

test("a retention that is none is refused with what to give", () => {
  assert.deepEqual(storeSettings(FLAGS).compaction, { mode: "periodic", retention: 0, underPressure: true });
  assert.throws(() => storeSettings({ ...FLAGS, autoCompactionRetention: "often" }), {
    message: '--auto-compaction-retention is "often": give hours (5), or a duration (1h30m, 10m, 30s), or 0 for none',
  });
});
