import { EMPTY_BYTES } from "../bytes.ts";
import { uint32 } from "../http2/frames.ts";
import { type GrpcStream, NO_METHOD } from "./stream.ts";

export interface MessageSink {
  /** A whole message. `last`: the client half-closed right behind it. The sink may end the stream. */
  onMessage(stream: GrpcStream, message: Uint8Array, last: boolean): void;
  /** The prefix announces a message that we do not take; the sink must end the stream. */
  onUnacceptable(stream: GrpcStream, compressed: boolean, length: number): void;
  /** The stream holds a part of a message and waits for the rest. The sink may end the stream. */
  onHeld(stream: GrpcStream): void;
}

/** Compressed-Flag and Message-Length (PROTOCOL-HTTP2, Length-Prefixed-Message). */
export const PREFIX = 5;
/**
 * The least room for a cut message, and how many times what has arrived there is room for: a prefix alone costs nothing,
 * and a message of a quarter of a mebibyte is not moved once its first frame is there.
 */
const FIRST_ROOM = 4096;
const ROOM_AHEAD = 16;

/**
 * Finds the messages in the content `bytes[start, end)` of a stream. A message that lies whole in it is handed on as a
 * view; one that is cut is collected in the stream's record.
 * @returns whether the last message was handed on as the last one.
 */
export function deframe(
  stream: GrpcStream,
  bytes: Uint8Array,
  start: number,
  end: number,
  last: boolean,
  largest: number,
  sink: MessageSink,
): boolean {
  const { id } = stream;
  let at = start;
  let told = false;
  while (at < end && stream.id === id && stream.method !== NO_METHOD) {
    const cut = stream.prefixHeld > 0 || end - at < PREFIX || end - at - PREFIX < uint32(bytes, at + 1);
    if (cut) {
      at = collect(stream, bytes, at, end);
      if (stream.prefixHeld < PREFIX) break;
      if (stream.compressed !== 0 || stream.length > largest) {
        sink.onUnacceptable(stream, stream.compressed !== 0, stream.length);
        break;
      }
      at = fill(stream, bytes, at, end);
      if (stream.bodyHeld < stream.length) {
        sink.onHeld(stream);
        break;
      }
      told = last && at === end;
      sink.onMessage(stream, takeMessage(stream), told);
      continue;
    }
    const length = uint32(bytes, at + 1);
    if (bytes[at] !== 0 || length > largest) {
      sink.onUnacceptable(stream, bytes[at] !== 0, length);
      break;
    }
    const message = new Uint8Array(bytes.buffer, bytes.byteOffset + at + PREFIX, length);
    at += PREFIX + length;
    told = last && at === end;
    sink.onMessage(stream, message, told);
  }
  return told;
}

/** Reads on in the prefix of a cut message. @returns where to go on. */
function collect(stream: GrpcStream, bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (stream.prefixHeld < PREFIX && at < end) {
    const byte = bytes[at++]!;
    if (stream.prefixHeld === 0) {
      stream.compressed = byte;
      stream.length = 0;
      stream.body = EMPTY_BYTES;
      stream.bodyHeld = 0;
    } else stream.length = stream.length * 256 + byte;
    stream.prefixHeld++;
  }
  return at;
}

/** Reads on in its body. @returns where to go on. */
function fill(stream: GrpcStream, bytes: Uint8Array, start: number, end: number): number {
  const size = Math.min(end - start, stream.length - stream.bodyHeld);
  makeRoom(stream, stream.bodyHeld + size);
  stream.body!.set(bytes.subarray(start, start + size), stream.bodyHeld);
  stream.bodyHeld += size;
  return start + size;
}

function makeRoom(stream: GrpcStream, needed: number): void {
  const body = stream.body!;
  if (needed <= body.length) return;
  const room = Math.min(stream.length, Math.max(needed * ROOM_AHEAD, FIRST_ROOM));
  const grown = new Uint8Array(room);
  grown.set(body.subarray(0, stream.bodyHeld));
  stream.body = grown;
  stream.hold(room);
}

function takeMessage(stream: GrpcStream): Uint8Array {
  const message = stream.body!.subarray(0, stream.length);
  stream.prefixHeld = 0;
  stream.body = undefined;
  stream.hold(0);
  return message;
}
