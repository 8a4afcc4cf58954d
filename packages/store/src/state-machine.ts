import type { Membership, StateMachine } from "@synod/runtime/group";
import { ProtobufReader } from "@synod/wire/protobuf";
import { decodeCompactionRequest } from "./api/compaction.ts";
import { decodeDeleteRangeRequest } from "./api/delete-range.ts";
import { decodeLeaseGrantRequest, decodeLeaseId } from "./api/lease.ts";
import { decodePutRequest, PutRequestFields } from "./api/put.ts";
import { decodeTxnRequest } from "./api/txn.ts";
import type { Area, AreaResult, Gate } from "./area.ts";
import { decodeAreas, encodeAreas } from "./area-snapshot.ts";
import { AS_USER, type CommandNeeds, Envelope, type Guard, NO_GUARD } from "./envelope.ts";
import { decodeExpireLeases } from "./expire-leases.ts";
import type { Access } from "./model/auth/access.ts";
import { finishHash, hashWord } from "./model/bytes.ts";
import { StoreError, type StoreErrorCode } from "./model/errors.ts";
import type { KeyValue } from "./model/key-value.ts";
import { type StoreConfig, StoreModel } from "./model/store.ts";
import type { ClusterTime, DeleteRangeResponse, LeaseId, Term, TxnResponse } from "./model/types.ts";

/**
 * A command is one of these bytes and then the request's protobuf message as the client sent it. The numbers are in logs:
 * they keep their meaning for ever. From 16 on each belongs to the area `opcode >> 4` (`area.ts`), which names it.
 */
export const Opcode = {
  put: 1,
  deleteRange: 2,
  txn: 3,
  compact: 4,
  /** The message has an id; where the client left it out, its server has chosen one. */
  leaseGrant: 5,
  leaseRevoke: 6,
  leaseKeepAlive: 7,
  /** Never in the log: as a question (`Group.ask`), which the leader answers beside it. A renewal may be one, too. */
  leaseTimeToLive: 8,
  /** See `expire-leases.ts`. */
  expireLeases: 9,
} as const;
export type Opcode = (typeof Opcode)[keyof typeof Opcode];

/** What applying a command answers; `revision` is what the response's header carries. Valid until the next command. */
export type StoreResult =
  | PutResult
  | { readonly type: "deleteRange"; readonly revision: number; readonly response: DeleteRangeResponse }
  | { readonly type: "txn"; readonly revision: number; readonly response: TxnResponse }
  | { readonly type: "compact"; readonly revision: number; readonly physical: boolean }
  | { readonly type: "leaseGrant"; readonly revision: number; readonly id: LeaseId; readonly ttl: number }
  | { readonly type: "leaseRevoke"; readonly revision: number }
  | { readonly type: "leaseKeepAlive"; readonly revision: number; readonly id: LeaseId; readonly ttl: number }
  | { readonly type: "expireLeases"; readonly revision: number; readonly revoked: number }
  | AreaResult
  | {
      readonly type: "refused";
      readonly revision: number;
      readonly code: StoreErrorCode;
      readonly about?: Uint8Array | undefined;
    };

/** One object for all puts. */
export interface PutResult {
  readonly type: "put";
  revision: number;
  prevKv: KeyValue | undefined;
}

/** Whoever looks on while commands are applied, and changes nothing. */
export interface ApplyObserver {
  applied(index: number, time: ClusterTime, command: Uint8Array, result: StoreResult): void;
}

const OPEN: Gate = { closed: false, admit() {} };

/** The store as a replicated state machine: commands in, the model's answers out. */
export class StoreStateMachine implements StateMachine<StoreResult> {
  readonly model: StoreModel;
  /** What is replicated beside keys and leases. */
  readonly areas: readonly Area[];
  /** Told of everything that is applied; what it is given is valid until it returns. */
  observer: ApplyObserver | undefined;
  readonly #decidesMembers: Area | undefined;
  readonly #gate: Gate;
  readonly #reader = new ProtobufReader(new Uint8Array(0));
  readonly #put = new PutRequestFields();
  readonly #guard: Guard;
  readonly #envelope = new Envelope();
  /** What whoever wants the command being applied may do with keys; undefined: everything. */
  #access: Access | undefined;
  /** Of the entry being applied. */
  #term: Term = 0;
  readonly #keysOf = (id: LeaseId): Iterable<Uint8Array> => this.model.leaseKeys(id);
  readonly #putResult: PutResult = { type: "put", revision: 0, prevKv: undefined };

  constructor(config: StoreConfig = {}, areas: readonly Area[] = [], gate: Gate = OPEN, guard: Guard = NO_GUARD) {
    this.model = new StoreModel(config);
    this.areas = areas;
    this.#decidesMembers = areas.find((area) => area.membership !== undefined);
    this.#gate = gate;
    this.#guard = guard;
  }

  set commandsStay(stay: boolean) {
    this.model.memoryStays = stay;
  }

  /**
   * Servers propose only what they could decode, so a command that cannot be decoded, or is of a kind unknown here, was
   * made by a newer version: this throws, because to skip it would part this replica's state from the others'.
   */
  apply(index: number, time: ClusterTime, command: Uint8Array, term: Term = 0): StoreResult {
    this.#term = term;
    const result = this.#apply(index, time, command);
    if (this.observer !== undefined) this.observer.applied(index, time, command, result);
    return result;
  }

  #apply(index: number, time: ClusterTime, command: Uint8Array): StoreResult {
    this.#reader.reset(command, 1);
    try {
      const opcode = command[0] ?? 0;
      if (!this.#guard.enabled && opcode !== AS_USER) return this.#applyOne(opcode, index, time);
      return this.#applyGuarded(opcode, index, time, command);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return { type: "refused", revision: this.model.revision, code: error.code, about: error.about };
    } finally {
      this.#access = undefined;
    }
  }

