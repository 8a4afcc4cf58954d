import { GrpcStatus } from "@synod/wire/grpc/status";
import { ProtobufWriter } from "@synod/wire/protobuf";
import { encodeKeyValue, keyValueSize } from "../../api/key-value.ts";
import { StoreError } from "../../model/errors.ts";
import type { KeyValue } from "../../model/key-value.ts";
import { comparator, hasFilters, passes } from "../../model/range.ts";
import type { RangeWalk } from "../../model/range-walk.ts";
import { type RangeRequest, SortOrder, SortTarget } from "../../model/types.ts";
import type { StoreConnection } from "../connection.ts";
import { sortSteps } from "./range-sort.ts";
import { runSliced } from "./sliced.ts";

/** Octets of keys and values up to which a Range is answered at once. */
export const AT_ONCE: number = 1 << 20;
/** Octets of one answer. gRPC itself ends at 4 GiB, clients far earlier. */
const LARGEST = 1 << 30;
/** Each holds the records of its answer. */
const MOST_AT_ONCE = 16;
/** Octets of one part of an answer. */
const PART = 128 << 10;
/** Keys looked at in one step, records sized in one step. */
const KEYS_IN_STEP = 64;
/** How often a Range of the newest revision begins anew because that one was compacted meanwhile. */
const MOST_BEGINNINGS = 3;
/** Beats of the service without an octet that the client has taken: it is given up then. */
const MOST_IDLE_BEATS = 8;

const underWay = new WeakMap<object, number>();
const TOO_LARGE = `synod: the answer is larger than ${LARGEST >> 20} MiB: ask for pages with limit, or use RangeStream`;

/**
 * A Range whose answer is large: its records are found, sorted and sized in slices of a few milliseconds, and encoded as
 * the client takes them. It costs a few octets for each record and, beside them, one part.
 */
export class LargeRange {
  readonly type = "range";
  readonly requiresLeader = false;
  readonly #connection: StoreConnection;
  readonly #stream: number;
  readonly #request: RangeRequest;
  readonly #writer = new ProtobufWriter(PART + (PART >> 2));
  #records: readonly KeyValue[] = [];
  #next = 0;
  #tail: Uint8Array = new Uint8Array(0);
  #isBlocked = false;
  #isSending = false;
  #isOver = false;
  #idleBeats = 0;

  constructor(connection: StoreConnection, stream: number, request: RangeRequest) {
    this.#connection = connection;
    this.#stream = stream;
    this.#request = { ...request, key: request.key.slice(), rangeEnd: request.rangeEnd?.slice() };
  }

