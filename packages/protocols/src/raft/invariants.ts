import { assert } from "../assert.ts";
import type { LogIndex, NodeId, Term } from "../protocol.ts";
import type { Raft } from "./raft.ts";
import type { RaftState } from "./state.ts";

/**
 * Raft's safety properties (Figure 3), checked over all members of a world after every event, by what they remember; what
 * their disks hold is looked after by `DurabilityInvariants`. A member is checked only for what it changed, so the cost of
 * a step does not grow with the log.
 */
export class RaftInvariants {
  readonly #leaderOf = new Map<Term, NodeId>();
  /** The committed log as first seen: term and payload of each index. */
  readonly #committed: { term: Term; payload: Uint8Array }[] = [];
  #committedTerm: Term = 0;
  readonly #seen = new Map<NodeId, Seen>();

  /** A member (re)started: what it remembers now is the measure of its next steps. */
  started({ state }: Raft): void {
    const fresh = {} as Seen;
    remember(fresh, state);
    this.#seen.set(state.options.id, fresh);
  }

  /** After every event on `raft`. @throws AssertionError that names the property. */
  check(raft: Raft): void {
    const { state } = raft;
    const before = this.#seen.get(state.options.id);
    assert(before !== undefined, "started() comes first");
    checkState(state);
    this.#checkMonotone(state, before);
    if (state.role.type === "leader") this.#checkLeader(state, before);
    this.#checkCommitted(state, before.commitIndex);
    remember(before, state);
  }

  /** The committed entries so far: what every state machine must have applied, in this order. */
  get committedLength(): LogIndex {
    return this.#committed.length;
  }

  #checkMonotone(state: RaftState, before: Seen): void {
    assert(state.currentTerm >= before.currentTerm, "monotone term");
    assert(state.commitIndex >= before.commitIndex, "monotone commit index");
    if (state.currentTerm === before.currentTerm && before.votedFor !== 0) {
      assert(state.votedFor === before.votedFor, "one vote per term");
    }
  }

  #checkLeader(state: RaftState, before: Seen): void {
    const { id } = state.options;
    const leader = this.#leaderOf.get(state.currentTerm);
    assert(leader === undefined || leader === id, "Election Safety: two leaders in one term");
    if (leader === undefined) {
      this.#leaderOf.set(state.currentTerm, id);
      this.#checkCompleteness(state);
    } else if (before.role === "leader" && before.currentTerm === state.currentTerm) {
      assert(state.log.lastIndex >= before.lastIndex, "Leader Append-Only: the leader's log became shorter");
      assert(
        before.lastIndex <= state.log.baseIndex || state.log.termAt(before.lastIndex) === before.lastTerm,
        "Leader Append-Only: the leader overwrote an entry",
      );
    }
  }

  /** Leader Completeness: a new leader holds every entry committed in an earlier term. */
  #checkCompleteness(state: RaftState): void {
    if (this.#committedTerm >= state.currentTerm) return; // elected late: its predecessors' successors were faster
    const { log } = state;
    assert(log.lastIndex >= this.#committed.length, "Leader Completeness: a committed entry is missing");
    for (let index = Math.max(log.firstIndex, 1); index <= this.#committed.length; index++) {
      const same = log.termAt(index) === this.#committed[index - 1]!.term;
      assert(same, `Leader Completeness: entry ${index} differs from the committed one`);
    }
  }

  /** State-Machine Safety: no two members commit different entries at one index. */
  #checkCommitted(state: RaftState, from: LogIndex): void {
    const { log } = state;
    for (let index = Math.max(from + 1, log.firstIndex); index <= state.commitIndex; index++) {
      const term = log.termAt(index)!;
      const payload = log.payloadAt(index);
      const known = this.#committed[index - 1];
      if (known === undefined) {
        assert(this.#committed.length === index - 1, "a commit index ran ahead of every leader");
        this.#committed.push({ term, payload });
        this.#committedTerm = Math.max(this.#committedTerm, state.currentTerm);
        continue;
      }
      assert(known.term === term, `State-Machine Safety: entry ${index} has terms ${known.term} and ${term}`);
      assert(equalBytes(known.payload, payload), `State-Machine Safety: entry ${index} has two contents`);
    }
  }
}

/** What holds of one member at any moment; cheap enough to stay on in production. */
export function checkState(state: RaftState): void {
  const { log } = state;
  assert(state.commitIndex <= log.lastIndex, "the commit index is within the log");
  assert(state.commitIndex >= log.baseIndex, "only committed entries are compacted");
  assert(log.lastTerm <= state.currentTerm, "no entry is newer than the current term");
  assert(state.role.type !== "leader" || state.votedFor === state.options.id, "a leader voted for itself");
}

interface Seen {
  currentTerm: Term;
  votedFor: NodeId;
  commitIndex: LogIndex;
  role: RaftState["role"]["type"];
  lastIndex: LogIndex;
  lastTerm: Term;
}

function remember(seenBefore: Seen, state: RaftState): void {
  seenBefore.currentTerm = state.currentTerm;
  seenBefore.votedFor = state.votedFor;
  seenBefore.commitIndex = state.commitIndex;
  seenBefore.role = state.role.type;
  seenBefore.lastIndex = state.log.lastIndex;
  seenBefore.lastTerm = state.log.lastTerm;
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
