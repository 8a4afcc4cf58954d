import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreModel } from "./store.ts";
import { bytes, show, showAll } from "./testing/text.ts";
import type { WatchSpec } from "./watch.ts";
import { WatcherIndex } from "./watcher-index.ts";

const put = (store: StoreModel, key: string, value: string): number =>
  store.put({ key: bytes(key), value: bytes(value) }, 0);

const remove = (store: StoreModel, key: string): unknown => store.deleteRange({ key: bytes(key) }, 0);

const history = (store: StoreModel, start: number, limit = 1000): unknown => {
  const found = store.eventsSince(start, limit);
  return found.type === "events" ? [showAll(found.events), found.nextRevision] : found;
};

/** Watchers by name of their span: "a" a key, "a-c" a range, "a-" from a on. */
function index(specs: Record<number, string | [string, Partial<WatchSpec>]>): WatcherIndex {
  const watchers = new WatcherIndex();
  for (const [id, value] of Object.entries(specs)) {
    const [name, options] = typeof value === "string" ? [value, {}] : value;
    const [key, end] = name.split("-");
    const rangeEnd = end === undefined ? undefined : bytes(end === "" ? "\0" : end);
    watchers.add(Number(id), { key: bytes(key!), rangeEnd, startRevision: 0, ...options });
  }
  return watchers;
}

function match(watchers: WatcherIndex, store: StoreModel, since: number): Record<number, string> {
  const found = store.eventsSince(since, 1000);
  assert(found.type === "events");
  const seen: Record<number, string> = {};
  watchers.match(found.events, (id, events) => {
    assert(!(id in seen), "once per watcher");
    seen[id] = showAll(events).join(", ");
  });
  return seen;
}

test("history is given in the order of writing, a transaction's events under one revision", () => {
  const store = new StoreModel();
  put(store, "a", "1");
  store.txn(
    {
      success: [
        { type: "put", request: { key: bytes("c"), value: bytes("2") } },
        { type: "put", request: { key: bytes("b"), value: bytes("3") } },
        { type: "deleteRange", request: { key: bytes("a") } },
      ],
    },
    0,
  );
  assert.deepEqual(history(store, 2), [["a=1 @2/2 v1", "c=2 @3/3 v1", "b=3 @3/3 v1", "a deleted @3"], 4]);
});

test("a limit ends the answer between two revisions, never within one", () => {
  const store = new StoreModel();
  for (const key of ["a", "b", "c"]) put(store, key, "1");
  store.deleteRange({ key: bytes("a"), rangeEnd: bytes("\0") }, 0);
  assert.deepEqual(history(store, 2, 2), [["a=1 @2/2 v1", "b=1 @3/3 v1"], 4]);
  assert.deepEqual(history(store, 4, 2), [["c=1 @4/4 v1", "a deleted @5", "b deleted @5", "c deleted @5"], 6]);
  assert.deepEqual(history(store, 6), [[], 6]);
  assert.deepEqual(history(store, 60), [[], 60], "a future start is legal");
});

test("history before the compacted revision is refused, from it on it is whole", () => {
  const store = new StoreModel();
  put(store, "a", "1");
  put(store, "a", "2");
  remove(store, "a");
  put(store, "b", "1");
  store.compact(4, 0);
  for (const removed of [false, true]) {
    if (removed) while (store.removeCompacted(1));
    assert.deepEqual(history(store, 3), { type: "compacted", compactRevision: 4 });
    assert.deepEqual(history(store, 4), [["a deleted @4", "b=1 @5/5 v1"], 6], "the delete at 4 is kept");
  }
});

test("prev_kv is the key as it was before the event's revision, if that is still known", () => {
  const store = new StoreModel();
  put(store, "a", "1");
  put(store, "a", "2");
  remove(store, "a");
  put(store, "a", "3");
  const previous = (): string[] => {
    const found = store.eventsSince(Math.max(2, store.compactedRevision), 100);
    return found.type === "events" ? found.events.map((event) => show(store.prevKv(event))) : [];
  };
  assert.deepEqual(previous(), ["nothing", "a=1 @2/2 v1", "a=2 @2/3 v2", "nothing"]);
  store.compact(3, 0);
  assert.deepEqual(previous(), ["nothing", "a=2 @2/3 v2", "nothing"]);
  while (store.removeCompacted(1));
  assert.deepEqual(previous(), ["nothing", "a=2 @2/3 v2", "nothing"]);
});

test("keys, ranges and open ends each find their watchers", () => {
  const store = new StoreModel();
  const watchers = index({ 1: "a", 2: "a-c", 3: "b-", 4: "c", 5: "c-a", 6: "a-c" });
  put(store, "a", "1");
  put(store, "b", "2");
  assert.deepEqual(match(watchers, store, 2), {
    1: "a=1 @2/2 v1",
    2: "a=1 @2/2 v1, b=2 @3/3 v1",
    3: "b=2 @3/3 v1",
    6: "a=1 @2/2 v1, b=2 @3/3 v1",
  });
  assert(watchers.delete(2));
  assert(!watchers.delete(2));
  assert(watchers.delete(3));
  put(store, "b", "3");
  assert.deepEqual(match(watchers, store, 4), { 6: "b=3 @3/4 v2" });
  assert.equal(watchers.size, 4);
});

test("filters and future start revisions hold events back", () => {
  const store = new StoreModel();
  const watchers = index({
    1: ["a", { noPut: true }],
    2: ["a", { noDelete: true }],
    3: ["a", { startRevision: 4 }],
    4: ["a", { noPut: true, noDelete: true }],
  });
  put(store, "a", "1");
  remove(store, "a");
  put(store, "a", "2");
  assert.deepEqual(match(watchers, store, 2), {
    1: "a deleted @3",
    2: "a=1 @2/2 v1, a=2 @4/4 v1",
    3: "a=2 @4/4 v1",
  });
});

test("watchers of one span share one array of events", () => {
  const store = new StoreModel();
  const watchers = index({ 1: "a-z", 2: "a-z" });
  put(store, "b", "1");
  const found = store.eventsSince(2, 10);
  assert(found.type === "events");
  const arrays = new Set<unknown>();
  watchers.match(found.events, (_, events) => arrays.add(events));
  assert.equal(arrays.size, 1);
});