  /** The stream is known to its connection by now. */
  start(): void {
    const { service } = this.#connection;
    const count = underWay.get(service) ?? 0;
    if (count >= MOST_AT_ONCE) {
      this.#isOver = true;
      return this.#connection.refuse(this.#stream, "tooManyRequests");
    }
    underWay.set(service, count + 1);
    service.beating.add(this);
    runSliced(this.#prepare(), service.options, (refusal) => {
      if (!this.#isOver && refusal !== undefined) this.#connection.refuse(this.#stream, refusal.code);
    });
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
    if (this.#isOver) return;
    this.#isOver = true;
    this.#records = [];
    const { service } = this.#connection;
    underWay.set(service, (underWay.get(service) ?? 1) - 1);
    service.beating.delete(this);
  }

  beat(): void {
    this.#idleBeats += this.#isBlocked ? 1 : 0;
    if (this.#idleBeats >= MOST_IDLE_BEATS) this.#connection.refuse(this.#stream, "timeout");
  }

  /** @returns why it cannot be answered. */
  *#prepare(): Generator<undefined, StoreError | undefined, undefined> {
    const records: KeyValue[] = [];
    let walk: RangeWalk | undefined;
    let count = 0;
    for (let beginning = 1; walk === undefined; beginning++) {
      try {
        const begun = this.#connection.service.model.rangeWalk(this.#request);
        count = yield* this.#collect(begun, records);
        walk = begun;
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        const again = error.code === "compacted" && (this.#request.revision ?? 0) <= 0 && beginning < MOST_BEGINNINGS;
        if (!again) return error;
        records.length = 0;
      }
    }
    const more = yield* this.#arrange(records);
    yield* this.#begin(records, walk.storeRevision, more, count);
    return undefined;
  }

  /** @returns the number of keys in the range. */
  *#collect(walk: RangeWalk, records: KeyValue[]): Generator<undefined, number, undefined> {
    const filtered = hasFilters(this.#request);
    const enough = this.#cutsFirst ? (this.#request.limit as number) + 1 : Number.POSITIVE_INFINITY;
    const known = walk.countAtOnce;
    let count = 0;
    while (!walk.isOver && !this.#isOver && (known === undefined || records.length < enough)) {
      walk.read(KEYS_IN_STEP, (record) => {
        count++;
        if (records.length < enough && (!filtered || passes(record, this.#request))) records.push(record);
        return true;
      });
      yield;
    }
    return known ?? count;
  }

  /** etcd takes the first keys and sorts only those, when no order is asked for: see model/range.ts. */
  get #cutsFirst(): boolean {
    const { limit = 0, sortOrder = SortOrder.NONE, sortTarget = SortTarget.KEY } = this.#request;
    const isKept = sortTarget === SortTarget.KEY && sortOrder === SortOrder.ASCEND;
    return limit > 0 && (isKept || sortOrder === SortOrder.NONE) && !hasFilters(this.#request);
  }

  /** Puts what is left of the records in order. @returns whether some have been cut off. */
  *#arrange(records: KeyValue[]): Generator<undefined, boolean, undefined> {
    const { limit = 0, sortOrder = SortOrder.NONE, sortTarget = SortTarget.KEY } = this.#request;
    const descending = sortOrder === SortOrder.DESCEND;
    if (sortTarget !== SortTarget.KEY) {
      const ascend = comparator(sortTarget);
      yield* sortSteps(records, descending ? (a, b) => ascend(b, a) : ascend);
    } else if (descending) records.reverse();
    const more = limit > 0 && records.length > limit;
    if (more) records.length = limit;
    return more;
  }

  *#begin(records: KeyValue[], revision: number, more: boolean, count: number): Generator<undefined, void, undefined> {
    const { grpc, service } = this.#connection;
    const writer = this.#writer;
    let length = 0;
    for (let i = 0; i < records.length; i++) {
      length += keyValueSize(2, records[i] as KeyValue, this.#request.keysOnly === true);
      if (i % KEYS_IN_STEP === 0) yield;
    }
    if (this.#isOver) return;
    writer.reset();
    service.header.write(writer, revision);
    const head = writer.finish();
    writer.reset();
    writer.bool(3, more);
    writer.varint(4, count);
    this.#tail = writer.finish();
    length += head.length + this.#tail.length;
    if (length > LARGEST) return this.#connection.finish(this.#stream, GrpcStatus.RESOURCE_EXHAUSTED, TOO_LARGE);
    this.#records = records;
    grpc.beginLong(this.#stream, length);
    this.#isBlocked = grpc.sendPart(this.#stream, head) > 0;
    this.#isSending = true;
    this.#send();
  }

  #send(): void {
    if (this.#isOver || this.#isBlocked || !this.#isSending) return;
    const { grpc, service } = this.#connection;
    const writer = this.#writer;
    writer.reset();
    while (this.#next < this.#records.length && writer.position < PART) {
      this.#encode(this.#records[this.#next++] as KeyValue);
    }
    const isLast = this.#next === this.#records.length;
    if (isLast) writer.raw(this.#tail);
    this.#isBlocked = grpc.sendPart(this.#stream, writer.finish()) > 0;
    this.#connection.touch();
    if (isLast) this.#connection.finish(this.#stream, GrpcStatus.OK, "");
    else if (!this.#isBlocked) service.options.schedule(() => this.#send());
  }

  #encode(record: KeyValue): void {
    encodeKeyValue(this.#writer, 2, this.#request.keysOnly === true ? record.withoutValue() : record);
  }
}
