import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { IntervalTree } from "./interval-tree.ts";
import { SpanSet } from "./key-spans.ts";

const word = fc.string({ unit: fc.constantFrom("a", "b", "c", "\0"), maxLength: 3 });
const span = fc.record({ start: word, end: fc.option(word, { nil: undefined, freq: 6 }) });
const holds = (key: string, { start, end }: { start: string; end: string | undefined }): boolean =>
  key >= start && (end === undefined || key < end);

test("any spans, added and removed: stabbing finds exactly those that contain the key, in order", () => {
  const change = fc.record({ span, removed: fc.boolean() });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), fc.array(word, { maxLength: 10 }), (changes, keys) => {
      const tree = new IntervalTree<string>();
      const kept = new Map<string, { start: string; end: string | undefined }>();
      const name = (each: { start: string; end: string | undefined }): string => JSON.stringify([each.start, each.end]);
      for (const { span: each } of changes) {
        if (!kept.has(name(each))) tree.add(each, name(each));
        kept.set(name(each), each);
      }
      for (const { span: each, removed } of changes) {
        if (removed && kept.delete(name(each))) tree.delete(each);
      }
      for (const key of keys) {
        const found: string[] = [];
        tree.stab(key, (item) => found.push(item));
        const expected = [...kept.values()].filter((each) => holds(key, each)).map(name);
        assert.deepEqual(found.toSorted(), expected.toSorted());
        const starts = found.map((item) => (JSON.parse(item) as string[])[0]!);
        assert.deepEqual(starts, starts.toSorted());
      }
    }),
    { seed: 3, numRuns: 400 },
  );
});

test("any spans: a set of them covers what one of them holds", () => {
  fc.assert(
    fc.property(fc.array(span, { maxLength: 12 }), fc.array(word, { maxLength: 12 }), (spans, keys) => {
      const set = new SpanSet();
      for (const [i, each] of spans.entries()) {
        set.add(each);
        if (i === 3) set.covers("b"); // looking does not disturb adding
      }
      for (const key of keys)
        assert.equal(
          set.covers(key),
          spans.some((each) => holds(key, each)),
        );
    }),
    { seed: 4, numRuns: 400 },
  );
});
