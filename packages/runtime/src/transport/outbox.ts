import type { Socket } from "node:net";
import { HEADER_BYTES, writeHeader } from "./frame.ts";

const FIRST_PAGE_BYTES = 64 << 10;
const MAX_PAGE_BYTES = 1 << 20;
/** From this size on a body is passed by reference; below it, copying is cheaper than one more piece in `writev`. */
const BY_REFERENCE_BYTES = 4096;

/**
 * The frames of one connection and one turn, to be written at once. Small frames are copied one behind another into a page;
 * large bodies are only referenced, so nobody may change them any more.
 */
export class Outbox {
  #page: Uint8Array = Buffer.allocUnsafeSlow(FIRST_PAGE_BYTES);
  /** Of the page: what is not yet in #pieces. */
  #start = 0;
  #end = 0;
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  /** Bytes appended and not yet flushed. */
  get bytes(): number {
    return this.#bytes;
  }

  append(group: number, kind: number, flags: number, head: Uint8Array, body: Uint8Array | undefined): void {
    const bodyBytes = body === undefined ? 0 : body.length;
    const byReference = bodyBytes >= BY_REFERENCE_BYTES;
    const copied = HEADER_BYTES + head.length + (byReference ? 0 : bodyBytes);
    if (copied > this.#page.length - this.#end) this.#turnPage(copied);
    const page = this.#page;
    writeHeader(page, this.#end, group, kind, flags, head.length + bodyBytes);
    let end = copy(head, page, this.#end + HEADER_BYTES);
    if (body !== undefined && !byReference) end = copy(body, page, end);
    this.#end = end;
    if (byReference) {
      this.#seal();
      this.#pieces.push(body as Uint8Array);
    }
    this.#bytes += HEADER_BYTES + head.length + bodyBytes;
  }

  /** One write for all that was appended. */
  flush(socket: Socket): void {
    if (this.#bytes === 0) return;
    this.#bytes = 0;
    if (this.#pieces.length === 0) {
      socket.write(this.#page.subarray(this.#start, this.#end));
      this.#start = this.#end;
    } else {
      this.#seal();
      writePieces(socket, this.#pieces);
      this.#pieces.length = 0;
    }
    // The kernel took all: the page may be written over. Otherwise the socket still reads from it; go on behind.
    if (socket.writableLength === 0) {
      this.#start = 0;
      this.#end = 0;
    }
  }

  /** Hands out what was appended instead of writing it; the page goes with it. */
  take(): Uint8Array[] {
    this.#seal();
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#bytes = 0;
    return pieces;
  }

  #seal(): void {
    if (this.#end > this.#start) this.#pieces.push(this.#page.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }

  #turnPage(needed: number): void {
    this.#seal();
    const size = Math.min(this.#page.length * 2, MAX_PAGE_BYTES);
    this.#page = Buffer.allocUnsafeSlow(Math.max(size, needed));
    this.#start = 0;
    this.#end = 0;
  }
}

/** One `writev`. */
export function writePieces(socket: Socket, pieces: readonly Uint8Array[]): void {
  socket.cork();
  for (const piece of pieces) socket.write(piece);
  socket.uncork();
}

/** @returns the offset behind the copy */
function copy(source: Uint8Array, target: Uint8Array, offset: number): number {
  const length = source.length;
  if (length > 64) target.set(source, offset);
  else for (let i = 0; i < length; i++) target[offset + i] = source[i] as number; // below this, a call costs more
  return offset + length;
}
