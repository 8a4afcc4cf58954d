import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { IndexOrder } from "./index-node.ts";
import { type IndexView, OrderedIndex } from "./ordered-index.ts";

/** Numbers in order, as words: the same letter over and over, then digits. A multiple of three weighs nothing at first. */
interface Item {
  readonly id: number;
  weight: number;
}

/** Heads are the two characters after those skipped, so that some tell apart and some do not. */
const word = (id: number): string => `${id < 1000 ? "aaaa" : "aaaaaaaa"}${String(id + 1000).padStart(6, "0")}`;
const head = (id: number, skip: number): number =>
  (word(id).charCodeAt(skip) || 0) * 256 + (word(id).charCodeAt(skip + 1) || 0);

const byWord: IndexOrder<Item, number> = {
  compare: (item, id) => (word(item.id) < word(id) ? -1 : word(item.id) > word(id) ? 1 : 0),
  probeOf: (item) => item.id,
  shared(item, id) {
    const [a, b] = [word(item.id), word(id)];
    let i = 0;
    while (i < a.length && i < b.length && a[i] === b[i]) i += 1;
    return i;
  },
  head,
  headOf: (item, skip) => head(item.id, skip),
};

class Trial {
  readonly index: OrderedIndex<Item, number> = new OrderedIndex<Item, number>(byWord, (item) => item.weight);
  readonly expected = new Map<number, Item>();

  set(id: number): void {
    const item = { id, weight: id % 3 === 0 ? 0 : 1 };
    this.index.set(id, item);
    this.expected.set(id, item);
  }

  delete(id: number): void {
    assert.equal(this.index.delete(id), this.expected.delete(id));
  }

  reweigh(id: number): void {
    const item = this.expected.get(id);
    if (item === undefined) return;
    item.weight = 1 - item.weight;
    this.index.reweigh(id, item.weight === 1 ? 1 : -1);
  }

  items(): Item[] {
    return [...this.expected.values()].sort((a, b) => a.id - b.id);
  }

  check(probe: number): void {
    const items = this.items();
    assert.equal(this.index.size, items.length);
    assert.equal(this.index.weight, weigh(items));
    assert.equal(this.index.get(probe), this.expected.get(probe));
    const before = items.filter((item) => item.id < probe);
    const after = items.filter((item) => item.id >= probe);
    assert.equal(this.index.weightBefore(probe), weigh(before));
    assert.deepEqual(
      upwards(this.index, probe),
      after.map((item) => item.id),
    );
    assert.deepEqual(
      downwards(this.index, probe),
      before.reverse().map((item) => item.id),
    );
  }

  /** A walk that may step over what weighs nothing must still show everything that weighs something. */
  checkSkipping(probe: number): void {
    const heavy = this.items().filter((item) => item.weight === 1);
    const up: Item[] = [];
    const cursor = this.index.cursor().skipWeightless();
    for (cursor.seek(probe); cursor.entry !== undefined; cursor.next()) up.push(cursor.entry);
    assert.deepEqual(
      up.filter((item) => item.weight === 1),
      heavy.filter((item) => item.id >= probe),
    );
    const down: Item[] = [];
    for (cursor.seekBefore(probe); cursor.entry !== undefined; cursor.previous()) down.push(cursor.entry);
    assert.deepEqual(
      down.filter((item) => item.weight === 1),
      heavy.filter((item) => item.id < probe).reverse(),
    );
  }
}

const weigh = (items: readonly Item[]): number => items.reduce((sum, item) => sum + item.weight, 0);

function upwards(view: IndexView<Item, number>, probe: number): number[] {
  const ids: number[] = [];
  const cursor = view.cursor();
  for (cursor.seek(probe); cursor.entry !== undefined; cursor.next()) ids.push(cursor.entry.id);
  return ids;
}

function downwards(view: IndexView<Item, number>, probe: number): number[] {
  const ids: number[] = [];
  const cursor = view.cursor();
  for (cursor.seekBefore(probe); cursor.entry !== undefined; cursor.previous()) ids.push(cursor.entry.id);
  return ids;
}

test("entries that arrive in order, against it, and shuffled are found in order", () => {
  const orders: ((i: number) => number)[] = [(i) => i, (i) => 2000 - i, (i) => (i * 1237) % 2000];
  for (const order of orders) {
    const trial = new Trial();
    for (let i = 0; i < 2000; i += 1) trial.set(order(i));
    for (const probe of [-1, 0, 1, 777, 1999, 2001]) trial.check(probe);
    const first: number[] = [];
    const cursor = trial.index.cursor();
    for (cursor.seekLast(); cursor.entry !== undefined; cursor.previous()) first.push(cursor.entry.id);
    assert.deepEqual(
      first,
      trial
        .items()
        .reverse()
        .map((item) => item.id),
    );
  }
});

test("an index that empties is as good as new", () => {
  const trial = new Trial();
  for (let round = 0; round < 3; round += 1) {
    for (let i = 0; i < 1000; i += 1) trial.set((i * 7) % 1000);
    for (let i = 0; i < 1000; i += 1) {
      trial.delete((i * 13) % 1000);
      if (i % 97 === 0) trial.check(500);
    }
    trial.check(0);
  }
});

test("subtrees that weigh nothing are stepped over", () => {
  const trial = new Trial();
  for (let i = 0; i < 5000; i += 1) trial.set(i * 3); // all weightless
  trial.set(7001);
  let seen = 0;
  const cursor = trial.index.cursor().skipWeightless();
  for (cursor.seek(0); cursor.entry !== undefined; cursor.next()) seen += 1;
  assert(seen <= 64, `one leaf at most, not ${seen} entries`);
  for (const probe of [0, 7001, 7002, 20_000]) trial.checkSkipping(probe);
});

test("any changes: the index is the sorted list, and frozen views stay as they were", () => {
  const change = fc.record({
    kind: fc.constantFrom("set", "set", "delete", "reweigh", "freeze", "burst", "clear"),
    id: fc.nat(400),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 80 }), fc.nat(400), (changes, probe) => {
      const trial = new Trial();
      const frozen: [IndexView<Item, number>, number[]][] = [];
      for (const { kind, id } of changes) {
        if (kind === "set") trial.set(id);
        else if (kind === "delete") trial.delete(id);
        else if (kind === "reweigh") trial.reweigh(id);
        else if (kind === "freeze") frozen.push([trial.index.freeze(), trial.items().map((item) => item.id)]);
        else if (kind === "burst") for (let i = 0; i < 150; i += 1) trial.set((id + i * 5) % 401);
        else for (let i = 0; i < 100; i += 1) trial.delete((id + i) % 401);
      }
      trial.check(probe);
      trial.checkSkipping(probe);
      for (const [view, ids] of frozen) {
        assert.deepEqual(upwards(view, -1), ids);
        assert.deepEqual(downwards(view, 1000), ids.reverse());
      }
    }),
    { seed: 7, numRuns: 300 },
  );
});