  snapshot(): Iterator<Uint8Array> {
    return inFront(encodeAreas(this.areas), this.model.snapshot());
  }

  restore(chunks: Iterable<Uint8Array>): void {
    const steps = this.restoreInSteps(chunks);
    while (steps.next().done !== true);
  }

  *restoreInSteps(chunks: Iterable<Uint8Array>): Generator<undefined, void, undefined> {
    const { rest, adopt } = decodeAreas(this.areas, chunks);
    yield* this.model.restoreInSteps(rest);
    adopt();
  }

  membership(): Membership | undefined {
    return this.#decidesMembers?.membership?.();
  }

  hash(): number {
    let hash = this.model.hash();
    for (const area of this.areas) hash = finishHash(hashWord(hash, area.hash()));
    return hash >>> 0;
  }

  /** Authentication is on, or was on when it was proposed. */
  #applyGuarded(opcode: number, index: number, time: ClusterTime, command: Uint8Array): StoreResult {
    const reader = this.#reader;
    if (opcode !== AS_USER) {
      if (this.#needs(opcode) !== "server") throw new StoreError("userEmpty");
      reader.reset(command, 1);
      return this.#applyOne(opcode, index, time);
    }
    const envelope = this.#envelope;
    envelope.decode(reader);
    const inner = envelope.command[0] ?? 0;
    reader.reset(envelope.command, 1);
    const needs = this.#needs(inner);
    if (needs === "server") throw new StoreError("permissionDenied");
    if (this.#guard.enabled) {
      if (needs === "keys") this.#access = this.#guard.access(envelope);
      else this.#guard.admit(envelope, needs);
    }
    reader.reset(envelope.command, 1);
    return this.#applyOne(inner, index, time);
  }

  /** What whoever wants it must be; "keys": it depends on the keys that are concerned. */
  #needs(opcode: number): CommandNeeds | "keys" {
    if (opcode === AS_USER || opcode === Opcode.expireLeases) return "server";
    if (opcode === Opcode.compact) return "admin";
    if (opcode === Opcode.leaseGrant || opcode === Opcode.leaseKeepAlive) return "user";
    if (opcode < 16) return "keys";
    return this.#areaOf(opcode).needs?.(opcode, this.#reader) ?? "admin";
  }

  #applyOne(opcode: number, index: number, time: ClusterTime): StoreResult {
    if (this.#gate.closed) this.#gate.admit(opcode, this.#reader);
    if (opcode === Opcode.put) return this.#applyPut(time);
    if (opcode < 16) return this.#applyOther(opcode, time);
    return this.#areaOf(opcode).apply(opcode, this.#reader, { index, time, store: this.model });
  }

  #applyPut(time: ClusterTime): StoreResult {
    const request = this.#put;
    const result = this.#putResult;
    decodePutRequest(this.#reader, request);
    if (this.#access !== undefined) this.#access.put(request, this.#keysOf);
    result.revision = this.model.put(request, time);
    result.prevKv = request.prevKv ? this.model.replaced : undefined;
    return result;
  }

  #areaOf(opcode: number): Area {
    const area = this.areas.find(({ id }) => id === opcode >> 4);
    if (area === undefined) throw unknownOpcode(opcode);
    return area;
  }

  #applyOther(opcode: number, time: ClusterTime): StoreResult {
    const { model } = this;
    const reader = this.#reader;
    switch (opcode) {
      case Opcode.deleteRange: {
        const request = decodeDeleteRangeRequest(reader);
        this.#access?.deleteRange(request);
        const response = model.deleteRange(request, time);
        return { type: "deleteRange", revision: response.revision, response };
      }
      case Opcode.txn: {
        const request = decodeTxnRequest(reader);
        this.#access?.txn(request, this.#keysOf);
        const response = model.txn(request, time);
        return { type: "txn", revision: response.revision, response };
      }
      case Opcode.compact: {
        const { revision, physical } = decodeCompactionRequest(reader);
        model.compact(revision, time);
        return { type: "compact", revision: model.revision, physical };
      }
      default:
        return this.#applyLease(opcode, time);
    }
  }

  #applyLease(opcode: number, time: ClusterTime): StoreResult {
    const { model } = this;
    const reader = this.#reader;
    switch (opcode) {
      case Opcode.leaseGrant: {
        const request = decodeLeaseGrantRequest(reader);
        const { id, ttl } = model.leaseGrant(request.id, request.ttl, time, request.ttlMs, this.#term);
        return { type: "leaseGrant", revision: model.revision, id, ttl };
      }
      case Opcode.leaseRevoke: {
        const id = decodeLeaseId(reader);
        this.#access?.leaseWrite(id, this.#keysOf);
        return { type: "leaseRevoke", revision: model.leaseRevoke(id, time) };
      }
      case Opcode.leaseKeepAlive: {
        const id = decodeLeaseId(reader);
        return {
          type: "leaseKeepAlive",
          revision: model.revision,
          id,
          ttl: model.leaseKeepAlive(id, time, this.#term),
        };
      }
      case Opcode.expireLeases: {
        const { term, leases } = decodeExpireLeases(reader);
        const revoked = term === this.#term ? model.leaseExpire(leases, time) : 0;
        return { type: "expireLeases", revision: model.revision, revoked };
      }
      default:
        throw unknownOpcode(opcode);
    }
  }
}

function unknownOpcode(opcode: number): Error {
  return new Error(`the log holds a command of kind ${opcode}, which this version does not know: upgrade this node`);
}

function* inFront(first: Uint8Array, rest: Iterator<Uint8Array>): Generator<Uint8Array, undefined, undefined> {
  yield first;
  for (let next = rest.next(); next.done !== true; next = rest.next()) yield next.value;
}
