import { GrpcStatus } from "@synod/wire/grpc/status";
import { ProtobufWriter } from "@synod/wire/protobuf";
import type { ApiErrorCode } from "../../api/errors.ts";
import { encodeKeyValue } from "../../api/key-value.ts";
import { decodeRangeRequest, RangeRequestFields } from "../../api/range.ts";
import { StoreError } from "../../model/errors.ts";
import type { KeyValue } from "../../model/key-value.ts";
import { hasFilters } from "../../model/range.ts";
import type { RangeWalk } from "../../model/range-walk.ts";
import { type RangeRequest, SortOrder, SortTarget } from "../../model/types.ts";
import { validateRange } from "../../model/validate.ts";
import type { StoreConnection } from "../connection.ts";
import type { StoreMethod } from "../method.ts";
import { readAsWanted } from "./read-levels-metadata.ts";

/** Octets of keys and values in one message, unless one of them is larger. */
const BUDGET = 128 << 10;
/** Keys looked at in one turn. */
const MOST_KEYS = 4096;

const UNSUPPORTED = "etcdserver: RangeStream has neither sort orders nor revision filters: use Range";

/**
 * One call of RangeStream (etcd 3.7): a Range of one revision in messages that, merged, are the Range's answer. The next
 * one is made when the client has taken the one before, so a slow client costs one message.
 */
export class RangeStream {
  readonly type = "range";
  readonly requiresLeader = false;
  readonly #connection: StoreConnection;
  readonly #stream: number;
  readonly #request: RangeRequest;
  readonly #walk: RangeWalk;
  /** Keys that may still be sent. */
  #left: number;
  /** Keys in the range: known from the beginning, or counted on the way. */
  readonly #knownCount: number | undefined;
  #count = 0;
  readonly #writer = new ProtobufWriter(4096);
  #isFirst = true;
  #isBlocked = false;
  #isOver = false;

  /** @throws StoreError */
  constructor(connection: StoreConnection, stream: number, request: RangeRequest) {
    const { model } = connection.service;
    this.#connection = connection;
    this.#stream = stream;
    this.#walk = model.rangeWalk(request);
    model.counts.range++;
    this.#request = { ...request, key: request.key.slice(), rangeEnd: request.rangeEnd?.slice() };
    const limit = request.limit ?? 0;
    this.#left = request.countOnly === true ? 0 : limit > 0 ? limit : Number.POSITIVE_INFINITY;
    this.#knownCount = this.#walk.countAtOnce;
  }

  /** The stream is known to its connection by now. */
  start(): void {
    this.#pump();
  }

  onHalfClose(): void {}

  onWritable(): void {
    if (!this.#isBlocked) return;
    this.#isBlocked = false;
    // Not within the write that has made room: a client that reads fast would keep it going for ever.
    this.#connection.service.options.schedule(() => this.#pump());
  }

  /** The call is over. */
  close(): void {
    this.#isOver = true;
  }

  #pump(): void {
    if (this.#isOver || this.#isBlocked) return;
    const { areas, options } = this.#connection.service;
    try {
      if (areas.alarms.isCorrupt) throw new StoreError("corrupt");
      this.#connection.access(this.#stream)?.range(this.#request);
      const isLast = this.#sendNext();
      this.#connection.touch();
      if (isLast) this.#connection.finish(this.#stream, GrpcStatus.OK, "");
      else if (!this.#isBlocked) options.schedule(() => this.#pump());
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#refuse(error.code);
    }
  }

  #refuse(code: ApiErrorCode): void {
    this.#connection.refuse(this.#stream, code);
  }

  /** RangeStreamResponse{range_response=1}; of its fields, header first and count and more last. @returns whether it was the last */
  #sendNext(): boolean {
    const kvs = this.#readNext();
    const isLast = this.#walk.isOver || (this.#left <= 0 && this.#knownCount !== undefined);
    if (kvs.length === 0 && !isLast) return false; // nothing but what is gone, or only counted
    const { grpc, service } = this.#connection;
    const writer = this.#writer;
    writer.reset();
    const mark = writer.begin(1);
    if (this.#isFirst) service.header.write(writer, this.#walk.storeRevision);
    this.#isFirst = false;
    for (const kv of kvs) encodeKeyValue(writer, 2, this.#request.keysOnly === true ? kv.withoutValue() : kv);
    if (isLast) {
      const count = this.#knownCount ?? this.#count;
      const limit = this.#request.limit ?? 0;
      writer.bool(3, this.#request.countOnly !== true && limit > 0 && count > limit);
      writer.varint(4, count);
    }
    writer.end(mark);
    const message = writer.finish();
    grpc.beginLong(this.#stream, message.length);
    this.#isBlocked = grpc.sendPart(this.#stream, message) > 0;
    return isLast;
  }

  #readNext(): KeyValue[] {
    const kvs: KeyValue[] = [];
    let bytes = 0;
    if (this.#left <= 0 && this.#knownCount !== undefined) return kvs;
    this.#walk.read(MOST_KEYS, (record) => {
      this.#count++;
      if (this.#left <= 0) return true;
      this.#left--;
      kvs.push(record);
      bytes += record.keyLength + (this.#request.keysOnly === true ? 0 : record.valueLength);
      return bytes < BUDGET && (this.#left > 0 || this.#knownCount === undefined);
    });
    return kvs;
  }
}

const fields = new RangeRequestFields();

function rangeStream(connection: StoreConnection, stream: number, message: Uint8Array): void {
  decodeRangeRequest(connection.service.read(message), fields);
  validateRange(fields);
  if (fields.sortOrder !== SortOrder.NONE || fields.sortTarget !== SortTarget.KEY || hasFilters(fields))
    return connection.finish(stream, GrpcStatus.UNIMPLEMENTED, UNSUPPORTED);
  if (readAsWanted(connection, stream, message, RANGE_STREAM)) return;
  if (fields.serializable) readable(connection, stream, message);
  else connection.readLinearizable(message, stream, RANGE_STREAM);
}

function readable(connection: StoreConnection, stream: number, message: Uint8Array): void {
  decodeRangeRequest(connection.service.read(message), fields);
  connection.access(stream)?.range(fields);
  connection.openTurn(stream, new RangeStream(connection, stream, fields));
}

const RANGE_STREAM: StoreMethod = {
  path: "/etcdserverpb.KV/RangeStream",
  access: "user",
  onLearner: true,
  handle: rangeStream,
  readable,
};

export const RANGE_STREAM_METHODS: readonly StoreMethod[] = [RANGE_STREAM];
