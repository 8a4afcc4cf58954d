import { Budget } from "./budget.ts";
import type { FrameSink } from "./frame-reader.ts";
import { FrameReader } from "./frame-reader.ts";
import * as frames from "./frames.ts";
import { ErrorCode, MAX_WINDOW, Setting } from "./frames.ts";
import { HeaderBlock } from "./header-block.ts";
import { HpackDecoder } from "./hpack/decoder.ts";
import { OutputBuffer } from "./output.ts";
import { type RequestHead, RequestHeads } from "./request-head.ts";
import { Sender, type SenderEvents } from "./sender.ts";
import { DRAIN_PING, onControlFrame } from "./server-control.ts";
import { onData, onHeaderBlock, onHeaders } from "./server-requests.ts";
import { type Stream, StreamTable } from "./stream.ts";

export interface Http2Limits {
  /** SETTINGS_MAX_CONCURRENT_STREAMS. */
  concurrentStreams: number;
  /** Flow-control windows for what we receive, octets; the connection's at least 65,535. */
  streamWindow: number;
  connectionWindow: number;
  /** SETTINGS_MAX_HEADER_LIST_SIZE, octets. */
  headerList: number;
}

export const DEFAULT_HTTP2_LIMITS: Http2Limits = {
  concurrentStreams: 4096,
  streamWindow: 1 << 20,
  connectionWindow: 4 << 20,
  headerList: 16_384,
};

const HEADER_TABLE = 4096;
const MOST_FIELDS = 128;

/** What the connection tells the layer above. A handler may end any stream before it returns. */
export interface Http2ServerEvents<S extends Stream> {
  onRequest(stream: S, head: RequestHead, last: boolean): void;
  /** Content in `bytes[start, end)`, which nobody writes to again. `last`: there is no more; it may be empty then. */
  onData(stream: S, bytes: Uint8Array, start: number, end: number, last: boolean): void;
  /** The stream ended before its time: by the peer, by a protocol error, or with the connection. Called once. */
  onReset(stream: S): void;
  /** What was queued on the stream has left, END_STREAM not with it. */
  onWritable(stream: S): void;
}

/**
 * The server's side of an HTTP/2 connection with prior knowledge (RFC 9113), without a socket: received bytes go into
 * `receive`, bytes to send come out of `output`. It never throws on what a peer sends: a fault of one stream resets that
 * stream, a fault of the connection leaves a GOAWAY in `output` and sets `closed`.
 */
export class Http2ServerConnection<S extends Stream> implements FrameSink, SenderEvents<S> {
  readonly output: OutputBuffer = new OutputBuffer();
  readonly streams: StreamTable<S>;
  readonly sender: Sender<S>;
  readonly limits: Http2Limits;
  readonly events: Http2ServerEvents<S>;
  /** Nothing more will be received or sent: write what `output` holds, then close the socket. */
  closed = false;
  /** The instant of the latest `receive`, microseconds. */
  now = 0;

  // For the rules in server-requests.ts and server-control.ts.
  readonly heads: RequestHeads;
  readonly decoder: HpackDecoder;
  readonly block: HeaderBlock = new HeaderBlock();
  /** What a peer may make us answer or undo without a finished request in between. */
  readonly control: Budget = new Budget(1000, 100);
  readonly resets: Budget;
  receiveWindow: number;
  /** Highest stream that the peer opened. */
  lastStream = 0;
  settingsSeen = false;
  /** Streams above this are refused silently, as our GOAWAY said. */
  lastAccepted: number = MAX_WINDOW;
  draining = false;
  peerLeaves = false;

  private readonly reader = new FrameReader();
  private prefaceRead = 0;

  constructor(events: Http2ServerEvents<S>, create: () => S, limits: Http2Limits = DEFAULT_HTTP2_LIMITS) {
    this.events = events;
    this.limits = limits;
    this.streams = new StreamTable(create);
    this.sender = new Sender<S>(this.output, this);
    this.decoder = new HpackDecoder({ tableSize: HEADER_TABLE, listSize: limits.headerList, fields: MOST_FIELDS });
    this.heads = new RequestHeads(this.decoder);
    this.resets = new Budget(limits.concurrentStreams + 1000, 200);
    this.receiveWindow = limits.connectionWindow;
    this.output.settings([
      [Setting.MAX_CONCURRENT_STREAMS, limits.concurrentStreams],
      [Setting.INITIAL_WINDOW_SIZE, limits.streamWindow],
      [Setting.MAX_HEADER_LIST_SIZE, limits.headerList],
    ]);
    const more = limits.connectionWindow - frames.DEFAULT_WINDOW;
    if (more > 0) this.output.windowUpdate(0, more);
  }

