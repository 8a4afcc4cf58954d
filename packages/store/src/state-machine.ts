import type { StateMachine } from "@synod/runtime/group";
import { ProtobufReader } from "@synod/wire/protobuf";
import { decodeCompactionRequest } from "./api/compaction.ts";
import { decodeDeleteRangeRequest } from "./api/delete-range.ts";
import { decodeLeaseGrantRequest, decodeLeaseId, decodeLeaseTimeToLiveRequest } from "./api/lease.ts";
import { decodePutRequest, PutRequestFields } from "./api/put.ts";
import { decodeTxnRequest } from "./api/txn.ts";
import { StoreError, type StoreErrorCode } from "./model/errors.ts";
import type { KeyValue } from "./model/key-value.ts";
import { type StoreConfig, StoreModel } from "./model/store.ts";
import type { ClusterTime, DeleteRangeResponse, LeaseId, LeaseTimeToLiveResponse, TxnResponse } from "./model/types.ts";

/**
 * A command is one of these bytes and then the request's protobuf message as the client sent it. The numbers are in logs:
 * they keep their meaning for ever.
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
  /** Changes nothing: it is in the log because only the log knows the time. */
  leaseTimeToLive: 8,
  /** No message. Revokes what has expired by the entry's time, each lease in a revision of its own. */
  expireLeases: 9,
} as const;
export type Opcode = (typeof Opcode)[keyof typeof Opcode];

/** Leases that one `expireLeases` revokes; the rest is for the next one. */
export const EXPIRED_AT_ONCE = 256;

/** What applying a command answers; `revision` is what the response's header carries. Valid until the next command. */
export type StoreResult =
  | PutResult
  | { readonly type: "deleteRange"; readonly revision: number; readonly response: DeleteRangeResponse }
  | { readonly type: "txn"; readonly revision: number; readonly response: TxnResponse }
  | { readonly type: "compact"; readonly revision: number; readonly physical: boolean }
  | { readonly type: "leaseGrant"; readonly revision: number; readonly id: LeaseId; readonly ttl: number }
  | { readonly type: "leaseRevoke"; readonly revision: number }
  | { readonly type: "leaseKeepAlive"; readonly revision: number; readonly id: LeaseId; readonly ttl: number }
  | { readonly type: "leaseTimeToLive"; readonly revision: number; readonly response: LeaseTimeToLiveResponse }
  | { readonly type: "expireLeases"; readonly revision: number; readonly revoked: number }
  | { readonly type: "refused"; readonly revision: number; readonly code: StoreErrorCode };

/** One object for all puts. */
export interface PutResult {
  readonly type: "put";
  revision: number;
  prevKv: KeyValue | undefined;
}

/** The store as a replicated state machine: commands in, the model's answers out. */
export class StoreStateMachine implements StateMachine<StoreResult> {
  readonly model: StoreModel;
  readonly #reader = new ProtobufReader(new Uint8Array(0));
  readonly #put = new PutRequestFields();
  readonly #putResult: PutResult = { type: "put", revision: 0, prevKv: undefined };

  constructor(config: StoreConfig = {}) {
    this.model = new StoreModel(config);
  }

  /**
   * Servers propose only what they could decode, so a command that cannot be decoded, or is of a kind unknown here, was
   * made by a newer version: this throws, because to skip it would part this replica's state from the others'.
   */
  apply(_index: number, time: ClusterTime, command: Uint8Array): StoreResult {
    this.#reader.reset(command, 1);
    try {
      if (command[0] === Opcode.put) return this.#applyPut(time);
      return this.#applyOther(command[0], time);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return { type: "refused", revision: this.model.revision, code: error.code };
    }
  }

  snapshot(): Iterator<Uint8Array> {
    return this.model.snapshot();
  }

  restore(chunks: Iterable<Uint8Array>): void {
    this.model.restore(chunks);
  }

  restoreInSteps(chunks: Iterable<Uint8Array>): Iterator<undefined> {
    return this.model.restoreInSteps(chunks);
  }

  hash(): number {
    return this.model.hash();
  }

  #applyPut(time: ClusterTime): StoreResult {
    const request = this.#put;
    const result = this.#putResult;
    decodePutRequest(this.#reader, request);
    result.revision = this.model.put(request, time);
    result.prevKv = request.prevKv ? this.model.replaced : undefined;
    return result;
  }

  #applyOther(opcode: number | undefined, time: ClusterTime): StoreResult {
    const { model } = this;
    const reader = this.#reader;
    switch (opcode) {
      case Opcode.deleteRange: {
        const response = model.deleteRange(decodeDeleteRangeRequest(reader), time);
        return { type: "deleteRange", revision: response.revision, response };
      }
      case Opcode.txn: {
        const response = model.txn(decodeTxnRequest(reader), time);
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

  #applyLease(opcode: number | undefined, time: ClusterTime): StoreResult {
    const { model } = this;
    const reader = this.#reader;
    switch (opcode) {
      case Opcode.leaseGrant: {
        const request = decodeLeaseGrantRequest(reader);
        const { id, ttl } = model.leaseGrant(request.id, request.ttl, time);
        return { type: "leaseGrant", revision: model.revision, id, ttl };
      }
      case Opcode.leaseRevoke:
        return { type: "leaseRevoke", revision: model.leaseRevoke(decodeLeaseId(reader), time) };
      case Opcode.leaseKeepAlive: {
        const id = decodeLeaseId(reader);
        return { type: "leaseKeepAlive", revision: model.revision, id, ttl: model.leaseKeepAlive(id, time) };
      }
      case Opcode.leaseTimeToLive: {
        const { id, keys } = decodeLeaseTimeToLiveRequest(reader);
        return { type: "leaseTimeToLive", revision: model.revision, response: model.leaseTimeToLive(id, keys, time) };
      }
      case Opcode.expireLeases: {
        const expired = model.expiredLeases(time, EXPIRED_AT_ONCE);
        for (const id of expired) model.leaseRevoke(id, time);
        return { type: "expireLeases", revision: model.revision, revoked: expired.length };
      }
      default:
        throw new Error(
          `the log holds a command of kind ${opcode}, which this version does not know: upgrade this node`,
        );
    }
  }
}
