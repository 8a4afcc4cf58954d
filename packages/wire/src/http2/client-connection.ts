import { FrameReader, type FrameSink } from "./frame-reader.ts";
import * as frames from "./frames.ts";
import { ErrorCode, Setting } from "./frames.ts";
import { HeaderBlock } from "./header-block.ts";
import { HpackDecoder } from "./hpack/decoder.ts";
import type { HeaderField } from "./hpack/header-field.ts";
import { OutputBuffer } from "./output.ts";
import { readSettings } from "./peer-settings.ts";
import { Sender, type SenderEvents } from "./sender.ts";
import { type Stream, StreamTable } from "./stream.ts";

/** What the connection tells the layer above. */
export interface Http2ClientEvents<S extends Stream> {
  /** Interim headers, headers or trailers of the response, as they come. `last`: the response is complete. */
  onHeaders(stream: S, fields: readonly HeaderField[], last: boolean): void;
  /** Content in `bytes[start, end)`, which nobody writes to again. */
  onData(stream: S, bytes: Uint8Array, start: number, end: number, last: boolean): void;
  /** The stream ended before its time, with this error code. */
  onReset(stream: S, code: number): void;
  /** What was queued on the stream has left. */
  onWritable(stream: S): void;
}

const STREAM_WINDOW = 1 << 20;
const CONNECTION_WINDOW = 16 << 20;
const HEADER_LIST = 65_536;
const LAST_ID = 0x7fff_ffff;

/**
 * The client's side of an HTTP/2 connection with prior knowledge (RFC 9113), without a socket. It trusts its server more
 * than a server its clients: any fault of the server ends the connection, and floods are not counted.
 */
export class Http2ClientConnection<S extends Stream> implements FrameSink, SenderEvents<S> {
  readonly output: OutputBuffer = new OutputBuffer();
  readonly streams: StreamTable<S>;
  readonly sender: Sender<S>;
  /** Nothing more will be received or sent: write what `output` holds, then close the socket. */
  closed = false;
  /** The server takes no more streams on this connection. */
  refusing = false;
  private readonly events: Http2ClientEvents<S>;
  private readonly reader = new FrameReader();
  private readonly decoder = new HpackDecoder({ tableSize: 4096, listSize: HEADER_LIST, fields: 1000 });
  private readonly block = new HeaderBlock();
  private nextId = 1;
  private mostStreams = Number.POSITIVE_INFINITY;
  private receiveWindow = CONNECTION_WINDOW;

  constructor(events: Http2ClientEvents<S>, create: () => S) {
    this.events = events;
    this.streams = new StreamTable(create);
    this.sender = new Sender<S>(this.output, this);
    this.output.append(frames.PREFACE);
    this.output.settings([
      [Setting.ENABLE_PUSH, 0],
      [Setting.INITIAL_WINDOW_SIZE, STREAM_WINDOW],
    ]);
    this.output.windowUpdate(0, CONNECTION_WINDOW - frames.DEFAULT_WINDOW);
  }

