import { BATCH_HEADER_BYTES, getUint53, putUint53, RECORD_HEADER_BYTES, viewOf } from "./format.ts";

const INITIAL_BYTES = 64 << 10;
/** A buffer that one burst made larger than this is given back once it is empty. */
const KEPT_BYTES = 4 << 20;

/**
 * Records that wait for the next flush, laid out as they will be on disk, with room for the batch header in front: a
 * flush is one write of these very bytes.
 */
export class TurnBuffer {
  bytes: Uint8Array = new Uint8Array(INITIAL_BYTES);
  view: DataView = viewOf(this.bytes);
  /** End of the last record. */
  end: number = BATCH_HEADER_BYTES;

  get isEmpty(): boolean {
    return this.end === BATCH_HEADER_BYTES;
  }

  /** Bytes of records. */
  get length(): number {
    return this.end - BATCH_HEADER_BYTES;
  }

  append(
    group: number,
    kind: number,
    flags: number,
    lastIndex: number,
    head: Uint8Array,
    body: Uint8Array | undefined,
  ): void {
    const length = head.length + (body === undefined ? 0 : body.length);
    const at = this.#grow(RECORD_HEADER_BYTES + length);
    const view = this.view;
    view.setUint32(at, length, true);
    view.setUint16(at + 4, group, true);
    view.setUint16(at + 6, kind | (flags << 8), true);
    putUint53(view, at + 8, lastIndex);
    this.bytes.set(head, at + RECORD_HEADER_BYTES);
    if (body !== undefined) this.bytes.set(body, at + RECORD_HEADER_BYTES + head.length);
  }

  /** Appends a record that is bytes already. */
  appendRecord(record: Uint8Array, flags: number): void {
    const at = this.#grow(record.length);
    this.bytes.set(record, at);
    this.bytes[at + 7] = flags;
  }

  /** @returns the end of the record at `at`. */
  recordEnd(at: number): number {
    return at + RECORD_HEADER_BYTES + this.view.getUint32(at, true);
  }

  groupAt(at: number): number {
    return this.view.getUint16(at + 4, true);
  }

  kindAt(at: number): number {
    return this.view.getUint8(at + 6);
  }

  flagsAt(at: number): number {
    return this.view.getUint8(at + 7);
  }

  lastIndexAt(at: number): number {
    return getUint53(this.view, at + 8);
  }

  /** Forgets the records before `end`. */
  drop(end: number): void {
    if (end < this.end) {
      this.bytes.copyWithin(BATCH_HEADER_BYTES, end, this.end);
      this.end = BATCH_HEADER_BYTES + this.end - end;
      return;
    }
    this.end = BATCH_HEADER_BYTES;
    if (this.bytes.length > KEPT_BYTES) this.#resize(INITIAL_BYTES);
  }

  #grow(length: number): number {
    const at = this.end;
    this.end = at + length;
    if (this.end > this.bytes.length) this.#resize(Math.max(this.end, 2 * this.bytes.length));
    return at;
  }

  #resize(size: number): void {
    const bytes = new Uint8Array(size);
    bytes.set(this.bytes.subarray(0, Math.min(size, this.bytes.length)));
    this.bytes = bytes;
    this.view = viewOf(bytes);
  }
}
