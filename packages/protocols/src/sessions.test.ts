import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "./random.ts";
import { Sessions, WINDOW } from "./sessions.ts";

test("a request is admitted once, whatever order and repetition its messages arrive in", () => {
  const sessions = new Sessions(8);
  const random = new Random("admit");
  const seen = new Set<number>();
  for (let i = 1; i <= 5000; i++) {
    const sequence = random.between(Math.max(1, (i >> 1) - 20), (i >> 1) + 20);
    assert.equal(sessions.admit(sessions.open(1, 7, i), sequence), !seen.has(sequence), `request ${sequence}`);
    seen.add(sequence);
  }
});

test("another life of the same node is another session", () => {
  const sessions = new Sessions(8);
  assert.equal(sessions.admit(sessions.open(1, 7, 1), 1), true);
  assert.equal(sessions.admit(sessions.open(1, 8, 2), 1), true);
  assert.equal(sessions.admit(sessions.open(1, 7, 3), 1), false);
});

test("the session unused for the longest part of the log is forgotten first", () => {
  const sessions = new Sessions(2);
  sessions.admit(sessions.open(1, 1, 1), 1);
  sessions.admit(sessions.open(2, 1, 2), 1);
  sessions.admit(sessions.open(1, 1, 3), 2);
  sessions.admit(sessions.open(3, 1, 4), 1);
  assert.equal(sessions.size, 2);
  assert.equal(sessions.admit(sessions.open(1, 1, 5), 2), false, "still known");
});

test("restored sessions refuse what the originals had admitted, gaps included", () => {
  const sessions = new Sessions(8);
  for (const sequence of [1, 2, 5, 9]) sessions.admit(sessions.open(3, 2 ** 50, 1), sequence);
  const restored = new Sessions(8);
  restored.restore(sessions.snapshot());
  const admitted = [1, 2, 3, 4, 5, 6, 9, 10].filter((sequence) =>
    restored.admit(restored.open(3, 2 ** 50, 2), sequence),
  );
  assert.deepEqual(admitted, [3, 4, 6, 10]);
  assert.deepEqual(new Sessions(8).snapshot(), new Uint8Array(4));
});

test("gaps that never close are given up behind the window, so that a session stays small", () => {
  const sessions = new Sessions(8);
  const session = sessions.open(1, 7, 1);
  const sequences = Array.from({ length: 3 * WINDOW }, (_, i) => i + 1).filter((i) => i < 1000 || i % 3 !== 0);
  for (const sequence of sequences) assert.equal(sessions.admit(session, sequence), true);
  const highest = sequences.at(-1)!;
  assert.equal(session.contiguous >= highest - WINDOW && session.contiguous <= highest - WINDOW + 2, true);
  assert.ok(session.above.size <= WINDOW);
  const gap = highest - (highest % 3);
  assert.equal(sessions.admit(session, gap), true, "a gap within the window is still open");
  assert.equal(sessions.admit(session, gap - 3 * WINDOW + 3000), false, "one behind it counts as applied");
  for (let i = highest + 1; i <= highest + WINDOW; i++) sessions.admit(session, i);
  assert.equal(session.above.size, 0);
  assert.equal(session.contiguous, highest + WINDOW);
});

test("a leap in the numbers costs no more than what is remembered", () => {
  const sessions = new Sessions(8);
  const session = sessions.open(1, 7, 1);
  for (const sequence of [1, 3, 5, 2 ** 52]) assert.equal(sessions.admit(session, sequence), true);
  assert.deepEqual([session.contiguous, [...session.above]], [2 ** 52 - WINDOW, [2 ** 52]]);
  for (const sequence of [3, 4, 2 ** 52, 2 ** 52 - WINDOW]) assert.equal(sessions.admit(session, sequence), false);
  assert.equal(sessions.admit(session, 2 ** 52 - WINDOW + 1), true);
});
