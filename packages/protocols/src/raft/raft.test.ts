import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "../protocol.ts";
import { Random } from "../random.ts";
import { RaftInvariants } from "./invariants.ts";
import { Raft } from "./raft.ts";
import { emptyState } from "./recovery.ts";
import { DEFAULT_RAFT_OPTIONS, EntryKind, type RaftMessage, type RaftOutcome } from "./types.ts";

/** A perfect little world: everything sent arrives, everything persisted is durable at once. */
class Cluster {
  now = 0;
  readonly rafts = new Map<NodeId, Raft>();
  readonly outcomes = new Map<NodeId, RaftOutcome[]>();
  readonly invariants = new RaftInvariants();
  readonly cut = new Set<NodeId>();
  #queue: { from: NodeId; to: NodeId; message: RaftMessage }[] = [];

  constructor(size: number) {
    const voters = Array.from({ length: size }, (_, i) => i + 1);
    for (const id of voters) {
      const bootstrap = { voters, outgoing: [], learners: [] };
      const raft = new Raft({ ...DEFAULT_RAFT_OPTIONS, id, bootstrap }, emptyState(), new Random(`node ${id}`), 0, {
        read: () => undefined,
      });
      this.rafts.set(id, raft);
      this.outcomes.set(id, []);
      this.invariants.started(raft);
    }
  }

  do(id: NodeId, input: (raft: Raft, out: ReturnType<Cluster["output"]>) => void): void {
    const raft = this.rafts.get(id)!;
    input(raft, this.output(id));
    this.invariants.check(raft);
  }

  output(from: NodeId) {
    const deliver = (to: NodeId, message: RaftMessage): void => {
      this.#queue.push({ from, to, message });
    };
    return {
      persist: (): void => {},
      send: deliver,
      sendOnceDurable: deliver,
      announce: (outcome: RaftOutcome): void => void this.outcomes.get(from)!.push(outcome),
    };
  }

  settle(): void {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      const { from, to, message } = next;
      if (from !== to && (this.cut.has(from) || this.cut.has(to))) continue;
      this.do(to, (raft, out) => raft.receive(this.now, from, message, out));
    }
  }

  /** Jumps from deadline to deadline for `span` microseconds. */
  run(span: number): void {
    const end = this.now + span;
    for (;;) {
      const next = Math.min(...[...this.rafts.values()].map((raft) => raft.wakeAt));
      if (next > end) break;
      this.now = Math.max(this.now, next);
      for (const [id, raft] of this.rafts) {
        if (raft.wakeAt <= this.now) this.do(id, (r, out) => r.wake(this.now, out));
      }
      this.settle();
    }
    this.now = end;
  }

  get leader(): Raft {
    const leaders = [...this.rafts.values()].filter(
      (raft) => raft.state.role.type === "leader" && !this.cut.has(raft.state.options.id),
    );
    assert.equal(leaders.length, 1, "exactly one leader");
    return leaders[0]!;
  }
}

const bytes = (text: string): Uint8Array => new Uint8Array([...text].map((c) => c.charCodeAt(0)));

function commandsOf(raft: Raft): string[] {
  const { log, commitIndex } = raft.state;
  const commands: string[] = [];
  for (let i = log.firstIndex; i <= commitIndex; i++) {
    if (log.kindAt(i) === EntryKind.command) commands.push(String.fromCharCode(...log.payloadAt(i)));
  }
  return commands;
}

test("three members elect a leader, and what it is told reaches all of them", () => {
  const cluster = new Cluster(3);
  cluster.run(3_000_000);
  const id = cluster.leader.state.options.id;
  cluster.do(id, (raft, out) => {
    assert.equal(raft.propose(cluster.now, [bytes("x"), bytes("y")], out).type, "accepted");
  });
  cluster.settle();
  cluster.run(200_000);
  for (const raft of cluster.rafts.values()) assert.deepEqual(commandsOf(raft), ["x", "y"]);
});

test("a member alone leads itself and commits once its own disk has the entry", () => {
  const cluster = new Cluster(1);
  cluster.run(3_000_000);
  cluster.do(1, (raft, out) => raft.propose(cluster.now, [bytes("x")], out));
  assert.deepEqual(commandsOf(cluster.leader), []);
  cluster.settle();
  assert.deepEqual(commandsOf(cluster.leader), ["x"]);
  cluster.do(1, (raft, out) => raft.readIndex(cluster.now, 7, out));
  assert.deepEqual(cluster.outcomes.get(1)!.at(-1), { type: "readable", context: 7, index: 2 });
});

