import assert from "node:assert/strict";
import { test } from "node:test";
import { type CompactionRule, PeriodicRule, PressureRule, RevisionRule, type StoreSizes } from "./auto-compaction.ts";

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;

/** Runs a rule as its leader for some minutes, a revision a minute. @returns minute → revision compacted at */
function run(
  rule: CompactionRule,
  minutes: number,
  leads: (minute: number) => boolean = () => true,
): [number, number][] {
  const done: [number, number][] = [];
  for (let tick = 1; tick <= minutes * 60; tick++) {
    const now = tick * SECOND;
    const minute = Math.floor(tick / 60);
    const due = rule.due(now, 1 + minute, leads(minute));
    if (due === undefined) continue;
    rule.done(now, due);
    done.push([minute, due]);
  }
  return done;
}

// The sample that counts is the oldest at the look before: a period and a look ago, in etcd as here.
test("periodic, less than an hour: the first after a whole period, then one each period", () => {
  assert.deepEqual(run(new PeriodicRule(30 * MINUTE, 0, 1), 125), [
    [30, 1],
    [60, 28],
    [90, 58],
    [120, 88],
  ]);
});

test("periodic, more than an hour: the first after the period, then one each hour, never less than a period behind", () => {
  assert.deepEqual(run(new PeriodicRule(5 * 60 * MINUTE, 0, 1), 8 * 60), [
    [300, 1],
    [360, 55],
    [420, 115],
    [480, 175],
  ]);
});

test("periodic: a follower looks on, and compacts at once when it comes to lead", () => {
  const done = run(new PeriodicRule(60 * MINUTE, 0, 1), 130, (minute) => minute >= 100);
  assert.deepEqual(done, [[102, 37]]);
});

test("periodic: without a write there is nothing to compact again", () => {
  const rule = new PeriodicRule(10 * MINUTE, 0, 7);
  let times = 0;
  for (let tick = 1; tick <= 3600; tick++) {
    const due = rule.due(tick * SECOND, 7, true);
    if (due === undefined) continue;
    times++;
    rule.done(tick * SECOND, due);
  }
  assert.equal(times, 1);
});

test("revision: every five minutes, so many behind", () => {
  assert.deepEqual(run(new RevisionRule(10, 0), 21), [
    [10, 1],
    [15, 6],
    [20, 11],
  ]);
  assert.deepEqual(
    run(new RevisionRule(10, 0), 21, () => false),
    [],
  );
});

const sizes = (revision: number, used: number, more: Partial<StoreSizes> = {}): StoreSizes => ({
  revision,
  compactedRevision: -1,
  recordCount: 1000,
  keyCount: 10,
  sizeInUseInBytes: used,
  removalPending: false,
  ...more,
});

/** A revision a second for a quarter of an hour, with room enough. */
function filled(): PressureRule {
  const rule = new PressureRule(100);
  for (let second = 0; second < 900; second++) {
    assert.equal(rule.due(second * SECOND, sizes(second, 50), true), undefined);
  }
  return rule;
}

test("under pressure: the fuller the store, the less history stays", () => {
  const at = 900 * SECOND;
  assert.equal(filled().due(at, sizes(900, 74), true), undefined);
  assert.equal(filled().due(at, sizes(900, 75), true), 300);
  assert.equal(filled().due(at, sizes(900, 86), true), 840);
  assert.equal(filled().due(at, sizes(900, 93), true), 895);
});

test("under pressure: nothing where it is no use, not allowed, or under way", () => {
  const at = 900 * SECOND;
  assert.equal(filled().due(at, sizes(900, 99), false), undefined, "another node leads");
  assert.equal(filled().due(at, sizes(900, 99, { keyCount: 980 }), true), undefined, "nearly everything is current");
  assert.equal(filled().due(at, sizes(900, 99, { removalPending: true }), true), undefined);
  assert.equal(filled().due(at, sizes(900, 99, { compactedRevision: 895 }), true), undefined);
  const rule = filled();
  assert.equal(rule.due(at, sizes(900, 93), true), 895);
  assert.equal(rule.due(at + SECOND, sizes(901, 93), true), undefined, "not every second");
  assert.equal(rule.due(at + 5 * SECOND, sizes(905, 93), true), 900);
  assert.equal(new PressureRule(0).due(at, sizes(900, 99), true), undefined, "without a quota there is no pressure");
});

test("under pressure: what nobody saw is kept", () => {
  const rule = new PressureRule(100);
  rule.due(0, sizes(5, 10), true);
  assert.equal(rule.due(3 * SECOND, sizes(1000, 95), true), undefined, "not even five seconds are known");
  assert.equal(rule.due(7 * SECOND, sizes(2000, 95), true), 5, "of the second before the third the older is known");
});