  /** @param chunk must not be written to afterwards: content is handed on as it lies there. */
  receive(chunk: Uint8Array): void {
    if (!this.closed) this.reader.read(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length), 0, this);
    if (this.refusing && this.streams.size === 0) this.closed = true;
  }

  /** Sends a request's header block. @returns undefined if the connection takes no more streams for now, or for good. */
  open(block: Uint8Array): S | undefined {
    if (this.closed || this.refusing || this.streams.size >= this.mostStreams || this.nextId > LAST_ID)
      return undefined;
    const id = this.nextId;
    this.nextId += 2;
    const stream = this.streams.add(id);
    stream.open(id, STREAM_WINDOW, this.sender.initialWindow);
    this.sender.headers(stream, block, false);
    return stream;
  }

  /** Gives a stream up. The layer above is not told. */
  cancel(stream: S): void {
    this.output.rstStream(stream.id, ErrorCode.CANCEL);
    this.remove(stream, true);
  }

  /** The socket is gone: ends every stream. */
  disconnect(): void {
    this.closed = true;
    for (const stream of this.streams.values()) this.drop(stream, ErrorCode.CONNECT_ERROR);
  }

  onFrame(type: number, flags: number, id: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.block.stream !== 0 && (type !== frames.CONTINUATION || id !== this.block.stream)) {
      return this.fail(ErrorCode.PROTOCOL_ERROR);
    }
    switch (type) {
      case frames.DATA:
        return this.onData(flags, id, bytes, start, end);
      case frames.HEADERS:
      case frames.CONTINUATION:
        return this.onHeaders(type, flags, id, bytes, start, end);
      case frames.SETTINGS:
        return this.onSettings(flags, bytes, start, end);
      case frames.PING:
        if ((flags & frames.ACK) === 0) this.output.ping(frames.ACK, bytes.subarray(start, end));
        return;
      case frames.WINDOW_UPDATE:
        return this.onWindowUpdate(id, bytes, start, end);
      case frames.RST_STREAM:
      case frames.GOAWAY:
        return this.onEnd(type, id, bytes, start, end);
      case frames.PUSH_PROMISE:
        return this.fail(ErrorCode.PROTOCOL_ERROR);
      default: // PRIORITY and unknown types are ignored
    }
  }

  onFrameTooLarge(): void {
    this.fail(ErrorCode.FRAME_SIZE_ERROR);
  }

  onDrained(stream: S, ended: boolean): void {
    if (!ended) this.events.onWritable(stream);
  }

  private onHeaders(type: number, flags: number, id: number, bytes: Uint8Array, start: number, end: number): void {
    const { block } = this;
    const whole = (flags & frames.END_HEADERS) !== 0;
    let from = start;
    let to = end;
    if (type === frames.HEADERS) {
      if ((flags & frames.PADDED) !== 0 && from < to) to -= bytes[from++]!;
      if ((flags & frames.HAS_PRIORITY) !== 0) from += 5;
      if (from > to) return this.fail(ErrorCode.PROTOCOL_ERROR);
      const last = (flags & frames.END_STREAM) !== 0;
      if (whole) return this.onHeaderBlock(id, last, bytes, from, to);
      block.begin(id, last);
    } else if (block.stream === 0) return this.fail(ErrorCode.PROTOCOL_ERROR);
    if (!block.add(bytes, from, to)) return this.fail(ErrorCode.ENHANCE_YOUR_CALM);
    if (!whole) return;
    block.finish();
    this.onHeaderBlock(id, block.endStream, block.bytes, 0, block.length);
  }

  private onHeaderBlock(id: number, last: boolean, bytes: Uint8Array, start: number, end: number): void {
    const list = this.decoder.decode(bytes, start, end);
    if (list === undefined || list.tooLarge) return this.fail(ErrorCode.COMPRESSION_ERROR);
    const stream = this.streams.get(id);
    if (stream === undefined) return; // cancelled, and the answer was under way
    this.events.onHeaders(stream, list.fields, last);
    if (last && stream.id === id) this.finish(stream);
  }

  private onData(flags: number, id: number, bytes: Uint8Array, start: number, end: number): void {
    const last = (flags & frames.END_STREAM) !== 0;
    this.receiveWindow -= end - start;
    if (this.receiveWindow < CONNECTION_WINDOW / 2) {
      this.output.windowUpdate(0, CONNECTION_WINDOW - this.receiveWindow);
      this.receiveWindow = CONNECTION_WINDOW;
    }
    const stream = this.streams.get(id);
    if (stream === undefined) return;
    let from = start;
    let to = end;
    if ((flags & frames.PADDED) !== 0 && from < to) to -= bytes[from++]!;
    if (from > to) return this.fail(ErrorCode.PROTOCOL_ERROR);
    stream.receiveWindow -= end - start;
    if (stream.receiveWindow < STREAM_WINDOW / 2 && !last) {
      this.output.windowUpdate(id, STREAM_WINDOW - stream.receiveWindow);
      stream.receiveWindow = STREAM_WINDOW;
    }
    this.events.onData(stream, bytes, from, to, last);
    if (last && stream.id === id) this.finish(stream);
  }

  private onSettings(flags: number, bytes: Uint8Array, start: number, end: number): void {
    if ((flags & frames.ACK) !== 0) return;
    const settings = readSettings(bytes, start, end);
    if (typeof settings === "number") return this.fail(settings);
    this.mostStreams = settings.maxConcurrentStreams ?? this.mostStreams;
    this.output.settingsAck();
    if (!this.sender.apply(settings, this.streams)) this.fail(ErrorCode.FLOW_CONTROL_ERROR);
  }

  private onWindowUpdate(id: number, bytes: Uint8Array, start: number, end: number): void {
    if (end - start !== 4) return this.fail(ErrorCode.FRAME_SIZE_ERROR);
    const stream = id === 0 ? undefined : this.streams.get(id);
    if (id !== 0 && stream === undefined) return;
    if (!this.sender.widen(stream, frames.uint31(bytes, start))) this.fail(ErrorCode.FLOW_CONTROL_ERROR);
  }

  /** RST_STREAM ends a stream; GOAWAY those that the server will not look at (§6.8). */
  private onEnd(type: number, id: number, bytes: Uint8Array, start: number, end: number): void {
    if (end - start < (type === frames.GOAWAY ? 8 : 4)) return this.fail(ErrorCode.FRAME_SIZE_ERROR);
    if (type === frames.RST_STREAM) {
      const stream = this.streams.get(id);
      if (stream !== undefined) this.drop(stream, frames.uint32(bytes, start));
      return;
    }
    this.refusing = true;
    const last = frames.uint31(bytes, start);
    for (const stream of this.streams.values()) if (stream.id > last) this.drop(stream, ErrorCode.REFUSED_STREAM);
  }

  /** The response is complete; a request that is not must not go on (§8.1). */
  private finish(stream: S): void {
    if (!stream.localClosed || stream.queue !== undefined) return this.cancel(stream);
    this.remove(stream, false);
  }

  private drop(stream: S, code: number): void {
    stream.localClosed = true;
    this.events.onReset(stream, code);
    this.remove(stream, true);
  }

  private remove(stream: S, reset: boolean): void {
    this.sender.forget(stream);
    this.streams.remove(stream, reset);
  }

  private fail(code: number): void {
    this.output.goaway(0, code, "");
    this.disconnect();
  }
}
