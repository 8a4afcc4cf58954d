import { EMPTY_BYTES } from "../bytes.ts";
import {
  DATA,
  DEFAULT_MAX_FRAME,
  DEFAULT_WINDOW,
  END_HEADERS,
  END_STREAM,
  FRAME_HEADER,
  HEADERS,
  MAX_WINDOW,
  putFrameHeader,
} from "./frames.ts";
import type { OutputBuffer } from "./output.ts";
import type { PeerSettings } from "./peer-settings.ts";
import { SendQueue } from "./send-queue.ts";
import type { Stream, StreamTable } from "./stream.ts";

/** What the sender tells its connection. */
export interface SenderEvents<S extends Stream> {
  /** The queue of the stream has run empty; `ended`: END_STREAM went out with it. */
  onDrained(stream: S, ended: boolean): void;
}

/** DATA stays queued while more than this waits to be taken, octets. */
const OUTPUT_ENOUGH = 1 << 20;

/** The sending half of flow control (RFC 9113 §5.2, §6.9): what fits the windows leaves at once, the rest is queued. */
export class Sender<S extends Stream> {
  /** The connection's window, and what the peer's SETTINGS say. */
  window: number = DEFAULT_WINDOW;
  initialWindow: number = DEFAULT_WINDOW;
  maxFrame: number = DEFAULT_MAX_FRAME;
  /** The socket does not keep up: queue everything. */
  congested = false;
  /** Over all streams. */
  queuedBytes = 0;
  private readonly output: OutputBuffer;
  private readonly events: SenderEvents<S>;
  /**
   * Streams with queued data and a window of their own, in the order of their turns. Those whose window is used up are not
   * here: however many they are, a WINDOW_UPDATE for the connection costs the same.
   */
  private readonly waiting = new Set<S>();

  constructor(output: OutputBuffer, events: SenderEvents<S>) {
    this.output = output;
    this.events = events;
  }

  /** Whether `size` octets may leave at once in one DATA frame. If so, the caller writes them and takes them off. */
  admits(stream: S, size: number): boolean {
    return (
      size <= stream.sendWindow &&
      size <= this.window &&
      size <= this.maxFrame &&
      stream.queue === undefined &&
      !this.congested &&
      this.output.pending < OUTPUT_ENOUGH
    );
  }

  headers(stream: S, block: Uint8Array, ends: boolean): void {
    this.output.frame(HEADERS, END_HEADERS | (ends ? END_STREAM : 0), stream.id, block);
  }

  /**
   * Sends `bytes`, or queues them: they are the sender's from now on. `ends` puts END_STREAM on the last frame.
   * @returns what the stream has queued now, octets.
   */
  data(stream: S, bytes: Uint8Array, ends = false): number {
    const sent = stream.queue === undefined ? this.sendNow(stream, bytes, ends) : 0;
    if (sent < bytes.length) this.enqueue(stream, bytes.subarray(sent), ends);
    return stream.queue?.bytes ?? 0;
  }

  /** Ends the stream with trailers, behind what is queued. @returns true if they have left. */
  trailers(stream: S, block: Uint8Array): boolean {
    if (stream.queue === undefined) {
      this.headers(stream, block, true);
      return true;
    }
    stream.queue.trailers = block;
    stream.queue.ends = true;
    return false;
  }

  /** Ends the stream without trailers, behind what is queued. */
  end(stream: S): void {
    if (stream.queue === undefined) this.output.frame(DATA, END_STREAM, stream.id, EMPTY_BYTES);
    else stream.queue.ends = true;
  }

  /** Takes over the peer's SETTINGS (§6.5.2, §6.9.2). @returns false if a window gets larger than allowed. */
  apply(settings: PeerSettings, streams: StreamTable<S>): boolean {
    if (settings.maxFrame !== undefined) this.maxFrame = settings.maxFrame;
    if (settings.initialWindow === undefined) return true;
    // Open streams move by the difference, perhaps below zero.
    const difference = settings.initialWindow - this.initialWindow;
    this.initialWindow = settings.initialWindow;
    for (const stream of streams.values()) {
      stream.sendWindow += difference;
      if (stream.sendWindow > MAX_WINDOW) return false;
      if (difference > 0) this.resume(stream);
    }
    return true;
  }

  /** What held data of several streams back has changed: the connection's window, the socket, the output taken. */
  flush(): void {
    // One frame a stream and round, so that a large reply does not starve the others: who still has something to send
    // goes to the end of the line, and the loop comes by again.
    for (const stream of this.waiting) {
      if (stream.sendWindow > 0 && this.allowance(stream) <= 0) break;
      this.waiting.delete(stream);
      // SETTINGS may have taken the window away since the stream got in line.
      if (stream.sendWindow > 0) this.sendPart(stream);
    }
  }

  /** The stream's window has changed. */
  resume(stream: S): void {
    if (stream.queue === undefined || stream.sendWindow <= 0) return;
    this.waiting.add(stream);
    this.flush();
  }

  /** @returns false if the increment breaks the window's limit (§6.9.1). */
  widen(stream: S | undefined, increment: number): boolean {
    const window = (stream === undefined ? this.window : stream.sendWindow) + increment;
    if (window > MAX_WINDOW) return false;
    if (stream === undefined) this.window = window;
    else stream.sendWindow = window;
    if (stream === undefined) this.flush();
    else this.resume(stream);
    return true;
  }

  forget(stream: S): void {
    if (stream.queue === undefined) return;
    this.queuedBytes -= stream.queue.bytes;
    this.waiting.delete(stream);
  }

  private enqueue(stream: S, part: Uint8Array, ends: boolean): void {
    stream.queue ??= new SendQueue();
    stream.queue.append(part);
    stream.queue.ends = ends;
    this.queuedBytes += part.length;
    if (stream.sendWindow > 0) this.waiting.add(stream);
  }

  private sendNow(stream: S, bytes: Uint8Array, ends: boolean): number {
    let sent = 0;
    while (sent < bytes.length) {
      const size = Math.min(bytes.length - sent, this.allowance(stream));
      if (size <= 0) break;
      this.frame(stream, bytes, sent, size, ends && sent + size === bytes.length);
      sent += size;
    }
    return sent;
  }

  private allowance(stream: S): number {
    if (this.congested || this.output.pending >= OUTPUT_ENOUGH) return 0;
    return Math.min(stream.sendWindow, this.window, this.maxFrame);
  }

  private frame(stream: S, bytes: Uint8Array, start: number, size: number, ends: boolean): void {
    const { output } = this;
    const flags = ends ? END_STREAM : 0;
    output.reserve(FRAME_HEADER + size);
    output.position = putFrameHeader(output.bytes, output.position, size, DATA, flags, stream.id);
    output.append(bytes.subarray(start, start + size));
    stream.sendWindow -= size;
    this.window -= size;
  }

  private sendPart(stream: S): void {
    const queue = stream.queue!;
    const front = queue.front();
    const size = Math.min(front.length, this.allowance(stream));
    this.frame(stream, front, 0, size, queue.ends && queue.trailers === undefined && size === queue.bytes);
    queue.drop(size);
    this.queuedBytes -= size;
    if (queue.bytes > 0) {
      if (stream.sendWindow > 0) this.waiting.add(stream);
      return;
    }
    stream.queue = undefined;
    if (queue.trailers !== undefined) this.headers(stream, queue.trailers, true);
    this.events.onDrained(stream, queue.ends);
  }
}