test("a follower that has forwarded a proposal hears of the commit at once, also where others have made it", () => {
  const cluster = new Cluster(3);
  cluster.run(3_000_000);
  const { id } = cluster.leader.state.options;
  for (const follower of [1, 2, 3].filter((node) => node !== id)) {
    const term = cluster.leader.state.currentTerm;
    const commands = [bytes("x")];
    cluster.do(id, (raft, out) => {
      raft.receive(cluster.now, follower, { type: "Propose", term, commands }, out);
      raft.propose(cluster.now, commands, out);
    });
    cluster.settle(); // one of the two acknowledges first, and that is a majority
    assert.equal(cluster.rafts.get(follower)!.state.commitIndex, cluster.leader.state.log.lastIndex);
  }
});

test("a leader cut off makes way, and its unacknowledged tail is replaced", () => {
  const cluster = new Cluster(5);
  cluster.run(3_000_000);
  const old = cluster.leader;
  cluster.cut.add(old.state.options.id);
  cluster.do(old.state.options.id, (raft, out) => raft.propose(cluster.now, [bytes("lost")], out));
  cluster.settle();
  cluster.run(5_000_000);
  assert.equal(old.state.role.type === "leader", false, "CheckQuorum");
  cluster.do(cluster.leader.state.options.id, (raft, out) => raft.propose(cluster.now, [bytes("kept")], out));
  cluster.settle();
  cluster.cut.clear();
  cluster.run(5_000_000);
  for (const raft of cluster.rafts.values()) assert.deepEqual(commandsOf(raft), ["kept"]);
});

test("a membership change passes through a joint configuration and ends by itself", () => {
  const cluster = new Cluster(5);
  cluster.run(3_000_000);
  const id = cluster.leader.state.options.id;
  const voters = [1, 2, 3, 4, 5].filter((node) => node !== id);
  cluster.do(id, (raft, out) => {
    assert.equal(raft.proposeConfiguration(cluster.now, { voters, learners: [] }, out).type, "accepted");
  });
  cluster.settle();
  cluster.run(5_000_000);
  assert.notEqual(cluster.leader.state.options.id, id, "a removed leader steps down");
  assert.deepEqual(cluster.leader.state.configurations.at(-1)!.configuration, { voters, outgoing: [], learners: [] });
});

test("a transfer moves the leadership to the named member without waiting for a time-out", () => {
  const cluster = new Cluster(3);
  cluster.run(3_000_000);
  const id = cluster.leader.state.options.id;
  const target = (id % 3) + 1;
  cluster.do(id, (raft, out) => {
    assert.equal(raft.transferLeadership(cluster.now, target, out), "started");
  });
  cluster.settle();
  assert.equal(cluster.leader.state.options.id, target);
});

test("members that were started together need not wait for a time-out: the first link is reason enough to ask for votes", () => {
  const options = { ...DEFAULT_RAFT_OPTIONS, preVote: true, id: 1, bootstrap: bootstrapOf(3) };
  const restarted = (changed: Partial<typeof options> = {}): Raft =>
    new Raft({ ...options, ...changed }, { ...emptyState(), currentTerm: 4 }, new Random("r"), 0, {
      read: () => undefined,
    });
  const raft = restarted();
  assert(raft.wakeAt >= options.electionTimeout);
  raft.connected(1000);
  const { heartbeatInterval, electionTimeout } = options;
  assert(raft.wakeAt >= 1000 + 2 * heartbeatInterval, "a leader would be heard by then");
  assert(raft.wakeAt <= 1000 + 2 * heartbeatInterval + electionTimeout / 4);
  const soon = raft.wakeAt;
  raft.connected(2000);
  assert.equal(raft.wakeAt, soon, "the next link puts nothing off");

  for (const changed of [{ leaseReads: true }, { preVote: false }]) {
    const patient = restarted(changed);
    const before = patient.wakeAt;
    patient.connected(1000);
    assert.equal(patient.wakeAt, before);
  }
  const follower = restarted();
  follower.state.leader = 2;
  const before = follower.wakeAt;
  follower.connected(1000);
  assert.equal(follower.wakeAt, before);
});

function bootstrapOf(size: number) {
  return { voters: Array.from({ length: size }, (_, i) => i + 1), outgoing: [], learners: [] };
}
