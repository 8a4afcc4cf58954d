import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Operation } from "../history.ts";
import { drawHistory } from "./drawing.ts";
import { drawPage } from "./page.ts";
import { illegal, op, staleRead, writeSkew } from "./samples-testing.ts";

/** What a browser would complain of: tags that do not close in order, attributes without quotes, stray marks. */
function assertWellFormed(xml: string): void {
  const open: string[] = [];
  const token = /<(\/?)([a-zA-Z]\w*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|<|&(?!(?:amp|lt|gt|quot|#39|#10);)/g;
  for (const match of xml.replace(/<style>[\s\S]*?<\/style>/g, "").matchAll(token)) {
    const [all, closing, name, , empty] = match;
    assert.ok(name !== undefined, `stray ${all} at ${xml.slice(match.index, match.index + 60)}`);
    if (closing === "/") assert.equal(open.pop(), name);
    else if (empty !== "/") open.push(name);
  }
  assert.deepEqual(open, []);
}

function numberOf(pattern: RegExp, text: string): number {
  return [...text.matchAll(pattern)].length;
}

test("a stale read, drawn: what is impossible has a colour, a shape and a word; the rest has its own", () => {
  const svg = drawHistory(staleRead());
  assertWellFormed(svg);
  assert.match(svg, /class="op read ok culprit"/);
  assert.match(svg, /<path class="cross"/);
  assert.match(svg, />impossible<\/text>/);
  assert.equal(numberOf(/class="op unknown"/g, svg), 2, "one, and one in the legend");
  assert.match(svg, /<path class="bar" d="M/);
  assert.match(svg, /class="op fail"/);
  assert.equal(numberOf(/class="point" data-x/g, svg), 6);
  assert.match(svg, /partition n2 \| n1 n3<\/text>/);
  for (const name of ["client 1", "client 2", "client 3", "client 4", "n1", "n2", "n3"])
    assert.ok(svg.includes(`>${name}<title>`), name);
  assert.match(svg, /in the order that was possible: 3 before, 4 after/);
  assert.ok(!svg.includes("<script") && !/https?:(?!\/\/www\.w3\.org\/2000\/svg")/.test(svg));
  assert.equal(drawHistory(staleRead()), svg);
});

test("a cycle, drawn: a box for each transaction, an arrow and a sentence for each edge", () => {
  const svg = drawHistory(writeSkew());
  assertWellFormed(svg);
  assert.equal(numberOf(/class="txn"/g, svg), 2);
  assert.equal(numberOf(/class="edge rw"/g, svg), 2);
  assert.match(svg, />T1 · client 1 · 1400 µs<\/text>/);
  assert.match(svg, /T1 read x as \[1\], without the 2 that T2 appended/);
  assert.match(svg, /append y 2/);
});

test("whatever values a history holds, the drawing stays well formed and holds no tag of theirs", () => {
  const hostile = [
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "\u202eturned\u2066",
    "\u0000\u0008\ufffe\ud800",
    "]]>&amp;<!--",
    "مرحبا بالعالم",
    "x".repeat(100_000),
    { "<b>": ["'", '"', "`", "\\"] },
  ];
  for (const value of hostile) {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    const history: Operation[] = [
      { ...op(1, "write", value, null, 1, 5), key: text, node: text },
      { ...op(2, text === "" ? "read" : text, value, value, 6, 9), key: text, node: text },
      { ...op(3, "read", null, value, 6, 9), key: text },
    ];
    const culprit = history[2] as Operation;
    const violation = {
      anomaly: text,
      reason: text,
      operations: history,
      key: text,
      culprit,
      order: history.slice(0, 2),
    };
    const input = {
      history,
      verdict: illegal(violation),
      faults: [{ name: text, about: text, from: 1, to: 4 }],
      title: text,
    };
    const svg = drawHistory(input);
    assertWellFormed(svg);
    assert.ok(svg.length < 100_000, `${svg.length}`);
    const page = drawPage(input);
    assert.equal(numberOf(/<script/g, page), 1);
    assert.equal(numberOf(/<\/script/g, page), 1);
    assert.ok(!/<(?:img|b>|!--)/.test(page));
    assert.ok(!/[\u202a-\u202e\u2066-\u2069]/.test(page));
    assert.ok(page.length < 200_000, `${page.length}`);
  }
});

test("any history can be drawn", () => {
  const operations = fc.array(
    fc.record({
      process: fc.nat(40),
      key: fc.string(),
      f: fc.constantFrom("read", "write", "cas", "txn", "enqueue"),
      input: fc.jsonValue(),
      output: fc.jsonValue(),
      call: fc.nat(1_000),
      length: fc.nat(100),
      outcome: fc.constantFrom("ok" as const, "fail" as const, "unknown" as const),
    }),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(operations, (drawn) => {
      const history = drawn.map(({ length, ...rest }) => {
        const end = rest.outcome === "unknown" ? Number.MAX_SAFE_INTEGER : rest.call + length;
        return { ...rest, return: end };
      });
      assertWellFormed(drawHistory({ history, verdict: { type: "ok" }, unit: "ms" }));
      drawPage({ history, verdict: { type: "unknown", reason: "Gave up." }, unit: "us" });
    }),
    { seed: 2, numRuns: 100 },
  );
});
