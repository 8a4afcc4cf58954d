import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { StoreModel } from "./store.ts";
import { inSpan, type Op, Reference, type Span, showVersion, type Txn } from "./testing/reference.ts";
import { bytes, show, showAll } from "./testing/text.ts";
import { CompareResult, CompareTarget, type RequestOp, type ResponseOp, SortOrder, SortTarget } from "./types.ts";
import type { WatchSpec } from "./watch.ts";
import { WatcherIndex } from "./watcher-index.ts";

/** Random histories, the model against the naive reference. Seeds are fixed: a failure repeats. */
const SEED = 20;
const SECOND = 1_000_000;
const EVERYTHING: Span = { key: "\0", end: "\0" };

type Step =
  | { readonly type: "op"; readonly op: Op }
  | { readonly type: "compact"; readonly back: number }
  | { readonly type: "grant"; readonly id: number; readonly ttl: number }
  | { readonly type: "keepAlive"; readonly id: number }
  | { readonly type: "expire" }
  | { readonly type: "restore" }
  | { readonly type: "wait"; readonly seconds: number };

const key = fc.constantFrom("a", "ab", "b", "c", "\xff", "\xffz");
const span = fc.record({ key, end: fc.constantFrom("", "", "b", "c", "\xff", "\0") });
const value = fc.constantFrom("", "x", "a longer value");
const put = fc.record({
  type: fc.constant("put" as const),
  key,
  end: fc.constant(""),
  value,
  lease: fc.constantFrom(0, 0, 0, 1, 2),
  flags: fc.constantFrom(0, 0, 0, 1, 2),
});
const op = fc.letrec<{ op: Op; txn: Txn }>((tie) => ({
  op: fc.oneof(
    { depthSize: "small" },
    { weight: 4, arbitrary: put },
    { weight: 2, arbitrary: fc.record({ type: fc.constant("delete" as const), key, end: span.map((s) => s.end) }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant("range" as const), key, end: span.map((s) => s.end) }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant("txn" as const), txn: tie("txn") }) },
  ),
  txn: fc.record({
    compare: fc.option(fc.record({ key, end: fc.constantFrom("", "c"), version: fc.nat(2) }), { nil: undefined }),
    success: fc.array(tie("op"), { maxLength: 4 }),
    failure: fc.array(tie("op"), { maxLength: 2 }),
  }),
}));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 16, arbitrary: fc.record({ type: fc.constant("op" as const), op: op.op }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("compact" as const), back: fc.nat(6) }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant("grant" as const), id: fc.integer({ min: 1, max: 2 }), ttl: fc.nat(9) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("keepAlive" as const), id: fc.integer({ min: 1, max: 2 }) }) },
  { weight: 2, arbitrary: fc.constant({ type: "expire" as const }) },
  { weight: 1, arbitrary: fc.constant({ type: "restore" as const }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("wait" as const), seconds: fc.nat(4) }) },
);

const wire = (s: Span): { key: Uint8Array; rangeEnd: Uint8Array } => ({ key: bytes(s.key), rangeEnd: bytes(s.end) });

function request(each: Op): RequestOp {
  switch (each.type) {
    case "put": {
      const ignoreValue = (each.flags & 1) !== 0;
      const ignoreLease = (each.flags & 2) !== 0;
      const lease = ignoreLease ? 0n : BigInt(each.lease);
      const fields = { value: bytes(ignoreValue ? "" : each.value), lease, ignoreValue, ignoreLease, prevKv: true };
      return { type: "put", request: { key: bytes(each.key), ...fields } };
    }
    case "delete":
      return { type: "deleteRange", request: { ...wire(each), prevKv: true } };
    case "range":
      return { type: "range", request: wire(each) };
    case "txn": {
      const { compare, success, failure } = each.txn;
      const fields = { target: CompareTarget.VERSION, result: CompareResult.GREATER };
      const compares = compare === undefined ? [] : [{ ...wire(compare), ...fields, version: compare.version }];
      return {
        type: "txn",
        request: { compare: compares, success: success.map(request), failure: failure.map(request) },
      };
    }
  }
}

function tell(response: ResponseOp): string {
  switch (response.type) {
    case "range":
      return `range ${showAll(response.response.kvs).join(", ")}`;
    case "put":
      return `put ${show(response.response.prevKv)}`;
    case "deleteRange":
      return `deleted ${showAll(response.response.prevKvs).join(", ")}`;
    case "txn":
      return `txn ${response.response.succeeded} (${response.response.responses.map(tell).join("; ")})`;
  }
}

/** Plain calls and one-operation transactions must come to the same; every other operation takes the plain way. */
function apply(store: StoreModel, each: Op, plainly: boolean, time: number): string {
  const wired = request(each);
  try {
    if (!plainly || wired.type === "none") {
      const response = store.txn({ success: [wired] }, time);
      return `${response.responses.map(tell).join("; ")} @${response.revision}`;
    }
    return `${tell(plain(store, wired, time))} @${store.revision}`;
  } catch (error) {
    return String((error as { code?: unknown }).code);
  }
}