  /**
   * @param chunk whatever the socket brought; it must not be written to afterwards, because messages are views of it.
   * @param now microseconds on the driver's monotonic clock.
   */
  receive(chunk: Uint8Array, now: number): void {
    if (this.closed) return;
    this.now = now;
    // One shape of array for the loops below, whatever the socket's chunks are.
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
    let offset = 0;
    while (this.prefaceRead < frames.PREFACE.length && offset < bytes.length) {
      if (bytes[offset++] !== frames.PREFACE[this.prefaceRead++]) return this.fail(ErrorCode.PROTOCOL_ERROR, "preface");
    }
    if (offset < bytes.length) this.reader.read(bytes, offset, this);
    this.closeIfDone();
  }

  /** Ends the connection gracefully: open streams run to their end, new ones are refused (§6.8). */
  shutdown(): void {
    if (this.closed || this.draining) return;
    this.draining = true;
    // The peer may have opened streams that we have not seen yet; its answer to the PING says that it knows.
    this.output.goaway(MAX_WINDOW, ErrorCode.NO_ERROR, "shutting down");
    this.output.ping(0, DRAIN_PING);
    this.closeIfDone();
  }

  /** The socket is gone: tells the layer above, sends nothing. */
  disconnect(): void {
    if (this.closed) return;
    this.closed = true;
    this.resetAll();
  }

  /** The socket does not keep up (true) or does again (false). Meanwhile DATA is queued. */
  setCongested(congested: boolean): void {
    this.sender.congested = congested;
    if (!congested) this.sender.flush();
  }

  /** END_STREAM of ours has been written: the stream is over. */
  finish(stream: S): void {
    const unread = !stream.remoteClosed;
    // §8.1: we answered before the request was complete, so ask the peer to stop sending it.
    if (unread) this.output.rstStream(stream.id, ErrorCode.NO_ERROR);
    this.sender.forget(stream);
    this.streams.remove(stream, unread);
    this.control.earn();
    this.resets.earn();
    if (this.draining || this.peerLeaves) this.closeIfDone();
  }

  /** A stream error (§5.4.2). The layer above is told. Provoking them is as cheap as RST_STREAM, and costs the same. */
  reset(stream: S, code: number): void {
    if (!this.spend(this.resets, "too many faulty streams")) return;
    this.output.rstStream(stream.id, code);
    this.drop(stream, true);
  }

  /** A connection error (§5.4.1). */
  fail(code: number, text: string): void {
    if (this.closed) return;
    this.closed = true;
    this.output.goaway(this.lastStream, code, text);
    this.resetAll();
  }

  drop(stream: S, resetByUs: boolean): void {
    this.sender.forget(stream);
    stream.localClosed = true; // what the layer above may still say of it is dropped
    this.events.onReset(stream);
    this.streams.remove(stream, resetByUs);
  }

  /** Spends one of a budget; a peer that overdraws it loses the connection. @returns whether to go on. */
  spend(budget: Budget, what: string): boolean {
    if (budget.spend(this.now)) return true;
    this.fail(ErrorCode.ENHANCE_YOUR_CALM, what);
    return false;
  }

  closeIfDone(): void {
    if (this.closed || this.streams.size > 0) return;
    if (this.peerLeaves || (this.draining && this.lastAccepted !== MAX_WINDOW)) this.closed = true;
  }

  onFrame(type: number, flags: number, id: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.block.stream !== 0 && (type !== frames.CONTINUATION || id !== this.block.stream)) {
      return this.fail(ErrorCode.PROTOCOL_ERROR, "header block interrupted");
    }
    switch (type) {
      case frames.DATA:
        return onData(this, flags, id, bytes, start, end);
      case frames.HEADERS:
        return onHeaders(this, flags, id, bytes, start, end);
      case frames.CONTINUATION:
        return this.onContinuation(flags, bytes, start, end);
      default:
        return onControlFrame(this, type, flags, id, bytes, start, end);
    }
  }

  onFrameTooLarge(): void {
    this.fail(ErrorCode.FRAME_SIZE_ERROR, "frame above SETTINGS_MAX_FRAME_SIZE");
  }

  onDrained(stream: S, ended: boolean): void {
    if (ended) this.finish(stream);
    else this.events.onWritable(stream);
  }

  private onContinuation(flags: number, bytes: Uint8Array, start: number, end: number): void {
    const { block } = this;
    if (block.stream === 0) return this.fail(ErrorCode.PROTOCOL_ERROR, "CONTINUATION without HEADERS");
    if (!block.add(bytes, start, end)) return this.fail(ErrorCode.ENHANCE_YOUR_CALM, "header block too long");
    if ((flags & frames.END_HEADERS) === 0) return;
    const id = block.stream;
    block.finish();
    onHeaderBlock(this, id, block.endStream, block.bytes, 0, block.length);
  }

  private resetAll(): void {
    for (const stream of this.streams.values()) this.drop(stream, true);
  }
}
