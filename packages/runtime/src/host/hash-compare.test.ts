import assert from "node:assert/strict";
import { test } from "node:test";
import { StateHashes } from "./hash-compare.ts";

/** A member that has this state at index 8, and has heard of the others what they have there. */
function member(own: number, others: Readonly<Record<number, number>>): StateHashes {
  const hashes = new StateHashes();
  hashes.note(8, own);
  for (const [node, hash] of Object.entries(others)) {
    const other = new StateHashes();
    other.note(8, hash);
    hashes.hear(Number(node), other.news()!);
  }
  return hashes;
}

const THREE = [1, 2, 3];

test("a majority is right, whoever leads", () => {
  assert.equal(member(5, { 2: 5 }).compare(1, THREE), undefined);
  assert.equal(member(5, { 2: 5, 3: 6 }).compare(1, THREE), undefined, "the other one will find out");
  assert.deepEqual(member(6, { 2: 5, 3: 5 }).compare(1, THREE), { type: "minority", index: 8, own: 6, other: 5 });
  assert.equal(member(6, { 2: 5, 3: 5 }).compare(1, [1, 2, 3, 4, 5]), undefined, "two of five are none");
});

test("a learner compares, and does not count", () => {
  assert.deepEqual(member(6, { 1: 5, 2: 5 }).compare(9, THREE), { type: "minority", index: 8, own: 6, other: 5 });
  assert.equal(member(6, { 1: 6, 2: 5, 9: 5 }).compare(3, THREE), undefined);
});

test("when nobody can know who is right that is said, but not before all had time to tell", () => {
  const hashes = member(6, { 2: 5 });
  for (let look = 1; look <= 5; look++) assert.equal(hashes.compare(1, THREE), undefined);
  assert.deepEqual(hashes.compare(1, THREE), { type: "undecided", index: 8, own: 6, other: 5 });
});

test("states are compared at the same index only, and each hash is told once", () => {
  const hashes = new StateHashes();
  hashes.note(8, 1);
  const early = hashes.news()!;
  hashes.note(16, 2);
  assert.notDeepEqual(hashes.news(), early);
  assert.equal(hashes.news(), undefined);
  const other = new StateHashes();
  other.note(16, 1);
  other.hear(2, early);
  other.hear(3, early);
  assert.equal(other.compare(1, THREE), undefined);
  other.clear();
  assert.equal(other.compare(1, THREE), undefined);
});
