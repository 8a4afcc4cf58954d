import { compare } from "@synod/wire/bytes";
import { GrpcStatus } from "@synod/wire/grpc/status";
import type { ProtobufWriter } from "@synod/wire/protobuf";
import { apiErrors } from "../../api/errors.ts";
import {
  encodeWatchCanceled,
  encodeWatchCreated,
  encodeWatchFragment,
  encodeWatchStart,
  FilterType,
  type WatchCreateRequest,
  type WatchRequest,
} from "../../api/watch.ts";
import { StoreError, type StoreErrorCode } from "../../model/errors.ts";
import type { KeyRange } from "../../model/types.ts";
import type { StoreConnection } from "../connection.ts";
import type { EncodedEvents } from "./encoded-events.ts";
import type { Watcher, WatchSink } from "./watcher.ts";

/** What etcd answers for a watch that it did not create, or for the whole stream. */
const INVALID_WATCH_ID = -1;
const FIRST_KEY = Uint8Array.of(0);
const NO_BYTES = new Uint8Array(0);

/** A refusal as Go prints the error, because clients of etcd look for it. */
function textOf(code: StoreErrorCode): string {
  const { grpc, message } = apiErrors[code];
  return `rpc error: code = ${GO_NAMES.get(grpc) ?? grpc} desc = ${message}`;
}

const GO_NAMES: ReadonlyMap<number, string> = new Map([
  [GrpcStatus.INVALID_ARGUMENT, "InvalidArgument"],
  [GrpcStatus.PERMISSION_DENIED, "PermissionDenied"],
  [GrpcStatus.UNAUTHENTICATED, "Unauthenticated"],
]);

/** One call of Watch: the watches that it carries, and what they are sent. */
export class WatchStream implements WatchSink {
  readonly type = "watch";
  readonly requiresLeader: boolean;
  readonly #connection: StoreConnection;
  readonly #stream: number;
  readonly #watchers = new Map<number, Watcher>();
  #nextWatchId = 0;
  /** Bytes that could not be sent at once, as of the last message. */
  #queued = 0;
  /** The client asked for progress at this revision, and not all watchers have been told of it yet; 0: it did not. */
  #progressWanted = 0;

  constructor(connection: StoreConnection, stream: number, requiresLeader: boolean) {
    this.#connection = connection;
    this.#stream = stream;
    this.requiresLeader = requiresLeader;
  }