function plain(store: StoreModel, each: Exclude<RequestOp, { type: "none" }>, time: number): ResponseOp {
  switch (each.type) {
    case "range":
      return { type: "range", response: store.range(each.request) };
    case "put":
      return { type: "put", response: { revision: store.put(each.request, time), prevKv: store.replaced } };
    case "deleteRange":
      return { type: "deleteRange", response: store.deleteRange(each.request, time) };
    case "txn":
      return { type: "txn", response: store.txn(each.request, time) };
  }
}

/** ignore_lease and a lease exclude each other: what the wire sends for it has none. */
function normalize(each: Op): Op {
  if (each.type === "put") return (each.flags & 2) === 0 ? each : { ...each, lease: 0 };
  if (each.type !== "txn") return each;
  const { compare, success, failure } = each.txn;
  return { type: "txn", txn: { compare, success: success.map(normalize), failure: failure.map(normalize) } };
}

interface Watcher {
  readonly span: Span;
  readonly spec: WatchSpec;
  readonly seen: string[];
}

/** Drives a model, a twin that removes compacted records at another pace, and the reference. */
class Trial {
  store = new StoreModel();
  twin = new StoreModel();
  readonly reference = new Reference();
  readonly index = new WatcherIndex();
  readonly watchers: Watcher[] = [];
  time = 0;
  steps = 0;
  notified = 1;

  constructor(spans: readonly { span: Span; start: number; filter: number }[]) {
    for (const { span: each, start, filter } of spans) {
      const spec = { ...wire(each), startRevision: start, noPut: filter === 1, noDelete: filter === 2 };
      this.index.add(this.watchers.length, spec);
      this.watchers.push({ span: each, spec, seen: [] });
    }
  }

  run(each: Step): void {
    this.steps += 1;
    this.#act(each);
    if (this.steps % 3 === 0) this.store.removeCompacted(1);
    assert.equal(this.store.hash(), this.twin.hash());
    assert.equal(this.store.revision, this.reference.revision);
    this.#notify();
  }

  #act(each: Step): void {
    const { store, twin, reference } = this;
    switch (each.type) {
      case "op": {
        const wanted = normalize(each.op);
        const plainly = this.steps % 2 === 0;
        const answer = apply(store, wanted, plainly, this.time);
        assert.equal(apply(twin, wanted, plainly, this.time), answer);
        if (answer !== "duplicateKey") assert.equal(answer, reference.apply([wanted], !plainly));
        return;
      }
      case "compact": {
        const revision = reference.revision - each.back;
        if (revision <= reference.compacted) return;
        reference.compacted = revision;
        store.compact(revision, this.time);
        twin.compact(revision, this.time);
        return;
      }
      case "grant": {
        if (reference.leases.has(each.id)) return;
        reference.grantLease(each.id, each.ttl, this.time);
        for (const model of [store, twin]) model.leaseGrant(BigInt(each.id), each.ttl, this.time);
        return;
      }
      case "keepAlive":
        if (this.steps % 2 === 0) {
          // By the leader alone: `twin` is a follower.
          const ttl = reference.keepLease(each.id, this.time);
          assert.equal(store.leaseKeep(BigInt(each.id), this.time, 0), ttl);
        } else {
          const ttl = reference.renewLease(each.id, this.time);
          for (const model of [store, twin]) assert.equal(model.leaseKeepAlive(BigInt(each.id), this.time), ttl);
        }
        return;
      case "expire": {
        const due = reference.endedLeases(this.time);
        const found = store.expiredLeases(this.time, 10);
        assert.deepEqual(
          found.map(({ id }) => Number(id)),
          due,
        );
        for (const id of due) reference.revoke(id);
        for (const model of [store, twin]) assert.equal(model.leaseExpire(found, this.time), due.length);
        return;
      }
      case "restore": {
        const chunks = [...{ [Symbol.iterator]: () => store.snapshot() }];
        this.store = new StoreModel();
        this.store.restore(chunks);
        reference.forgetEnds(); // as after a change of leader
        return;
      }
      case "wait":
        this.time += each.seconds * SECOND;
    }
  }

  /** Live delivery: what was written since the last time, by whole revisions. */
  #notify(): void {
    // A watcher that has fallen behind compaction is the server's to cancel; here all keep up.
    const found = this.store.eventsSince(this.notified + 1, 1);
    if (found.type === "compacted") assert.fail("live watchers cannot be compacted");
    this.index.match(found.events, (id, events) => {
      this.watchers[id]!.seen.push(...showAll(events));
    });
    this.notified = found.nextRevision - 1;
    if (this.notified < this.store.revision) this.#notify();
  }

  check(): void {
    const { store, reference } = this;
    const from = Math.max(reference.compacted, 1);
    for (let revision = from; revision <= reference.revision; revision += 1) {
      const { kvs, count } = store.range({ ...wire(EVERYTHING), revision });
      assert.deepEqual(showAll(kvs), reference.at(EVERYTHING, revision).map(showVersion));
      assert.equal(count, kvs.length);
    }
    assert.equal(store.keyCount, reference.now(EVERYTHING).length);
    this.#checkEvents(from);
    for (const { span: each, spec, seen } of this.watchers) {
      const wanted = reference
        .events(spec.startRevision)
        .filter((event) => inSpan(each, event.key) && (event.version === 0 ? !spec.noDelete : !spec.noPut));
      assert.deepEqual(seen, wanted.map(showVersion));
    }
  }

  #checkEvents(from: number): void {
    const { store, reference } = this;
    const expected = reference.events(from);
    // Of the compacted revision itself, all events are there; of an earlier one none is asked for.
    for (const limit of [1, 3, 1000]) {
      const seen: string[] = [];
      for (let next = from; next <= store.revision; ) {
        const found = store.eventsSince(next, limit);
        assert(found.type === "events");
        for (const event of found.events) {
          const before = reference.at({ key: bytesKey(event.key), end: "" }, event.modRevision - 1)[0];
          const known = event.modRevision - 1 >= reference.compacted && before !== undefined;
          assert.equal(show(store.prevKv(event)), known ? showVersion(before) : "nothing");
        }
        seen.push(...showAll(found.events));
        next = found.nextRevision;
      }
      assert.deepEqual(seen, expected.map(showVersion));
    }
  }
}

