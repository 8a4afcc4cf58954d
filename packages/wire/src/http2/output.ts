import { EMPTY_BYTES } from "../bytes.ts";
import {
  ACK,
  FRAME_HEADER,
  GOAWAY,
  PING,
  putFrameHeader,
  putUint32,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
} from "./frames.ts";

const FIRST_SLAB = 4096;
const LARGEST_SLAB = 65_536;
/** A slab with less room than this is left to whoever holds slices of it. */
const WORTH_KEEPING = 512;

/**
 * Everything that a turn sends on one connection, for one write. Bytes are appended to a slab; `take` cuts off what is
 * there and the next turn goes on behind it, so what was taken is never written again and needs no giving back.
 */
export class OutputBuffer {
  bytes: Uint8Array = EMPTY_BYTES;
  /** Where the next byte goes. */
  position = 0;
  private start = 0;
  private nextSlab = FIRST_SLAB;

  get pending(): number {
    return this.position - this.start;
  }

  /** Makes room for `size` bytes from `position`. */
  reserve(size: number): void {
    if (this.bytes.length - this.position >= size) return;
    const pending = this.position - this.start;
    const slab = new Uint8Array(Math.max(this.nextSlab, pending * 2 + size));
    slab.set(this.bytes.subarray(this.start, this.position));
    this.bytes = slab;
    this.start = 0;
    this.position = pending;
    this.nextSlab = Math.min(this.nextSlab * 2, LARGEST_SLAB);
  }

  /** @returns what was appended since the last call, undefined if nothing was. The bytes are the caller's. */
  take(): Uint8Array | undefined {
    if (this.position === this.start) return undefined;
    const taken = this.bytes.subarray(this.start, this.position);
    this.start = this.position;
    if (this.bytes.length - this.position < WORTH_KEEPING) {
      this.bytes = EMPTY_BYTES;
      this.start = 0;
      this.position = 0;
    }
    return taken;
  }

  append(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.position);
    this.position += bytes.length;
  }

  frame(type: number, flags: number, stream: number, payload: Uint8Array): void {
    this.reserve(FRAME_HEADER + payload.length);
    this.position = putFrameHeader(this.bytes, this.position, payload.length, type, flags, stream);
    this.bytes.set(payload, this.position);
    this.position += payload.length;
  }

  windowUpdate(stream: number, increment: number): void {
    this.word(WINDOW_UPDATE, stream, increment);
  }

  rstStream(stream: number, code: number): void {
    this.word(RST_STREAM, stream, code);
  }

  ping(flags: number, data: Uint8Array): void {
    this.frame(PING, flags, 0, data);
  }

  settingsAck(): void {
    this.frame(SETTINGS, ACK, 0, EMPTY_BYTES);
  }

  settings(values: readonly (readonly [setting: number, value: number])[]): void {
    const payload = new Uint8Array(values.length * 6);
    for (const [i, [setting, value]] of values.entries()) {
      payload[i * 6 + 1] = setting;
      putUint32(payload, i * 6 + 2, value);
    }
    this.frame(SETTINGS, 0, 0, payload);
  }

  /** @param text ASCII, for the peer's log. */
  goaway(lastStream: number, code: number, text: string): void {
    const payload = new Uint8Array(8 + text.length);
    putUint32(payload, 0, lastStream);
    putUint32(payload, 4, code);
    for (let i = 0; i < text.length; i++) payload[8 + i] = text.charCodeAt(i);
    this.frame(GOAWAY, 0, 0, payload);
  }

  private word(type: number, stream: number, value: number): void {
    this.reserve(FRAME_HEADER + 4);
    this.position = putFrameHeader(this.bytes, this.position, 4, type, 0, stream);
    putUint32(this.bytes, this.position, value);
    this.position += 4;
  }
}
