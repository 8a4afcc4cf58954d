import assert from "node:assert/strict";
import { test } from "node:test";
import type { Operation } from "../history.ts";
import { drawPage } from "./page.ts";
import { illegal, op, staleRead, writeSkew } from "./samples-testing.ts";

test("the page says it in its title, its heading and its list, and asks nothing of any network", () => {
  const page = drawPage(staleRead());
  assert.match(page, /<title>Violated: stale-read\.jsonl<\/title>/);
  assert.match(page, /<h1><bdi>n2 answered client 2&#39;s read with 3 at 412 ms although/);
  assert.match(page, /<li><bdi>At that time a partition/);
  assert.match(page, /default-src 'none'/);
  assert.ok(!/\b(?:src|href)=|url\((?!#)|@import|https?:/.test(page));
  assert.match(page, /lang="en"/);
  assert.match(page, /name="viewport"/);
  assert.match(page, /prefers-color-scheme: dark/);
  assert.match(page, /@media print/);
  assert.match(page, /prefers-reduced-motion/);
});

test("what the proof does not need is pale in what happened around it", () => {
  const page = drawPage(staleRead());
  assert.equal([...page.matchAll(/class="op read ok faded"/g)].length, 1);
});

test("a cycle is drawn beside a list that says each edge in words", () => {
  const page = drawPage(writeSkew());
  assert.match(page, /<li><b>T1 → T2<\/b> <span class="note">\(rw\)<\/span><br><bdi>T1 read x as \[1\]/);
  assert.match(page, /So each of them comes before itself/);
});

test("a history of 100,000 operations is cut to what lies around the failure, and it is said", () => {
  const history: Operation[] = [];
  for (let index = 0; index < 100_000; index += 1) {
    const [call, process] = [index * 10, index % 50];
    history.push(op(process, index % 2 === 0 ? "write" : "read", index, index, call, call + 400, "n1"));
  }
  const culprit = op(7, "read", null, -1, 700_000, 700_100, "n2");
  history.push(culprit);
  const order = history.filter(({ return: end }) => end < 700_000);
  const violation = {
    anomaly: "not linearizable",
    reason: "It is so.",
    operations: [...order, culprit],
    key: "x",
    culprit,
    order,
  };
  const page = drawPage({ history, verdict: illegal(violation), unit: "us", checker: "linearizable" });
  assert.ok(page.length < 3_000_000, `${page.length}`);
  assert.match(page, /Drawn are 48 of 69,9\d\d operations: those nearest in time\./);
  assert.match(page, /Drawn are 2,000 of 100,001 operations: those nearest in time\./);
  assert.equal([...page.matchAll(/class="op read ok culprit"/g)].length, 2);
});

test("of many keys only the one that failed is drawn; of many failures, the first big and some others folded", () => {
  const { history, violation, ...rest } = staleRead();
  const other = history.map((operation) => ({ ...operation, key: "y" }));
  const violations = [violation, ...Array.from({ length: 25 }, () => violation)] as const;
  const page = drawPage({ ...rest, history: [...history, ...other], verdict: { type: "illegal", violations } });
  assert.match(page, /Only key &quot;x&quot; is shown, since each key is judged by itself\./);
  assert.equal([...page.matchAll(/<details>/g)].length, 20);
  assert.match(page, /And 5 more violations that are not drawn\./);
});

test("a history that holds, and one that nobody could decide, have pages of the same kind", () => {
  const { history } = staleRead();
  const holds = drawPage({ history, verdict: { type: "ok" }, checker: "sequential", unit: "ms" });
  assert.match(holds, /<title>Holds: sequential<\/title>/);
  assert.match(holds, /<h2>The history<\/h2>/);
  const open = drawPage({ history: [], verdict: { type: "unknown", reason: "Gave up." }, title: "a run" });
  assert.match(open, /<title>Not decided: a run<\/title>/);
  assert.match(open, /The history is empty\./);
});