  /**
   * The client does not read fast enough: no events are sent until what is queued has left. A stream whose queue is empty
   * may always send once, so that those which nobody reads do not starve the others of their connection.
   */
  get blocked(): boolean {
    const { grpc, service } = this.#connection;
    if (this.#queued === 0) return false;
    return this.#queued > service.limits.watchQueueBytes || grpc.queuedBytes > service.limits.connectionQueueBytes;
  }

  receive(request: WatchRequest): void {
    if (request.type === "create") this.#create(request);
    else if (request.type === "cancel") this.#cancel(request.watchId);
    else if (request.type === "progress") this.#progress();
  }

  /** As in etcd, watches go on when the client has nothing more to say. */
  onHalfClose(): void {}

  /** The call is over. */
  close(): void {
    for (const watcher of this.#watchers.values()) this.#hub.remove(watcher);
    this.#watchers.clear();
    this.#progressWanted = 0;
  }

  onWritable(): void {
    this.#queued = 0;
    this.#hub.unblocked(this);
    this.onSynced();
  }

  /** One of the watchers has caught up, or all that are synced have been told. */
  onSynced(): void {
    if (this.#progressWanted > 0) this.#answerProgress();
  }

  sendEvents(watcher: Watcher, events: EncodedEvents, revision: number): void {
    const limit = watcher.fragment ? this.#connection.service.limits.requestBytes : Number.MAX_SAFE_INTEGER;
    for (let first = 0; first < events.count; ) {
      let size = events.size(first);
      let next = first + 1;
      for (; next < events.count && size + events.size(next) <= limit; next++) size += events.size(next);
      const writer = this.#begin(watcher.watchId, revision);
      if (next < events.count) encodeWatchFragment(writer);
      events.copy(writer, first, next);
      this.#end();
      first = next;
    }
  }

  /** Everything up to `revision` has been sent. */
  sendProgress(watchId: number, revision: number): void {
    this.#begin(watchId, revision);
    this.#end();
  }

  /** The hub has removed it, because the history that it wants is gone. */
  cancelCompacted(watcher: Watcher, compactRevision: number): void {
    this.#watchers.delete(watcher.watchId);
    encodeWatchCanceled(this.#begin(watcher.watchId, 0), compactRevision, "");
    this.#end();
  }

  /** The hub has removed it, because its user may not watch it any more. */
  cancelDenied(watcher: Watcher): void {
    this.#watchers.delete(watcher.watchId);
    encodeWatchCanceled(this.#begin(watcher.watchId, this.#hub.dispatchedRevision), 0, textOf("permissionDenied"));
    this.#end();
  }

  get #hub(): StoreConnection["service"]["watches"] {
    return this.#connection.service.watches;
  }

  #create(request: WatchCreateRequest): void {
    const key = request.key.length === 0 ? FIRST_KEY : request.key;
    const reason = this.#refusal(request, key);
    if (reason !== undefined) return this.#refuse(reason);
    this.#hub.dispatch();
    // Others may have yet to be told of it; this watch begins behind it all the same.
    const { revision } = this.#connection.service.model;
    const watchId = request.watchId === 0 ? this.#freeWatchId() : request.watchId;
    const watcher = this.#hub.add(this, {
      user: this.#user,
      watchId,
      // Views of what was received; a watcher lives longer.
      key: key.slice(),
      rangeEnd: request.rangeEnd.length === 0 ? NO_BYTES : request.rangeEnd.slice(),
      startRevision: request.startRevision <= 0 ? revision + 1 : request.startRevision,
      noPut: request.filters.includes(FilterType.NOPUT),
      noDelete: request.filters.includes(FilterType.NODELETE),
      prevKv: request.prevKv,
      progressNotify: request.progressNotify,
      fragment: request.fragment,
    });
    this.#watchers.set(watchId, watcher);
    encodeWatchCreated(this.#begin(watchId, revision));
    this.#end();
  }

  /** Texts are those of etcd's mvcc package. */
  #refusal({ watchId, rangeEnd }: WatchCreateRequest, key: Uint8Array): string | undefined {
    const denied = this.#denial({ key, rangeEnd });
    if (denied !== undefined) return textOf(denied);
    const open = rangeEnd.length === 1 && rangeEnd[0] === 0;
    if (rangeEnd.length > 0 && !open && compare(key, rangeEnd) >= 0) return "mvcc: watcher range is empty";
    if (watchId !== 0 && this.#watchers.has(watchId)) return "mvcc: duplicate watch ID provided on the WatchStream";
    if (!Number.isSafeInteger(watchId)) return "watch ID is beyond 53 bits";
    return this.#hub.isFull ? apiErrors.tooManyRequests.message : undefined;
  }

  get #user(): string | undefined {
    return this.#connection.service.auth.enabled ? this.#connection.caller(this.#stream)?.user : undefined;
  }

  #denial(range: KeyRange): StoreErrorCode | undefined {
    const { auth } = this.#connection.service;
    if (!auth.enabled) return undefined;
    try {
      auth.admitWatch(this.#connection.caller(this.#stream), range);
      return undefined;
    } catch (error) {
      if (error instanceof StoreError) return error.code;
      throw error;
    }
  }

  #refuse(reason: string): void {
    const writer = this.#begin(INVALID_WATCH_ID, this.#hub.dispatchedRevision);
    encodeWatchCreated(writer);
    encodeWatchCanceled(writer, 0, reason);
    this.#end();
  }

  #freeWatchId(): number {
    while (this.#watchers.has(this.#nextWatchId)) this.#nextWatchId++;
    return this.#nextWatchId++;
  }

  #cancel(watchId: number): void {
    const watcher = this.#watchers.get(watchId);
    if (watcher === undefined) return;
    this.#hub.remove(watcher);
    this.#watchers.delete(watchId);
    encodeWatchCanceled(this.#begin(watchId, this.#hub.dispatchedRevision), 0, "");
    this.#end();
    this.onSynced();
  }

  #progress(): void {
    this.#hub.dispatch();
    this.#progressWanted = this.#connection.service.model.revision;
    this.#answerProgress();
  }

  #answerProgress(): void {
    if (this.blocked) return;
    for (const watcher of this.#watchers.values()) if (!watcher.synced) return;
    if (!this.#hub.hasTold(this, this.#progressWanted)) return;
    this.#progressWanted = 0;
    this.sendProgress(INVALID_WATCH_ID, this.#hub.dispatchedRevision);
  }

  #begin(watchId: number, revision: number): ProtobufWriter {
    const writer = this.#connection.grpc.begin(this.#stream);
    encodeWatchStart(writer, this.#connection.service.header, revision, watchId);
    return writer;
  }

  #end(): void {
    this.#queued = this.#connection.grpc.endMessage();
    this.#connection.touch();
  }
}
