import { ByteReader } from "@synod/protocols/bytes";
import type { Instant, NodeId } from "@synod/protocols/protocol";

/**
 * All commands that one node proposes in one turn, as one log entry: time (7), node (2), incarnation (7), first sequence
 * number (7), count (4), then each command with its length (4). One entry a turn instead of one a command is what keeps
 * the log's bookkeeping off the hot path; request ids are consecutive, so the first one names them all.
 */
export const BATCH_HEADER = 27;
const TIME_AT = 0;
const NODE_AT = 7;
const INCARNATION_AT = 9;
const SEQUENCE_AT = 16;
const COUNT_AT = 23;
const KEPT_BYTES = 32 << 10;

/** Collects a turn's commands into one growing buffer. */
export class BatchBuilder {
  readonly #node: NodeId;
  readonly #incarnation: number;
  #bytes: Uint8Array = new Uint8Array(KEPT_BYTES);
  #view: DataView = new DataView(this.#bytes.buffer);
  #end: number = BATCH_HEADER;
  #first = 0;
  count = 0;

  constructor(node: NodeId, incarnation: number) {
    this.#node = node;
    this.#incarnation = incarnation;
  }

  get size(): number {
    return this.#end;
  }

  /** Sequence numbers of one batch are consecutive: the caller adds in the order in which it draws them. */
  add(sequence: number, command: Uint8Array): void {
    if (this.count === 0) this.#first = sequence;
    const end = this.#end + 4 + command.length;
    if (end > this.#bytes.length) this.#grow(end);
    this.#view.setUint32(this.#end, command.length);
    this.#bytes.set(command, this.#end + 4);
    this.#end = end;
    this.count++;
  }

  /** The finished batch, without a time yet; the builder starts over. @param node whose batch it is @param incarnation its */
  take(node: NodeId = this.#node, incarnation: number = this.#incarnation): Batch {
    const bytes = this.#handOver();
    const view = new DataView(bytes.buffer);
    view.setUint16(NODE_AT, node);
    putUint53(view, INCARNATION_AT, incarnation);
    putUint53(view, SEQUENCE_AT, this.#first);
    view.setUint32(COUNT_AT, this.count);
    const batch = { first: this.#first, count: this.count, bytes };
    this.#end = BATCH_HEADER;
    this.count = 0;
    return batch;
  }

  /** A small batch is copied and the buffer kept; a large one takes its buffer with it. */
  #handOver(): Uint8Array {
    if (this.#end <= KEPT_BYTES) return this.#bytes.slice(0, this.#end);
    const bytes = this.#bytes.subarray(0, this.#end);
    this.#bytes = new Uint8Array(KEPT_BYTES);
    this.#view = new DataView(this.#bytes.buffer);
    return bytes;
  }

  #grow(needed: number): void {
    const bytes = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    bytes.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}

export interface Batch {
  readonly first: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** Gives a batch its time where no copy is needed: nobody has been handed its bytes before. */
export function stamp(batch: Uint8Array, time: Instant): Uint8Array {
  putUint53(new DataView(batch.buffer, batch.byteOffset), TIME_AT, time);
  return batch;
}

/** The leader's copy, with its time. The original stays as it is: it may have to be sent again to another leader. */
export function stamped(batch: Uint8Array, time: Instant): Uint8Array {
  return stamp(batch.slice(), time);
}

export function timeOf(batch: Uint8Array): Instant {
  return new ByteReader(batch).uint53();
}

/** Whether these bytes are a batch as `BatchBuilder` makes them; a peer's may be anything. */
export function isBatch(bytes: Uint8Array): boolean {
  if (bytes.length < BATCH_HEADER) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint32(COUNT_AT);
  let at = BATCH_HEADER;
  for (let i = 0; i < count; i++) {
    if (at + 4 > bytes.length) return false;
    at += 4 + view.getUint32(at);
  }
  return at === bytes.length;
}

/** Walks the commands of one committed batch. Reused from entry to entry. */
export class BatchReader {
  time: Instant = 0;
  node: NodeId = 0;
  incarnation = 0;
  first = 0;
  count = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(this.#bytes.buffer);
  #at = 0;

  open(bytes: Uint8Array): void {
    const reader = new ByteReader(bytes);
    this.time = reader.uint53();
    this.node = reader.uint8() * 256 + reader.uint8();
    this.incarnation = reader.uint53();
    this.first = reader.uint53();
    this.count = reader.uint32();
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = BATCH_HEADER;
  }

  /** The next command, as a view. */
  next(): Uint8Array {
    const length = this.#view.getUint32(this.#at);
    const command = this.#bytes.subarray(this.#at + 4, this.#at + 4 + length);
    this.#at += 4 + length;
    return command;
  }
}

function putUint53(view: DataView, at: number, value: number): void {
  const high = Math.floor(value / 0x1_0000_0000);
  view.setUint8(at, high >>> 16);
  view.setUint16(at + 1, high & 0xffff);
  view.setUint32(at + 3, value >>> 0);
}
