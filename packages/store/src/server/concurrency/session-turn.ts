import { equal } from "@synod/wire/bytes";
import { GrpcStatus } from "@synod/wire/grpc/status";
import type { ApiErrorCode } from "../../api/errors.ts";
import { encodeTxnRequest } from "../../api/txn.ts";
import type { KeyValue } from "../../model/key-value.ts";
import { costOfTxn } from "../../model/quota.ts";
import { CompareResult, CompareTarget, type LeaseId, NO_LEASE, type TxnRequest } from "../../model/types.ts";
import { Opcode } from "../../state-machine.ts";
import type { StoreConnection } from "../connection.ts";
import type { Applied } from "../method.ts";
import type { Watcher, WatchSink } from "../watch/watcher.ts";
import { refuseAsUnknown } from "./session-failures.ts";
import { before, placeOf, queueOf } from "./session-keys.ts";
import type { Step } from "./session-steps.ts";

/** The place that a call has in a queue of keys, and when it was its turn. */
export interface Turn {
  readonly name: Uint8Array;
  readonly key: Uint8Array;
  readonly lease: LeaseId;
  /** In which the key was made: it only grows from one holder to the next, so it fences. */
  readonly revision: number;
  /** In which it was put, or found, in the queue. */
  readonly joinedRevision: number;
  /** In which nobody was before it. */
  readonly reachedRevision: number;
}

/** What the calls that wait for a turn differ in. */
export interface TurnKind {
  /** Why a call fails whose key is gone. */
  readonly expired: string;
  /** A key that is there already gets the call's value. */
  readonly revalues: boolean;
  answer(connection: StoreConnection, stream: number, turn: Turn): void;
}

export interface TurnRequest {
  readonly name: Uint8Array;
  readonly lease: LeaseId;
  readonly value: Uint8Array;
}

const NO_BYTES = new Uint8Array(0);

/**
 * A call that queues with a key of its own and waits until no key that was made earlier is left (etcd's
 * `client/v3/concurrency`). It watches the key next before its own, so a release wakes one call and not all of them, and
 * its own. A call that ends without its turn takes its key back.
 */
export class TurnCall implements WatchSink {
  readonly type = "turn";
  readonly requiresLeader: boolean;
  /** It is sent nothing but its one answer. */
  readonly blocked = false;
  readonly #connection: StoreConnection;
  readonly #stream: number;
  readonly #kind: TurnKind;
  readonly #name: Uint8Array;
  readonly #value: Uint8Array;
  readonly #caller: ReturnType<StoreConnection["caller"]>;
  readonly #hasOwnLease: boolean;
  #lease: LeaseId;
  #key: Uint8Array = NO_BYTES;
  /** 0: it is not known to be in the queue. */
  #revision = 0;
  #joinedRevision = 0;
  #madeKey = false;
  #hasWaited = false;
  #isOver = false;
  #hasTurn = false;
  #watchers: Watcher[] = [];

  constructor(connection: StoreConnection, stream: number, request: TurnRequest, kind: TurnKind) {
    this.#connection = connection;
    this.#stream = stream;
    this.#kind = kind;
    this.#name = request.name.slice();
    this.#value = request.value.slice();
    this.#lease = request.lease;
    this.#hasOwnLease = request.lease !== NO_LEASE;
    this.#caller = connection.service.auth.enabled ? connection.caller(stream) : undefined;
    this.requiresLeader = connection.grpc.metadata(stream, "hasleader") === "true";
  }

  /** The stream is known to its connection by now. */
  start(): void {
    if (this.#hasOwnLease) return this.#join();
    const step = this.#step<LeaseId>((id) => {
      this.#lease = id;
      if (this.#isOver) this.#leave();
      else this.#join();
    });
    this.#connection.service.sessionLeases.make(this.#connection, this.#caller, step);
  }

  onHalfClose(): void {}

  onWritable(): void {}

