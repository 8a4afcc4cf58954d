import { createHash } from "node:crypto";
import { type BoltPlan, planBolt, writeBolt } from "@synod/wire/bolt/writer";
import { backendBuckets } from "../../backup/buckets.ts";
import type { StoreConnection } from "../connection.ts";
import { runSliced } from "../kv/sliced.ts";

/** etcd's: bytes of one message. */
const BLOB = 32 << 10;
/** Each holds a state of its own time. */
const MOST_AT_ONCE = 4;
/** Bytes sent in one turn. */
const TURN = 256 << 10;
/** Beats of the service without a byte that the client has taken: it is given up then, and with it the frozen state. */
const MOST_IDLE_BEATS = 8;

/**
 * One call of Snapshot: the state as of its arrival as a bbolt file, then the file's SHA-256. The state is frozen, so that
 * it costs memory only as the living one changes; pages are made as the client takes them.
 */
export class SnapshotStream {
  readonly type = "snapshot";
  readonly requiresLeader = false;
  /** Nothing further comes from the client. */
  readonly caller = undefined;
  readonly #connection: StoreConnection;
  readonly #stream: number;
  readonly #hash = createHash("sha256");
  #pages: Iterator<Uint8Array, undefined> | undefined;
  /** Pages on their way into a message. */
  readonly #blob = new Uint8Array(BLOB);
  #page: Uint8Array = new Uint8Array(0);
  #remaining = 0;
  #isOver = false;
  #isBlocked = false;
  #idleBeats = 0;
  #began = 0;

  constructor(connection: StoreConnection, stream: number) {
    this.#connection = connection;
    this.#stream = stream;
  }

  /** The stream is known to its connection by now. */
  start(): void {
    const { service } = this.#connection;
    if (service.snapshots.size >= MOST_AT_ONCE) return this.#connection.refuse(this.#stream, "tooManyRequests");
    this.#began = service.options.now();
    service.snapshots.add(this);
    service.beating.add(this);
    const { term, appliedIndex: index } = service.group.status;
    const origin = { term, index, members: service.options.members() };
    const buckets = backendBuckets(service.model.freeze(), service.areas, origin);
    runSliced(planBolt(buckets), service.options, (plan) => this.#begin(plan));
  }

  onHalfClose(): void {}

  onWritable(): void {
    if (!this.#isBlocked) return;
    this.#isBlocked = false;
    this.#idleBeats = 0;
    // Not within the write that has made room: a client that reads fast would keep it going for ever.
    this.#connection.service.options.schedule(() => this.#send());
  }

  /** The call is over. */
  close(): void {
    this.#isOver = true;
    this.#connection.service.snapshots.delete(this);
    this.#connection.service.beating.delete(this);
  }

  beat(): void {
    this.#idleBeats += this.#isBlocked ? 1 : 0;
    if (this.#idleBeats >= MOST_IDLE_BEATS) this.#connection.refuse(this.#stream, "timeout");
  }

  #begin(plan: BoltPlan): void {
    this.#remaining = plan.size;
    this.#pages = writeBolt(plan);
    this.#send();
  }

  #send(): void {
    if (this.#isOver || this.#isBlocked || this.#pages === undefined) return;
    for (let sent = 0; sent < TURN; sent += BLOB) {
      const blob = this.#fill(this.#pages);
      if (blob.length === 0) return this.#finish();
      this.#hash.update(blob);
      this.#remaining -= blob.length;
      this.#isBlocked = this.#message(blob) > 0;
      if (this.#isBlocked) return;
    }
    this.#connection.service.options.schedule(() => this.#send());
  }

  /** The next bytes; none at the end. */
  #fill(pages: Iterator<Uint8Array, undefined>): Uint8Array {
    let filled = 0;
    while (filled < BLOB) {
      if (this.#page.length === 0) {
        const next = pages.next();
        if (next.done === true) break;
        this.#page = next.value;
      }
      const part = this.#page.subarray(0, BLOB - filled);
      this.#blob.set(part, filled);
      filled += part.length;
      this.#page = this.#page.subarray(part.length);
    }
    return this.#blob.subarray(0, filled);
  }

  #finish(): void {
    this.#message(this.#hash.digest());
    const { options, traffic } = this.#connection.service;
    traffic.snapshotSent?.(options.now() - this.#began);
    this.#connection.finish(this.#stream, 0, "");
  }

  /** SnapshotResponse{header=1, remaining_bytes=2, blob=3, version=4}. @returns bytes that the call has queued. */
  #message(blob: Uint8Array): number {
    const { grpc, service } = this.#connection;
    const writer = grpc.begin(this.#stream);
    service.header.write(writer, service.model.revision);
    writer.varint(2, this.#remaining);
    writer.bytes(3, blob);
    writer.string(4, service.areas.version.clusterVersion);
    const queued = grpc.endMessage();
    this.#connection.touch();
    return queued;
  }
}
