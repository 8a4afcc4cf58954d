import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../random.ts";
import { RaftLog } from "./log.ts";
import { type Entries, EntryKind } from "./types.ts";

function run(first: number, terms: readonly number[]): Entries {
  return {
    first,
    terms,
    kinds: terms.map(() => EntryKind.command),
    payloads: terms.map((term, i) => Uint8Array.of(term, first + i)),
    encoded: undefined,
  };
}

test("the log answers like a plain list behind its compacted prefix", () => {
  const random = new Random("log");
  const log = new RaftLog();
  let list: number[] = [];
  let base = 0;
  let baseTerm = 0;
  let term = 1;
  for (let step = 0; step < 5000; step++) {
    const action = random.below(10);
    if (action < 6) {
      if (random.below(5) === 0) term++;
      const terms = Array.from({ length: random.between(1, 5) }, () => term);
      log.append(run(log.lastIndex + 1, terms));
      list.push(...terms);
    } else if (action < 8) {
      const from = random.between(base + 1, base + list.length + 1);
      log.truncate(from);
      list = list.slice(0, from - base - 1);
    } else if (list.length > 20) {
      const upTo = random.between(base, base + list.length);
      log.compact(upTo);
      if (upTo > base) baseTerm = list[upTo - base - 1]!;
      list = list.slice(upTo - base);
      base = upTo;
    }
    assert.equal(log.lastIndex, base + list.length);
    assert.equal(log.lastTerm, list.at(-1) ?? baseTerm);
    assert.equal(log.bytes, 2 * list.length);
    const index = random.between(Math.max(0, base - 2), base + list.length + 2);
    assert.equal(log.termAt(index), index === base ? baseTerm : list[index - base - 1]);
  }
});

test("a slice holds at least one entry and otherwise no more bytes than asked for", () => {
  const log = new RaftLog();
  log.append(run(1, [1, 1, 1, 2, 2]));
  assert.deepEqual(log.slice(2, 0).terms, [1]);
  assert.deepEqual(log.slice(2, 5).terms, [1, 1]);
  assert.deepEqual(log.slice(2, 1000).terms, [1, 1, 2, 2]);
  assert.deepEqual(log.slice(6, 1000).terms, []);
});

test("back-tracking skips every entry of a later term at once", () => {
  const log = new RaftLog();
  log.append(run(1, [1, 1, 4, 4, 4, 7]));
  assert.equal(log.lastIndexWithTermAtMost(4, 10), 5);
  assert.equal(log.lastIndexWithTermAtMost(3, 5), 2);
  assert.equal(log.lastIndexWithTermAtMost(0, 6), 0);
});
