import type { LogIndex, NodeId, Term } from "@synod/protocols/protocol";
import type { Configuration, EntryKind } from "@synod/protocols/raft/types";
import type { Mutant } from "./config.ts";

/** What a node is told once and for all. */
export interface NodeSettings {
  readonly bootstrap: Configuration;
  readonly maxBatch: number;
  readonly snapshotEvery: number;
  readonly forward: boolean;
  readonly mutant: Mutant;
}

/** A client's request as a node receives it. */
export interface ClientRequest {
  readonly client: number;
  readonly request: number;
  readonly key: number;
  /** Undefined: a linearizable read of `key`. */
  readonly command: Uint8Array | undefined;
}

export type Answer =
  | { type: "applied"; done: boolean; index: LogIndex }
  | { type: "value"; value: number; index: LogIndex }
  | { type: "refused"; reason: "notLeader" | "overloaded" | "transferring" | "noQuorum"; leader: NodeId };

/** The world as one of its nodes sees it. Nodes act on it; it calls them back only through the event queue. */
export interface NodeHost<Message> {
  readonly now: number;
  transmit(from: NodeId, to: NodeId, message: Message): void;
  answer(request: ClientRequest, answer: Answer): void;
  schedule(delay: number, kind: number, node: NodeId, life: number, message: unknown): void;
  scheduleAt(time: number, kind: number, node: NodeId, life: number, message: unknown): void;
  syncDelay(node: NodeId): number;
  /** Part of the run's identity: two runs with the same trace made the same calls. */
  trace(value: number): void;
  /** A sync failed: the process ends itself. */
  syncFailed(node: NodeId): void;
  applied(node: NodeId, index: LogIndex, term: Term, kind: EntryKind, payload: Uint8Array, stateHash: number): void;
  restored(node: NodeId, index: LogIndex, stateHash: number): void;
  /** A member believes in this configuration since the entry at `index`, which may not be decided yet. */
  configured(index: LogIndex, configuration: Configuration): void;
  becameLeader(node: NodeId, term: Term): void;
  /** Something worth reaching happened. */
  goal(name: string): void;
}

/** Kinds of events in the queue. */
export const EventKind = {
  deliver: 1,
  wake: 2,
  turn: 3,
  synced: 4,
  snapshotWritten: 5,
  snapshotRestored: 6,
  disconnected: 7,
  request: 8,
  answer: 9,
  clientTimer: 10,
  faultBegins: 11,
  faultEnds: 12,
  administer: 13,
  heal: 14,
  watch: 15,
  start: 16,
  connected: 17,
} as const;
