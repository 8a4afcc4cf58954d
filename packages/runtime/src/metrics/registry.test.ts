import assert from "node:assert/strict";
import { test } from "node:test";
import { exponentialBuckets } from "./instruments.ts";
import { Registry } from "./registry.ts";

test("counters and gauges read as the text format wants, zero before the first use", () => {
  const registry = new Registry();
  const puts = registry.counter("puts_total", "Puts seen.");
  const depth = registry.gauge("depth", "What waits.");
  assert.equal(
    registry.render(),
    "# HELP puts_total Puts seen.\n# TYPE puts_total counter\nputs_total 0\n" +
      "# HELP depth What waits.\n# TYPE depth gauge\ndepth 0\n",
  );
  puts.inc();
  puts.inc(2);
  depth.set(7.5);
  depth.dec();
  depth.inc(2);
  assert.match(registry.render(), /^puts_total 3$/m);
  assert.match(registry.render(), /^depth 8.5$/m);
});

test("a histogram's buckets are cumulative, inclusive above, and end in +Inf", () => {
  const registry = new Registry();
  const seconds = registry.histograms("seconds", "Latency.", ["op"], [0.1, 1]).labels("put");
  for (const value of [0.05, 0.1, 0.5, 3]) seconds.observe(value);
  assert.equal(
    registry.render(),
    "# HELP seconds Latency.\n# TYPE seconds histogram\n" +
      'seconds_bucket{op="put",le="0.1"} 2\n' +
      'seconds_bucket{op="put",le="1"} 3\n' +
      'seconds_bucket{op="put",le="+Inf"} 4\n' +
      'seconds_sum{op="put"} 3.65\n' +
      'seconds_count{op="put"} 4\n',
  );
});

test("help and label values are escaped, and equal labels are one child", () => {
  const registry = new Registry();
  const family = registry.counters("c", "a \\ and a\nbreak", ["path", "code"]);
  family.labels('a"b\\c\nd', "OK").inc();
  family.labels('a"b\\c\nd', "OK").inc();
  assert.equal(
    registry.render(),
    "# HELP c a \\\\ and a\\nbreak\n# TYPE c counter\n" + 'c{path="a\\"b\\\\c\\nd",code="OK"} 2\n',
  );
});

test("special values have the format's own names", () => {
  const registry = new Registry();
  const gauge = registry.gauge("g", "h");
  for (const [value, text] of [
    [Number.POSITIVE_INFINITY, "+Inf"],
    [Number.NEGATIVE_INFINITY, "-Inf"],
    [Number.NaN, "NaN"],
    [1e21, "1e+21"],
  ] as const) {
    gauge.set(value);
    assert.ok(registry.render().endsWith(`g ${text}\n`));
  }
});

test("a label whose values have no end shares one child", () => {
  const family = new Registry().counters("c", "h", ["client"]);
  for (let i = 0; i < 5000; i++) family.labels(`client ${i}`).inc();
  assert.equal(family.children.size, 4097);
  assert.equal(family.labels("other").value, 5000 - 4096);
  assert.equal(family.labels("client 3").value, 1);
});

test("mistakes in declarations are found at once", () => {
  const registry = new Registry();
  registry.counter("twice", "h");
  assert.throws(() => registry.gauge("twice", "h"), /declared twice/);
  assert.throws(() => registry.gauge("a-b", "h"), /bad metric name/);
  assert.throws(() => registry.gauges("g", "h", ["le"]), /bad label/);
  assert.throws(() => registry.histogram("h", "h", [2, 1]), /ascend/);
  assert.throws(() => registry.counters("c", "h", ["a", "b"]).labels("x"), /value for each label/);
});

test("collectors run before each page; exponential buckets grow by their factor", () => {
  const registry = new Registry();
  const gauge = registry.gauge("pages", "h");
  registry.onRender(() => gauge.inc());
  registry.render();
  assert.match(registry.render(), /pages 2/);
  assert.deepEqual(exponentialBuckets(1, 2, 4), [1, 2, 4, 8]);
});
