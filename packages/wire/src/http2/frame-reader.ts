import { DEFAULT_MAX_FRAME, FRAME_HEADER, uint24, uint31 } from "./frames.ts";

export interface FrameSink {
  /** True ends the reading: what is left of the chunk is dropped. */
  readonly closed: boolean;
  /** The payload is `bytes[start, end)`; nobody will write to these bytes again. */
  onFrame(type: number, flags: number, stream: number, bytes: Uint8Array, start: number, end: number): void;
  /** A frame announced more than we accept (§4.2). Must set `closed`. */
  onFrameTooLarge(): void;
}

/**
 * Cuts a byte stream into frames (RFC 9113 §4.1). Frames that lie whole in a chunk are handed on where they lie; only one
 * that is cut by the chunk's end is copied, into memory of its own.
 */
export class FrameReader {
  /** The cut frame: its header alone until that is complete, then room for all of it. */
  private carry = new Uint8Array(FRAME_HEADER);
  private held = 0;

  read(chunk: Uint8Array, offset: number, sink: FrameSink): void {
    let at = this.held > 0 ? this.complete(chunk, offset, sink) : offset;
    const end = chunk.length;
    while (!sink.closed && end - at >= FRAME_HEADER) {
      const length = uint24(chunk, at);
      if (length > DEFAULT_MAX_FRAME) return sink.onFrameTooLarge();
      const next = at + FRAME_HEADER + length;
      if (next > end) break;
      sink.onFrame(chunk[at + 3]!, chunk[at + 4]!, uint31(chunk, at + 5), chunk, at + FRAME_HEADER, next);
      at = next;
    }
    if (!sink.closed && at < end) this.complete(chunk, at, sink);
  }

  /** Adds to the cut frame, and hands it on when it is whole. @returns where in the chunk to go on. */
  private complete(chunk: Uint8Array, offset: number, sink: FrameSink): number {
    let at = offset;
    if (this.held < FRAME_HEADER) {
      at = this.fill(chunk, at, FRAME_HEADER);
      if (this.held < FRAME_HEADER) return at;
      const length = uint24(this.carry, 0);
      if (length > DEFAULT_MAX_FRAME) {
        sink.onFrameTooLarge();
        return chunk.length;
      }
      const frame = new Uint8Array(FRAME_HEADER + length);
      frame.set(this.carry);
      this.carry = frame;
    }
    at = this.fill(chunk, at, this.carry.length);
    if (this.held < this.carry.length) return at;
    const frame = this.carry;
    this.carry = new Uint8Array(FRAME_HEADER);
    this.held = 0;
    sink.onFrame(frame[3]!, frame[4]!, uint31(frame, 5), frame, FRAME_HEADER, frame.length);
    return at;
  }

  private fill(chunk: Uint8Array, offset: number, wanted: number): number {
    const size = Math.min(wanted - this.held, chunk.length - offset);
    for (let i = 0; i < size && size < 32; i++) this.carry[this.held + i] = chunk[offset + i]!;
    if (size >= 32) this.carry.set(chunk.subarray(offset, offset + size), this.held);
    this.held += size;
    return offset + size;
  }
}
