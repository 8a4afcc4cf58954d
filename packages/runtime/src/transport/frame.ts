/**
 * What peers say to each other over TCP, as bytes. A frame is
 *
 *     u32 length (of what follows) · u16 group · u8 kind · u8 flags · body
 *
 * big-endian. Groups and kinds are the host's; flag CONTROL marks the transport's own frames (hello, ping, pong, goodbye).
 */

export const HEADER_BYTES = 8;
/** Of `length`: what follows the length field, 4 bytes of header included. */
export const MAX_FRAME_LENGTH: number = 64 << 20;
/** Before the hello nobody may make us hold more than this. */
export const MAX_FIRST_FRAME_LENGTH = 1024;
export const MAX_BODY_BYTES: number = MAX_FRAME_LENGTH - 4;

export const CONTROL = 0x80;
export const ControlKind = { hello: 1, ping: 2, pong: 3, goodbye: 4 } as const;

/** Writes a frame's header at `offset`. */
export function writeHeader(
  target: Uint8Array,
  offset: number,
  group: number,
  kind: number,
  flags: number,
  bodyLength: number,
): void {
  const length = bodyLength + 4;
  target[offset] = length >>> 24;
  target[offset + 1] = length >>> 16;
  target[offset + 2] = length >>> 8;
  target[offset + 3] = length;
  target[offset + 4] = group >>> 8;
  target[offset + 5] = group;
  target[offset + 6] = kind;
  target[offset + 7] = flags;
}

/** One frame as bytes of its own: for control frames, not for the hot path. */
export function encodeFrame(group: number, kind: number, flags: number, body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(HEADER_BYTES + body.length);
  writeHeader(frame, 0, group, kind, flags, body.length);
  frame.set(body, HEADER_BYTES);
  return frame;
}

export interface FrameSink {
  /** @returns false: deliver nothing more (the connection was closed meanwhile). The body's memory is never used again. */
  frame(group: number, kind: number, flags: number, body: Uint8Array): boolean;
}

/** Cuts a byte stream into frames, however the chunks are cut. Bodies are views of a chunk, or copies where one was cut. */
export class FrameReader {
  /** The longest `length` accepted; raised once the other side has said who it is. */
  limit: number = MAX_FIRST_FRAME_LENGTH;
  readonly #header: Uint8Array = new Uint8Array(HEADER_BYTES);
  #headerFilled = 0;
  /** The body of a frame that began in an earlier chunk; its header is in #header. */
  #body: Uint8Array | undefined;
  #bodyFilled = 0;

  /**
   * Delivers all frames that `chunk` completes, in order.
   * @returns why the stream makes no sense; the connection must then be closed, and the reader not used again.
   */
  push(chunk: Uint8Array, sink: FrameSink): string | undefined {
    let offset = this.#headerFilled === 0 ? 0 : this.#continue(chunk, sink);
    while (offset >= 0 && chunk.length - offset >= HEADER_BYTES) {
      const length = readU32(chunk, offset);
      if (length < 4 || length > this.limit) return describeLength(length, this.limit);
      if (length > chunk.length - offset - 4) break;
      const body = new Uint8Array(chunk.buffer, chunk.byteOffset + offset + HEADER_BYTES, length - 4);
      const group = ((chunk[offset + 4] as number) << 8) | (chunk[offset + 5] as number);
      if (!sink.frame(group, chunk[offset + 6] as number, chunk[offset + 7] as number, body)) return undefined;
      offset += 4 + length;
    }
    if (offset === STOPPED) return undefined;
    if (offset === MALFORMED) return describeLength(readU32(this.#header, 0), this.limit);
    return this.#keep(chunk, offset);
  }

  /** Goes on with the frame that the chunk before left unfinished. @returns the offset behind it, or why there is none */
  #continue(chunk: Uint8Array, sink: FrameSink): number {
    let offset = 0;
    const header = this.#header;
    while (this.#headerFilled < HEADER_BYTES) {
      if (offset === chunk.length) return offset;
      header[this.#headerFilled++] = chunk[offset++] as number;
    }
    const body = this.#body ?? this.#begin();
    if (body === undefined) return MALFORMED;
    const taken = Math.min(body.length - this.#bodyFilled, chunk.length - offset);
    body.set(chunk.subarray(offset, offset + taken), this.#bodyFilled);
    this.#bodyFilled += taken;
    offset += taken;
    if (this.#bodyFilled < body.length) return offset;
    this.#body = undefined;
    this.#headerFilled = 0;
    const group = ((header[4] as number) << 8) | (header[5] as number);
    return sink.frame(group, header[6] as number, header[7] as number, body) ? offset : STOPPED;
  }

  /** Keeps the beginning of a frame that the next chunk will go on with. */
  #keep(chunk: Uint8Array, from: number): string | undefined {
    let offset = from;
    while (offset < chunk.length && this.#headerFilled < HEADER_BYTES) {
      this.#header[this.#headerFilled++] = chunk[offset++] as number;
    }
    if (this.#headerFilled < HEADER_BYTES || this.#body !== undefined) return undefined;
    const body = this.#begin();
    if (body === undefined) return describeLength(readU32(this.#header, 0), this.limit);
    body.set(chunk.subarray(offset));
    this.#bodyFilled = chunk.length - offset;
    return undefined;
  }

  /** Makes room for the body that #header announces. @returns undefined: its length is not allowed */
  #begin(): Uint8Array | undefined {
    const length = readU32(this.#header, 0);
    if (length < 4 || length > this.limit) return undefined;
    this.#bodyFilled = 0;
    this.#body = new Uint8Array(length - 4);
    return this.#body;
  }
}

const STOPPED = -1;
const MALFORMED = -2;

function readU32(bytes: Uint8Array, offset: number): number {
  return (
    (((bytes[offset] as number) << 24) |
      ((bytes[offset + 1] as number) << 16) |
      ((bytes[offset + 2] as number) << 8) |
      (bytes[offset + 3] as number)) >>>
    0
  );
}

function describeLength(length: number, limit: number): string {
  return `a frame of ${length} bytes, where 4 to ${limit} are allowed`;
}