  /** The call is over. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#unwatch();
    if (!this.#hasTurn) this.#leave();
  }

  // --- WatchSink: one of the two keys is gone, or it cannot be said

  sendEvents(): void {
    this.#lookSoon();
  }

  sendProgress(): void {}

  cancelCompacted(watcher: Watcher): void {
    this.#watchers = this.#watchers.filter((other) => other !== watcher);
    this.#lookSoon();
  }

  cancelDenied(watcher: Watcher): void {
    this.#watchers = this.#watchers.filter((other) => other !== watcher);
    this.#refuse("permissionDenied");
  }

  onSynced(): void {}

  // --- In the queue

  /** The prefix is counted although its keys are looked at here: who may not read it may not queue. */
  #join(): void {
    const { quota, steps } = this.#connection.service;
    this.#key = placeOf(this.#name, this.#lease);
    const key = this.#key;
    const queue = { type: "range", request: { ...queueOf(this.#name), countOnly: true } } as const;
    const request: TxnRequest = {
      compare: [{ key, target: CompareTarget.CREATE, result: CompareResult.EQUAL, createRevision: 0 }],
      success: [{ type: "put", request: { key, value: this.#value, lease: this.#lease } }, queue],
      failure: [{ type: "range", request: { key } }, queue],
    };
    if (!quota.admits(costOfTxn(request))) return this.#refuse("noSpace");
    const step = this.#step<Applied>((result) => this.#joined(result));
    steps.propose(this.#caller, Opcode.txn, (writer) => encodeTxnRequest(writer, request), step);
  }

  #joined(result: Applied): void {
    if (result.type !== "txn") return;
    const { succeeded, responses } = result.response;
    const [found] = responses;
    const present = found?.type === "range" ? found.response.kvs[0] : undefined;
    this.#madeKey = succeeded;
    this.#revision = present?.createRevision ?? result.revision;
    this.#joinedRevision = result.revision;
    this.#connection.service.sessionLeases.used(this.#lease);
    if (this.#isOver) this.#leave();
    else if (present !== undefined && this.#kind.revalues && !equal(present.value, this.#value)) this.#revalue();
    else this.#look();
  }

  #revalue(): void {
    const request = ifMadeIn(this.#key, this.#revision, [
      { type: "put", request: { key: this.#key, value: this.#value, lease: this.#lease } },
    ]);
    const step = this.#step<Applied>((result) => {
      if (this.#isOver) return;
      if (result.type === "txn" && !result.response.succeeded) this.#expire();
      else this.#look();
    });
    this.#connection.service.steps.propose(this.#caller, Opcode.txn, (w) => encodeTxnRequest(w, request), step);
  }

  /** Nobody before it at some revision means nobody before it ever after: keys that are made later come behind. */
  #look(): void {
    const { model, steps } = this.#connection.service;
    if (!this.#isThere()) return this.#expire();
    const next = before(model, this.#name, this.#revision);
    if (next !== undefined) this.#watch(next);
    else if (!this.#hasWaited) this.#reach();
    // It may have waited long, and the lease have run out where this node has not heard of it (etcd issue 11456).
    else steps.read(this.#step(() => (this.#isThere() ? this.#reach() : this.#expire())));
  }

  #isThere(): boolean {
    const [own] = this.#connection.service.model.range({ key: this.#key }).kvs;
    return own?.createRevision === this.#revision;
  }

  #watch(next: KeyValue): void {
    const { model, watches } = this.#connection.service;
    if (watches.isFull) return this.#refuse("tooManyRequests");
    this.#hasWaited = true;
    const options = {
      user: this.#caller?.user,
      watchId: 0,
      rangeEnd: NO_BYTES,
      startRevision: model.revision + 1,
      noPut: true,
      noDelete: false,
      prevKv: false,
      progressNotify: false,
      fragment: false,
    };
    this.#watchers = [next.key.slice(), this.#key].map((key) => watches.add(this, { ...options, key }));
  }

  #unwatch(): void {
    for (const watcher of this.#watchers) this.#connection.service.watches.remove(watcher);
    this.#watchers = [];
  }

  /** Not while the watchers are being told. */
  #lookSoon(): void {
    this.#connection.service.options.schedule(() => {
      if (this.#isOver || this.#hasTurn) return;
      this.#unwatch();
      this.#look();
    });
  }

  // --- Out of it

  #reach(): void {
    if (this.#isOver) return;
    this.#hasTurn = true;
    const reachedRevision = this.#hasWaited ? this.#connection.service.model.revision : this.#joinedRevision;
    this.#kind.answer(this.#connection, this.#stream, {
      name: this.#name,
      key: this.#key,
      lease: this.#lease,
      revision: this.#revision,
      joinedRevision: this.#joinedRevision,
      reachedRevision,
    });
    this.#connection.finish(this.#stream, GrpcStatus.OK, "");
  }

  #expire(): void {
    this.#revision = 0;
    if (!this.#isOver) this.#connection.finish(this.#stream, GrpcStatus.UNKNOWN, this.#kind.expired);
  }

  #refuse(code: ApiErrorCode): void {
    if (!this.#isOver) refuseAsUnknown(this.#connection, this.#stream, code);
  }

  #step<Outcome>(done: (outcome: Outcome) => void): Step<Outcome> {
    return { done, refused: (code) => this.#refuse(code) };
  }

  /** Takes back what this call has made. What another call of the same lease has made stays. */
  #leave(): void {
    const { sessionLeases, steps } = this.#connection.service;
    if (!this.#hasOwnLease) return sessionLeases.release(this.#lease);
    if (!this.#madeKey || this.#revision === 0) return;
    const request = ifMadeIn(this.#key, this.#revision, [{ type: "deleteRange", request: { key: this.#key } }]);
    const caller = steps.asOfNow(this.#caller);
    // If that fails the key ends with its lease.
    steps.propose(caller, Opcode.txn, (w) => encodeTxnRequest(w, request), { done: () => {}, refused: () => {} });
  }
}

/** Operations on a key that is still the one that was made in that revision. */
export function ifMadeIn(key: Uint8Array, revision: number, success: TxnRequest["success"] & object): TxnRequest {
  return {
    compare: [{ key, target: CompareTarget.CREATE, result: CompareResult.EQUAL, createRevision: revision }],
    success,
  };
}
