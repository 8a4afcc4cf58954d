/**
 * The seam between a protocol and the world that drives it (docs/adr/0001-sans-io.md).
 *
 * A protocol is a deterministic machine: inputs are method calls, outputs are calls on `out`. A handler runs to its end,
 * never waits and never reads a clock; whoever drives it (a process, the simulator, the lab) brings the time and the bytes.
 */

/** Integer microseconds on the driving node's monotonic clock. Only differences on one node mean anything. */
export type Instant = number;

/** A small positive integer; node ids index arrays. 0 is never a node. */
export type NodeId = number;

/** Position in a replicated log; the first entry has index 1, 0 is "before the log". A safe integer. */
export type LogIndex = number;

/** Raft's logical clock (§5.1). A safe integer, 0 before the first election. */
export type Term = number;

/** The instant at which nothing is due: `wakeAt` of a protocol that waits for messages only. */
export const NEVER: Instant = Number.MAX_SAFE_INTEGER;

export interface Protocol<Message, WalRecord, Outcome, Command> {
  /** When it next wants `wake`. The driver sleeps until then, the simulator jumps. Read it after every call. */
  readonly wakeAt: Instant;
  receive(now: Instant, from: NodeId, message: Message, out: Output<Message, WalRecord, Outcome>): void;
  propose(now: Instant, commands: readonly Command[], out: Output<Message, WalRecord, Outcome>): Proposal;
  wake(now: Instant, out: Output<Message, WalRecord, Outcome>): void;
}

/** What a protocol asks of its driver. Implementations only record; they must never call back into the protocol. */
export interface Output<Message, WalRecord, Outcome> {
  /** Append to the write-ahead log, in call order. Recovery is a fold over these. */
  persist(record: WalRecord): void;
  /** May leave now: says nothing that a crash could take back. Never to the node itself. */
  send(to: NodeId, message: Message): void;
  /** Leaves after everything persisted before this call is on disk. To the node itself: delivered by `receive` then. */
  sendOnceDurable(to: NodeId, message: Message): void;
  announce(outcome: Outcome): void;
}

export type Proposal =
  | { type: "accepted"; first: LogIndex; term: Term }
  | { type: "rejected"; reason: "notLeader" | "overloaded" | "transferring"; leader: NodeId | undefined };
