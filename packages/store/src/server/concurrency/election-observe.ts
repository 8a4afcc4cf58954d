import type { ApiErrorCode } from "../../api/errors.ts";
import { encodeKeyValue } from "../../api/key-value.ts";
import { StoreError } from "../../model/errors.ts";
import type { KeyValue } from "../../model/key-value.ts";
import type { KeyRange } from "../../model/types.ts";
import type { StoreConnection } from "../connection.ts";
import type { EncodedEvents } from "../watch/encoded-events.ts";
import type { Watcher, WatchSink } from "../watch/watcher.ts";
import { refuseAsUnknown } from "./session-failures.ts";
import { firstOf, queueOf } from "./session-keys.ts";

const NO_BYTES = new Uint8Array(0);

/**
 * One call of Observe: who leads now, then each value that a leader proclaims, and whoever leads next. While nobody does
 * it is quiet. When history that it has not read yet is compacted, it goes on with who leads then.
 */
export class ObserveStream implements WatchSink {
  readonly type = "turn";
  readonly requiresLeader: boolean;
  readonly #connection: StoreConnection;
  readonly #stream: number;
  readonly #name: Uint8Array;
  readonly #user: string | undefined;
  #watcher: Watcher | undefined;
  /** Somebody leads, and the watcher watches that one's key; else it waits for the first in the queue. */
  #isLed = false;
  #isOver = false;
  #queued = 0;

  constructor(connection: StoreConnection, stream: number, name: Uint8Array) {
    this.#connection = connection;
    this.#stream = stream;
    this.#name = name.slice();
    this.#user = connection.service.auth.enabled ? connection.caller(stream)?.user : undefined;
    this.requiresLeader = connection.grpc.metadata(stream, "hasleader") === "true";
  }

  /** The stream is known to its connection by now. */
  start(): void {
    this.#connection.service.steps.read({ done: () => this.#look(), refused: (code) => this.#refuse(code) });
  }

  get blocked(): boolean {
    return this.#queued > this.#connection.service.limits.watchQueueBytes;
  }

  onHalfClose(): void {}

  onWritable(): void {
    this.#queued = 0;
    this.#connection.service.watches.unblocked(this);
  }

  /** The call is over. */
  close(): void {
    this.#isOver = true;
    this.#unwatch();
  }

  sendEvents(_watcher: Watcher, { events }: EncodedEvents, revision: number): void {
    for (const event of events) {
      if (this.#watcher === undefined) return; // what follows is of one who does not lead any more
      if (event.isTombstone) return this.#lookSoon();
      this.#send(event, this.#isLed ? revision : event.modRevision);
      if (!this.#isLed) return this.#lookSoon(event);
    }
  }

  sendProgress(): void {}

  cancelCompacted(): void {
    this.#watcher = undefined;
    this.#lookSoon();
  }

  cancelDenied(): void {
    this.#watcher = undefined;
    this.#refuse("permissionDenied");
  }

  onSynced(): void {}

  /** Asks who leads. */
  #look(): void {
    if (this.#isOver) return;
    const { service } = this.#connection;
    if (service.areas.alarms.isCorrupt) throw new StoreError("corrupt");
    const queue = queueOf(this.#name);
    this.#connection.access(this.#stream)?.range(queue);
    const first = firstOf(service.model, this.#name);
    if (first !== undefined) this.#send(first, service.model.revision);
    this.#follow(first, service.model.revision + 1);
  }

  #follow(leader: KeyValue | undefined, startRevision: number): void {
    this.#isLed = leader !== undefined;
    this.#watch(leader === undefined ? queueOf(this.#name) : { key: leader.key.slice() }, startRevision);
  }

  #watch({ key, rangeEnd = NO_BYTES }: KeyRange, startRevision: number): void {
    const { watches } = this.#connection.service;
    if (watches.isFull) return this.#refuse("tooManyRequests");
    this.#watcher = watches.add(this, {
      user: this.#user,
      watchId: 0,
      key,
      rangeEnd,
      startRevision,
      noPut: false,
      noDelete: !this.#isLed,
      prevKv: false,
      progressNotify: false,
      fragment: false,
    });
  }

  #unwatch(): void {
    if (this.#watcher !== undefined) this.#connection.service.watches.remove(this.#watcher);
    this.#watcher = undefined;
  }

  /** Not while the watchers are being told. @param leader who was found to lead; otherwise that is looked for. */
  #lookSoon(leader?: KeyValue): void {
    this.#unwatch();
    this.#connection.service.options.schedule(() => {
      if (this.#isOver) return;
      if (leader !== undefined) return this.#follow(leader, leader.modRevision + 1);
      try {
        this.#look();
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        this.#refuse(error.code);
      }
    });
  }

  #refuse(code: ApiErrorCode): void {
    if (!this.#isOver) refuseAsUnknown(this.#connection, this.#stream, code);
  }

  #send(leader: KeyValue, revision: number): void {
    const { grpc, service } = this.#connection;
    const writer = grpc.begin(this.#stream);
    service.header.write(writer, revision);
    encodeKeyValue(writer, 2, leader);
    this.#queued = grpc.endMessage();
    this.#connection.touch();
  }
}