const bytesKey = (data: Uint8Array): string => String.fromCharCode(...data);

test("any history: answers, states at all revisions, leases, watches and hashes are the reference's", () => {
  const watchers = fc.array(fc.record({ span, start: fc.nat(20), filter: fc.nat(2) }), { maxLength: 4 });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), watchers, (steps, spans) => {
      const trial = new Trial(spans);
      for (const each of steps) trial.run(each);
      trial.check();
      while (trial.store.removeCompacted(1));
      assert.equal(trial.store.hash(), trial.twin.hash());
      trial.check();
    }),
    { seed: SEED, numRuns: 400 },
  );
});

test("any range request: limits, sorts and filters are those of a sorted list", () => {
  const writes = fc.oneof({ weight: 9, arbitrary: put }, { weight: 1, arbitrary: op.op });
  const setup = fc.array(fc.record({ type: fc.constant("op" as const), op: writes }), { minLength: 6, maxLength: 40 });
  const bound = fc.constantFrom(0, 0, 0, 3, 6, 9);
  const query = fc.record({
    span,
    limit: fc.integer({ min: -1, max: 5 }),
    sortOrder: fc.constantFrom(...Object.values(SortOrder)),
    sortTarget: fc.constantFrom(...Object.values(SortTarget)),
    minModRevision: bound,
    maxModRevision: bound,
    minCreateRevision: bound,
    maxCreateRevision: bound,
    back: fc.constantFrom(0, 0, 1, 4),
  });
  const fields = ["key", "version", "create", "mod", "value"] as const;
  fc.assert(
    fc.property(setup, fc.array(query, { minLength: 5, maxLength: 20 }), (steps, queries) => {
      const trial = new Trial([]);
      for (const each of steps) trial.run(each);
      for (const { span: each, back, ...rest } of queries) {
        const revision = Math.max(1, trial.reference.revision - back);
        const found = trial.reference.at(each, revision);
        const filtered = found.filter(
          (version) =>
            (rest.minModRevision === 0 || version.mod >= rest.minModRevision) &&
            (rest.maxModRevision === 0 || version.mod <= rest.maxModRevision) &&
            (rest.minCreateRevision === 0 || version.create >= rest.minCreateRevision) &&
            (rest.maxCreateRevision === 0 || version.create <= rest.maxCreateRevision),
        );
        // etcd cuts by key first when no order is asked for and nothing is filtered.
        const naturally = rest.sortOrder === SortOrder.NONE && filtered.length === found.length;
        const unfiltered =
          rest.minModRevision + rest.maxModRevision + rest.minCreateRevision + rest.maxCreateRevision === 0;
        if (naturally && unfiltered && rest.limit > 0) filtered.length = Math.min(filtered.length, rest.limit + 1);
        const field = fields[rest.sortTarget]!;
        const sign = rest.sortOrder === SortOrder.DESCEND ? -1 : 1;
        filtered.sort((a, b) => (a[field] < b[field] ? -sign : a[field] > b[field] ? sign : 0));
        const cut = rest.limit > 0 ? filtered.slice(0, rest.limit) : filtered;
        const answer = trial.store.range({ ...wire(each), ...rest, revision });
        assert.deepEqual(showAll(answer.kvs), cut.map(showVersion));
        assert.deepEqual([answer.count, answer.more], [found.length, cut.length < filtered.length]);
        assert.equal(trial.store.range({ ...wire(each), revision, countOnly: true }).count, found.length);
      }
    }),
    { seed: SEED, numRuns: 300 },
  );
});
