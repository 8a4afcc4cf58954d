import type { Instant, LogIndex, NodeId, Term } from "@synod/protocols/protocol";
import type { Configuration } from "@synod/protocols/raft/types";

/**
 * What a service sees of consensus: one replicated log (docs/adr/0003-groups.md). Which engine keeps it, where the bytes
 * lie and who leads is the host's affair.
 */
export interface Group<Result> {
  readonly status: GroupStatus;

  /**
   * Proposes a command on whichever node leads, once: a proposal lost with its leader is sent again under the same request
   * id and applied at most once. The answer comes through `requester` after this node applied it.
   * `command` is copied before this returns.
   */
  propose(command: Uint8Array, requester: Requester<Result>, token: number): void;

  /** The leader answers `read` by its lease, a promise about clocks, where that saves it from asking a majority. */
  readonly readsByLease?: boolean;

  /** A linearizable read: `requester.readable` is called when this node's state holds everything acknowledged before now. */
  read(requester: Requester<Result>, token: number): void;

  /**
   * Asks what only the leader's memory can answer: whichever node leads answers by its `Answerer`, having been confirmed as
   * the leader after the question was asked. An answer may have come too late and the question be asked again: asking
   * twice must be as good as once. `question` is copied before this returns.
   */
  ask(question: Uint8Array, asker: Asker<Result>, token: number): void;

  /** Who answers here while this node leads; set before anything is asked. */
  answerBy(answerer: Answerer): void;

  /**
   * Replicated time in microseconds since the cluster began. It never runs backwards, stands still while there is no
   * leader and never runs faster than the leader's clock; each command is applied with the time its leader gave it.
   * Only meaningful on a leader.
   */
  clusterTime(): Instant;

  /** Told after each batch of applied commands, and whenever the role or the leader changes. */
  subscribe(listener: GroupListener): void;

  transferLeadership(target: NodeId): "started" | "notLeader" | "notVoter";

  /** What this node knows of another member. */
  reach(node: NodeId): Reach;
}

export interface Reach {
  /** Frames pass between it and this node. */
  readonly isConnected: boolean;
  /** It holds at least nine tenths of the leader's log, as the leader has said within the last second or two. */
  readonly isInSync: boolean;
}

/** Answers to one service connection's requests. A token is the connection's own; nothing is allocated per request. */
export interface Requester<Result> {
  applied(token: number, result: Result): void;
  readable(token: number): void;
  failed(token: number, reason: RequestFailure): void;
}

/** A requester that asks questions, too. */
export interface Asker<Result> extends Requester<Result> {
  /** The answer is a view, valid until this returns. */
  answered(token: number, answer: Uint8Array): void;
}

/** What a leader knows beside the log, asked for by any node. */
export interface Answerer {
  /**
   * Called on the leader alone. Since the question was asked it has been confirmed that this node leads, and its state holds
   * everything that was acknowledged before.
   * @param question perhaps made by another version, or damaged: it must not throw for that.
   * @param term in which it leads. @param time cluster time of now, the leader's: see `Group.clusterTime`.
   * @returns some dozen bytes, a view that is valid until the next call
   */
  answer(question: Uint8Array, term: Term, time: Instant): Uint8Array;
}

/**
 * `noLeader`, `overloaded`: certainly not applied. `timedOut`, `stopped`: unknown; it may yet be applied.
 */
export type RequestFailure = "noLeader" | "overloaded" | "timedOut" | "stopped";

export interface GroupListener {
  /** The state machine has applied everything up to `index`; all results of the batch have been handed out. */
  batchApplied?(index: LogIndex): void;
  /** The role, the leader or the configuration is another. */
  roleChanged?(status: GroupStatus): void;
  /** This node is no member any more, for good; the host stops after this call. */
  removed?(): void;
}

export interface GroupStatus {
  readonly id: number;
  readonly self: NodeId;
  readonly role: "follower" | "preCandidate" | "candidate" | "leader" | "learner";
  readonly leader: NodeId | undefined;
  readonly term: Term;
  readonly lastIndex: LogIndex;
  readonly commitIndex: LogIndex;
  readonly appliedIndex: LogIndex;
  /** In force: the latest in the log. */
  readonly configuration: Configuration;
  /** That configuration is committed, and no change of it is under way. */
  readonly isSettled: boolean;
}

/**
 * Who takes part in a group, as its state machine has decided by the log (docs/adr/0007-membership.md). Never changed once
 * made: another decision is another object.
 */
export interface Membership {
  readonly voters: readonly NodeId[];
  readonly learners: readonly NodeId[];
  /** Where its peers reach each member, and those that were removed last (they may be needed to get there): `host:port`. */
  readonly addresses: ReadonlyMap<NodeId, string>;
  /** Members from the beginning that have never moved: a node's own settings may know a better way to them. */
  readonly unmoved: ReadonlySet<NodeId>;
  /** It was a member and never will be again: its id is given to nobody else. */
  isRemoved(node: NodeId): boolean;
}

/**
 * A service's deterministic state (DESIGN: model). No clock, no randomness, no waiting; equal logs give equal states.
 */
export interface StateMachine<Result> {
  /**
   * Nobody ever changes the command's bytes; a machine that keeps a view of them keeps the memory around them, too.
   * @param time cluster time given by the leader, never less than in the entry before
   * @param term of the entry: the leader of that term has put it into the log
   */
  apply(index: LogIndex, time: Instant, command: Uint8Array, term: Term): Result;
  /**
   * Set while commands are applied that were read from disk at the start: the memory that they lie in stays for as long as
   * the log does, so what is large need not be copied.
   */
  commandsStay?: boolean;
  /** A frozen view of the state as of now; later `apply` calls must not disturb it. Pulled in small pieces over many turns. */
  snapshot(): Iterator<Uint8Array>;
  /**
   * Replaces the whole state by a snapshot's chunks, as `snapshot` gave them but perhaps cut elsewhere. The machine may keep
   * them: nobody else changes or keeps them.
   */
  restore(chunks: Iterable<Uint8Array>): void;
  /**
   * The same in steps of a millisecond or less, for a state so large that restoring it at once would hold the node up.
   * The last step replaces the state; until then the machine goes on as it was, and may be left at that.
   */
  restoreInSteps?(chunks: Iterable<Uint8Array>): Iterator<undefined>;
  /** A hash of the whole state, kept incrementally: replicas compare it at equal indexes. */
  hash(): number;
  /**
   * Who is to take part: the host makes the engine's configuration, and its connections, follow. The same object until the
   * decision changes; undefined while nothing is decided, and everything stays as it began.
   */
  membership?(): Membership | undefined;
}
