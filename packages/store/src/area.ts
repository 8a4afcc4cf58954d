import type { Membership } from "@synod/runtime/group";
import type { ProtobufReader } from "@synod/wire/protobuf";
import type { ProtobufWriter } from "@synod/wire/protobuf-writer";
import type { CommandNeeds } from "./envelope.ts";
import type { StoreModel } from "./model/store.ts";
import type { ClusterTime } from "./model/types.ts";
import type { StoreResult } from "./state-machine.ts";

/** What else an area may look at while it applies a command. */
export interface Entry {
  readonly index: number;
  readonly time: ClusterTime;
  readonly store: StoreModel;
}

/**
 * A part of the replicated state beside keys and leases (users, alarms, members …): small, kept whole in memory, and in
 * one piece of the snapshot. It obeys the rules of every state machine: no clock, no chance, no waiting.
 */
export interface Area {
  /** Which opcodes are its: `opcode >> 4` is this. Also its name in snapshots, so it keeps its meaning for ever. */
  readonly id: number;
  /**
   * @param reader stands at the request's message.
   * @throws StoreError, and has changed nothing.
   */
  apply(opcode: number, reader: ProtobufReader, entry: Entry): StoreResult;
  /**
   * Who may have the command applied while authentication is on; absent: root only.
   * @param reader stands at the request's message.
   */
  needs?(opcode: number, reader: ProtobufReader): CommandNeeds;
  /** A hash of the whole area, 32 bits; replicas compare it at equal indexes. O(1). */
  hash(): number;
  /** The whole area, for a snapshot. Nothing written: as it is in the beginning. */
  encode(writer: ProtobufWriter): void;
  /**
   * Reads what `encode` wrote and changes nothing yet.
   * @returns replaces the area's state by what was read.
   * @throws ProtobufError, SnapshotError
   */
  decode(reader: ProtobufReader): () => void;
  /** Of the area that decides who takes part: see StateMachine.membership. */
  membership?(): Membership | undefined;
}

/** An answer of an area: the header's revision, and what follows the header. */
export interface AreaResult {
  readonly type: "area";
  readonly revision: number;
  /** Absent: the header says everything. */
  readonly write?: (writer: ProtobufWriter) => void;
}

/** An area that may forbid commands of the store itself, before they are looked at. */
export interface Gate {
  /** Whether it forbids anything now. Looked at for every command. */
  readonly closed: boolean;
  /**
   * Called while it is closed.
   * @param reader stands at the request's message, and does so again afterwards.
   * @throws StoreError
   */
  admit(opcode: number, reader: ProtobufReader): void;
}
