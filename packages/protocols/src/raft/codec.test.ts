import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ByteWriter } from "../bytes.ts";
import { decodeMessage, decodeRecord, encodeMessage, encodeRecord, recordTag } from "./codec.ts";
import { encodeEntries } from "./entries-codec.ts";
import {
  type Configuration,
  type Entries,
  EntryKind,
  type RaftMessage,
  type RaftRecord,
  type SnapshotMeta,
} from "./types.ts";

const uint53 = fc.maxSafeNat();
const node = fc.integer({ min: 1, max: 65_535 });
const bytes = fc.uint8Array({ maxLength: 200 });
const configuration: fc.Arbitrary<Configuration> = fc.record({
  voters: fc.array(node, { maxLength: 9 }),
  outgoing: fc.array(node, { maxLength: 9 }),
  learners: fc.array(node, { maxLength: 9 }),
});
const snapshot: fc.Arbitrary<SnapshotMeta> = fc.record({
  lastIncludedIndex: uint53,
  lastIncludedTerm: uint53,
  configuration,
  size: uint53,
  checksum: fc.nat(0xffffffff),
});
const entries: fc.Arbitrary<Entries> = fc
  .tuple(
    fc.integer({ min: 1, max: 2 ** 50 }),
    fc.array(fc.tuple(uint53, fc.constantFrom(0, 1, 2), bytes), { maxLength: 20 }),
  )
  .map(([first, list]) => ({
    first,
    terms: list.map(([term]) => term),
    kinds: list.map(([, kind]) => kind as 0 | 1 | 2),
    payloads: list.map(([, , payload]) => payload),
    encoded: undefined,
  }));
const last = { lastLogIndex: uint53, lastLogTerm: uint53 };
const of = <Type extends RaftMessage["type"]>(
  type: Type,
  fields: Record<string, fc.Arbitrary<unknown>>,
): fc.Arbitrary<RaftMessage> => fc.record({ type: fc.constant(type), term: uint53, ...fields }) as fc.Arbitrary<never>;

const message: fc.Arbitrary<RaftMessage> = fc.oneof(
  of("PreVote", last),
  of("PreVoteReply", { voteGranted: fc.boolean() }),
  of("RequestVote", { ...last, transfer: fc.boolean() }),
  of("RequestVoteReply", { voteGranted: fc.boolean() }),
  fc.tuple(uint53, uint53, uint53, entries).map(([term, prevLogTerm, leaderCommit, run]): RaftMessage => {
    return { type: "AppendEntries", term, prevLogIndex: run.first - 1, prevLogTerm, entries: run, leaderCommit };
  }),
  of("AppendEntriesReply", { success: fc.boolean(), index: uint53, hintIndex: uint53, hintTerm: uint53 }),
  of("Heartbeat", { leaderCommit: uint53, round: uint53 }),
  of("HeartbeatReply", { round: uint53 }),
  of("InstallSnapshot", { snapshot, offset: uint53, data: bytes, dataChecksum: fc.nat(0xffffffff) }),
  of("InstallSnapshotReply", {
    lastIncludedIndex: uint53,
    offset: uint53,
    status: fc.constantFrom("receiving", "installed", "rejected"),
  }),
  of("TimeoutNow", {}),
  of("ReadIndex", { context: uint53 }),
  of("ReadIndexReply", { context: uint53, index: fc.option(fc.nat(), { nil: undefined }) }),
  of("Propose", { commands: fc.array(bytes, { maxLength: 10 }) }),
  of("Rejoin", { lastIndex: uint53 }),
  of("RejoinReply", { index: uint53, matchIndex: uint53 }),
);

function joined(head: Uint8Array, body: Uint8Array | undefined): Uint8Array {
  return Uint8Array.from([...head, ...(body ?? [])]);
}

/** The codec's memo is no part of the meaning. */
function plain<Value>(value: Value): Value {
  return JSON.parse(
    JSON.stringify(value, (key, inner) =>
      key === "encoded" ? undefined : ArrayBuffer.isView(inner) ? [...(inner as Uint8Array)] : inner,
    ),
  ) as Value;
}

test("every message comes back from its bytes as it was", () => {
  fc.assert(
    fc.property(message, (sent) => {
      const { head, body } = encodeMessage(sent);
      assert.deepEqual(plain(decodeMessage(joined(head, body))), plain(sent));
    }),
    { seed: 1, numRuns: 2000 },
  );
});

test("every record comes back from its bytes as it was", () => {
  const record: fc.Arbitrary<RaftRecord> = fc.oneof(
    fc.record({ type: fc.constant("vote" as const), term: uint53, votedFor: fc.nat(65_535) }),
    fc.record({ type: fc.constant("entries" as const), entries }),
    fc.record({ type: fc.constant("snapshot" as const), snapshot }),
    fc.record({ type: fc.constant("recovery" as const), recovering: fc.boolean() }),
  );
  fc.assert(
    fc.property(record, (kept) => {
      const { head, body } = encodeRecord(kept);
      assert.deepEqual(plain(decodeRecord(recordTag(kept.type), joined(head, body))), plain(kept));
    }),
    { seed: 2, numRuns: 1000 },
  );
});

test("bytes from anywhere are a message or a RangeError, never anything else", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), (noise) => {
      try {
        decodeMessage(noise);
      } catch (error) {
        assert.ok(error instanceof RangeError, String(error));
      }
    }),
    { seed: 3, numRuns: 5000 },
  );
});

test("a message cut short is refused", () => {
  fc.assert(
    fc.property(message, fc.nat(400), (sent, cut) => {
      const { head, body } = encodeMessage(sent);
      const whole = joined(head, body);
      if (cut >= whole.length || sent.type === "InstallSnapshot") return; // its data have no length of their own
      assert.throws(() => decodeMessage(whole.subarray(0, cut)), RangeError);
    }),
    { seed: 4, numRuns: 2000 },
  );
});

test("a run of entries is encoded once, and its bytes are shared", () => {
  const head = new ByteWriter(64);
  fc.assert(
    fc.property(entries, (run) => {
      assert.equal(encodeEntries(run, head), encodeEntries(run, head));
      assert.equal(head.take().length, 0);
    }),
    { seed: 5, numRuns: 10 },
  );
});

test("one large entry is not copied, and reads like any other", () => {
  const payload = new Uint8Array(100_000).fill(7);
  const run = { first: 41, terms: [3], kinds: [EntryKind.command], payloads: [payload], encoded: undefined };
  const record = encodeRecord({ type: "entries", entries: run });
  assert.equal(record.body, payload);
  const tag = recordTag("entries");
  const read = decodeRecord(tag, joined(record.head, record.body));
  assert.ok(read.type === "entries");
  assert.deepEqual({ ...read.entries, encoded: undefined }, run);
  const sent = {
    type: "AppendEntries",
    term: 3,
    prevLogIndex: 40,
    prevLogTerm: 2,
    entries: run,
    leaderCommit: 9,
  } as const;
  const message = encodeMessage(sent);
  assert.equal(message.body, payload);
  const received = decodeMessage(joined(message.head, message.body));
  assert.ok(received.type === "AppendEntries");
  assert.deepEqual({ ...received, entries: { ...received.entries, encoded: undefined } }, sent);
});
