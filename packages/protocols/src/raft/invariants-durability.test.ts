import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Random } from "../random.ts";
import { type CommittingMember, DurabilityInvariants } from "./invariants-durability.ts";
import { Raft } from "./raft.ts";
import { recover } from "./recovery.ts";
import { type Configuration, DEFAULT_RAFT_OPTIONS, EntryKind, type RaftMessage, type RaftRecord } from "./types.ts";

const THREE: Configuration = { voters: [1, 2, 3], outgoing: [], learners: [] };

/** Three disks, followed by hand. Each note is one record. */
class Disks {
  readonly watch = new DurabilityInvariants();
  readonly #records: RaftRecord[][] = [[], [], [], [], []];

  write(node: number, ...records: RaftRecord[]): this {
    for (const record of records) {
      const position = this.#records[node]!.push(record);
      this.watch.written(node, position, record);
    }
    return this;
  }

  sync(node: number): this {
    this.watch.durable(node, this.#records[node]!.length);
    return this;
  }

  /** It starts from these records, whatever it wrote before. */
  start(node: number, records: readonly RaftRecord[]): this {
    this.#records[node] = [...records];
    const options = { ...DEFAULT_RAFT_OPTIONS, id: node, bootstrap: THREE };
    this.watch.started(new Raft(options, recover(records), new Random(node), 0, { read: () => undefined }));
    return this;
  }
}

const vote = (term: number, votedFor: number): RaftRecord => ({ type: "vote", term, votedFor });

function entries(first: number, ...terms: number[]): RaftRecord {
  const kinds = terms.map(() => EntryKind.command);
  const payloads = terms.map(() => new Uint8Array(1));
  return { type: "entries", entries: { first, terms, kinds, payloads, encoded: undefined } };
}

function snapshotAt(lastIncludedIndex: number, lastIncludedTerm: number): RaftRecord {
  const snapshot = { lastIncludedIndex, lastIncludedTerm, configuration: THREE, size: 1, checksum: 0 };
  return { type: "snapshot", snapshot };
}

const acknowledgement = (term: number, index: number): RaftMessage => ({
  type: "AppendEntriesReply",
  term,
  success: true,
  index,
  hintIndex: 0,
  hintTerm: 0,
});

const leader = (configuration: Configuration, ...terms: number[]): CommittingMember => ({
  role: "leader",
  configuration,
  termAt: (index) => terms[index - 1],
});

describe("what leaves is on the sender's disk", () => {
  test("an acknowledgement", () => {
    const disks = new Disks().write(2, vote(1, 1), entries(1, 1, 1));
    assert.throws(() => disks.watch.leaves(2, 1, acknowledgement(1, 2)), /n2 acknowledges entry 2 in term 1/);
    disks.sync(2).watch.leaves(2, 1, acknowledgement(1, 2));
    assert.throws(() => disks.watch.leaves(2, 1, acknowledgement(1, 3)), /its disk ends at 2/);
    assert.throws(() => disks.watch.leaves(2, 1, acknowledgement(2, 2)), /in term 2/);
  });

  test("the answer to a snapshot", () => {
    const installed = { type: "InstallSnapshotReply", term: 1, lastIncludedIndex: 7, offset: 0 } as const;
    const disks = new Disks().write(2, vote(1, 1)).sync(2).write(2, snapshotAt(7, 1));
    disks.watch.leaves(2, 1, { ...installed, status: "receiving" });
    assert.throws(() => disks.watch.leaves(2, 1, { ...installed, status: "installed" }), /its disk ends at 0/);
    disks.sync(2).watch.leaves(2, 1, { ...installed, status: "installed" });
  });

  test("a vote, for this candidate in this term", () => {
    const yes = { type: "RequestVoteReply", term: 2, voteGranted: true } as const;
    const disks = new Disks().write(2, vote(2, 3));
    assert.throws(() => disks.watch.leaves(2, 3, yes), /n2 votes for n3 in term 2/);
    disks.sync(2).watch.leaves(2, 3, yes);
    assert.throws(() => disks.watch.leaves(2, 1, yes), /n2 votes for n1/);
    disks.watch.leaves(2, 1, { ...yes, voteGranted: false });
  });

  test("a candidacy, and the log it boasts of", () => {
    const request = { type: "RequestVote", term: 2, lastLogIndex: 2, lastLogTerm: 1, transfer: false } as const;
    const disks = new Disks().write(1, vote(1, 1), entries(1, 1)).sync(1).write(1, entries(2, 1), vote(2, 1));
    assert.throws(() => disks.watch.leaves(1, 2, request), /n1 asks for votes in term 2/);
    disks.sync(1).watch.leaves(1, 2, request);
    assert.throws(() => disks.watch.leaves(1, 2, { ...request, lastLogIndex: 3 }), /the log it boasts of/);
  });
});

describe("what is committed is on the disks of a quorum", () => {
  test("one disk of three is none, two are one", () => {
    const disks = new Disks().write(1, vote(1, 1), entries(1, 1)).sync(1).write(2, vote(1, 1), entries(1, 1));
    assert.throws(() => disks.watch.committed(1, leader(THREE, 1), 1), /entry 1 is committed by n1 and not/);
    const synced = new Disks().write(1, vote(1, 1), entries(1, 1)).sync(1).write(2, vote(1, 1), entries(1, 1)).sync(2);
    synced.watch.committed(1, leader(THREE, 1), 1);
    synced.watch.committed(3, { ...leader(THREE), role: "follower" }, 1);
    assert.throws(() => synced.watch.committed(3, { ...leader(THREE), role: "follower" }, 2), /no leader has counted/);
  });

  test("an entry of another term at the same index does not count", () => {
    const disks = new Disks().write(1, vote(2, 1), entries(1, 2)).sync(1).write(2, vote(1, 2), entries(1, 1)).sync(2);
    assert.throws(() => disks.watch.committed(1, leader(THREE, 2), 1), /not on the disks of a quorum/);
  });

  test("joint: a majority of the old voters and one of the new", () => {
    const joint: Configuration = { voters: [1, 4], outgoing: [1, 2, 3], learners: [] };
    const disks = new Disks();
    for (const node of [1, 2, 3]) disks.write(node, vote(1, 1), entries(1, 1)).sync(node);
    assert.throws(() => disks.watch.committed(1, leader(joint, 1), 1), /not on the disks of a quorum/);
  });

  test("no later record takes it away", () => {
    const disks = new Disks();
    for (const node of [1, 2]) disks.write(node, vote(1, 1), entries(1, 1, 1)).sync(node);
    disks.watch.committed(1, leader(THREE, 1, 1), 2);
    disks.write(2, vote(2, 3), entries(2, 2));
    assert.throws(() => disks.sync(2), /takes the committed entry 2 off a disk/);
  });

  test("a snapshot may take its place", () => {
    const disks = new Disks();
    for (const node of [1, 2]) disks.write(node, vote(1, 1), entries(1, 1, 1)).sync(node);
    disks.watch.committed(1, leader(THREE, 1, 1), 1);
    disks.write(2, snapshotAt(1, 1)).sync(2);
    disks.watch.committed(1, leader(THREE, 1, 1), 2);
  });
});

describe("across starts", () => {
  const log = [vote(3, 1), entries(1, 1, 3, 3)];

  test("what was confirmed is found again, and what was not may be", () => {
    const disks = new Disks()
      .write(2, ...log)
      .sync(2)
      .write(2, entries(4, 3));
    disks.watch.crashed(2);
    disks.start(2, [...log, entries(4, 3)]);
  });

  test("unconfirmed entries of a later leader may have replaced confirmed ones, even by such of an older term", () => {
    const disks = new Disks()
      .write(2, ...log)
      .sync(2)
      .write(2, vote(5, 0), entries(2, 2, 5));
    disks.watch.crashed(2);
    disks.start(2, [...log, vote(5, 0), entries(2, 2)]);
    const untouched = new Disks()
      .write(2, ...log)
      .sync(2)
      .write(2, vote(5, 0), entries(3, 2, 5));
    untouched.watch.crashed(2);
    assert.throws(() => untouched.start(2, [...log, vote(5, 0), entries(2, 2)]), /lost confirmed entries/);
  });

  test("a forgotten term, vote, entry or snapshot is noticed", () => {
    const cases: [RegExp, RaftRecord[]][] = [
      [/forgot term 3/, [vote(2, 1), entries(1, 1, 2, 2)]],
      [/or its vote/, [vote(3, 2), entries(1, 1, 3, 3)]],
      [/lost confirmed entries/, [vote(3, 1), entries(1, 1, 3)]],
      [/lost confirmed entries/, [vote(3, 1), entries(1, 1, 2, 2)]],
    ];
    for (const [reason, found] of cases) {
      const disks = new Disks().write(2, ...log).sync(2);
      assert.throws(() => disks.start(2, found), reason);
    }
    const compacted = new Disks().write(2, ...log, snapshotAt(2, 3)).sync(2);
    assert.throws(() => compacted.start(2, log), /lost confirmed entries/);
  });
});

describe("damage", () => {
  const damaged: RaftRecord[] = [vote(1, 1), entries(1, 1), { type: "recovery", recovering: true }];

  function afterDamage(): Disks {
    const disks = new Disks();
    for (const node of [1, 2]) disks.write(node, vote(1, 1), entries(1, 1, 1)).sync(node);
    disks.watch.crashed(2);
    disks.watch.damaged(2);
    return disks.start(2, damaged);
  }

  test("a disk counts for what was destroyed on it, and for no more", () => {
    const disks = afterDamage();
    disks.watch.committed(1, leader(THREE, 1, 1), 2);
    disks.write(1, entries(3, 1)).sync(1);
    assert.throws(() => disks.watch.committed(1, leader(THREE, 1, 1, 1), 3), /not on the disks of a quorum/);
  });

  test("its member does not vote, and acknowledges what it has", () => {
    const disks = afterDamage();
    assert.throws(() => disks.watch.leaves(2, 1, acknowledgement(1, 2)), /its disk ends at 1/);
    const yes: RaftMessage = { type: "RequestVoteReply", term: 1, voteGranted: true };
    assert.throws(() => disks.watch.leaves(2, 1, yes), /or is damaged/);
  });

  test("it is whole when it has back what was committed", () => {
    const whole: RaftRecord = { type: "recovery", recovering: false };
    const early = afterDamage();
    early.watch.committed(1, leader(THREE, 1, 1), 2);
    assert.throws(() => early.write(2, whole).sync(2), /whole without the committed entry 2/);
    const mended = afterDamage();
    mended.watch.committed(1, leader(THREE, 1, 1), 2);
    mended.write(2, entries(2, 1), whole).sync(2);
  });

  test("a leader believes of it what its disk once confirmed", () => {
    const disks = afterDamage();
    disks.watch.leaves(1, 2, { type: "RejoinReply", term: 1, index: 2, matchIndex: 2 });
    const tooMuch: RaftMessage = { type: "RejoinReply", term: 1, index: 3, matchIndex: 3 };
    assert.throws(() => disks.watch.leaves(1, 2, tooMuch), /n1 believes that n2 holds entry 3/);
  });
});
