import { Http2ClientConnection, type Http2ClientEvents } from "../http2/client-connection.ts";
import { ErrorCode } from "../http2/frames.ts";
import { encodeHeaders, type FieldToSend } from "../http2/hpack/encoder.ts";
import type { HeaderField } from "../http2/hpack/header-field.ts";
import { deframe, type MessageSink, PREFIX } from "./deframer.ts";
import { decodeMessageText } from "./message-text.ts";
import { metadataValue } from "./metadata.ts";
import { putPrefix } from "./response-frames.ts";
import { GrpcStatus } from "./status.ts";
import { GrpcStream } from "./stream.ts";

/** What the connection tells whoever made the calls. `stream` is what `call` returned. */
export interface GrpcClientEvents {
  /** `message` is a view of received bytes that nobody writes to again. */
  onMessage(stream: number, message: Uint8Array): void;
  /** The call is over: `code` and `text` as the server said, or UNAVAILABLE if it could not. Called once. */
  onStatus(stream: number, code: number, text: string): void;
  /** What `send` had queued has left. */
  onStreamWritable?(stream: number): void;
}

const LARGEST_MESSAGE = 64 << 20;

/**
 * A gRPC client's end of one HTTP/2 connection (grpc/doc/PROTOCOL-HTTP2.md), without a socket: feed `receive`, write what
 * `takeOutput` gives.
 */
export class GrpcClientConnection implements Http2ClientEvents<GrpcStream>, MessageSink {
  private readonly http2: Http2ClientConnection<GrpcStream>;
  private readonly events: GrpcClientEvents;
  private readonly authority: string;
  private readonly metadata: readonly FieldToSend[];
  /** Header blocks by path: they are the same for every call. */
  private readonly blocks = new Map<string, Uint8Array>();

  /** @param authority `host:port`. @param metadata sent with every call; lower-case names. */
  constructor(events: GrpcClientEvents, authority: string, metadata: readonly FieldToSend[] = []) {
    this.events = events;
    this.authority = authority;
    this.metadata = metadata;
    const held = { total: 0 };
    this.http2 = new Http2ClientConnection<GrpcStream>(this, () => new GrpcStream(held));
  }

  /** Nothing more will be received or sent: write what `takeOutput` gives, then close the socket. */
  get closed(): boolean {
    return this.http2.closed;
  }

  receive(chunk: Uint8Array): void {
    this.http2.receive(chunk);
  }

  /** @returns what is to be written to the socket, undefined if nothing is. */
  takeOutput(): Uint8Array | undefined {
    const bytes = this.http2.output.take();
    if (bytes !== undefined) this.http2.sender.flush();
    return bytes;
  }

  /** The socket is gone: every call ends with UNAVAILABLE. */
  disconnect(): void {
    this.http2.disconnect();
  }

  /** Opens a call. @returns its stream, or 0 if the connection takes no more calls for now, or for good. */
  call(path: string): number {
    const stream = this.http2.open(this.block(path));
    stream?.begin(undefined, 0, true);
    return stream?.id ?? 0;
  }

  /** A call with one message, the usual one. @returns as `call`. */
  unary(path: string, message: Uint8Array): number {
    const stream = this.call(path);
    if (stream !== 0) this.send(stream, message, true);
    return stream;
  }

  /** Sends a message; `last` half-closes with it. @returns octets that the call has queued. */
  send(stream: number, message: Uint8Array, last = false): number {
    const call = this.http2.streams.get(stream);
    if (call === undefined || call.localClosed) return 0;
    const framed = new Uint8Array(PREFIX + message.length);
    framed.set(message, putPrefix(framed, 0, message.length));
    call.localClosed = last;
    return this.http2.sender.data(call, framed, last);
  }

  halfClose(stream: number): void {
    const call = this.http2.streams.get(stream);
    if (call === undefined || call.localClosed) return;
    call.localClosed = true;
    this.http2.sender.end(call);
  }

  /** Gives a call up; `onStatus` will not come. */
  cancel(stream: number): void {
    const call = this.http2.streams.get(stream);
    if (call !== undefined) this.http2.cancel(call);
  }

  /** For the HTTP/2 layer. */
  onHeaders(stream: GrpcStream, fields: readonly HeaderField[], last: boolean): void {
    if (!last) return;
    const code = metadataValue(fields, "grpc-status");
    const http = metadataValue(fields, ":status");
    if (code === undefined || !/^\d{1,3}$/.test(code)) {
      const text = `the server ended the call without a gRPC status (HTTP status ${http ?? "200"})`;
      return this.events.onStatus(stream.id, GrpcStatus.UNKNOWN, text);
    }
    this.events.onStatus(stream.id, Number(code), decodeMessageText(metadataValue(fields, "grpc-message") ?? ""));
  }

  /** For the HTTP/2 layer. */
  onData(stream: GrpcStream, bytes: Uint8Array, start: number, end: number, last: boolean): void {
    const { id } = stream;
    deframe(stream, bytes, start, end, last, LARGEST_MESSAGE, this);
    if (last && stream.id === id)
      this.events.onStatus(id, GrpcStatus.INTERNAL, "the server ended the call without trailers");
  }

  /** For the HTTP/2 layer. */
  onReset(stream: GrpcStream, code: number): void {
    const status = code === ErrorCode.CANCEL ? GrpcStatus.CANCELLED : GrpcStatus.UNAVAILABLE;
    this.events.onStatus(stream.id, status, `the call was reset (HTTP/2 error code ${code})`);
  }

  /** For the HTTP/2 layer. */
  onWritable(stream: GrpcStream): void {
    this.events.onStreamWritable?.(stream.id);
  }

  /** For the deframer. */
  onMessage(stream: GrpcStream, message: Uint8Array): void {
    this.events.onMessage(stream.id, message);
  }

  /** For the deframer. */
  onUnacceptable(stream: GrpcStream, compressed: boolean, length: number): void {
    const text = compressed ? "a compressed message was received" : `a message of ${length} bytes was received`;
    this.events.onStatus(stream.id, GrpcStatus.INTERNAL, text);
    if (stream.id !== 0) this.http2.cancel(stream);
  }

  /** For the deframer: the limit on a message is limit enough for a client. */
  onHeld(): void {}

  private block(path: string): Uint8Array {
    let block = this.blocks.get(path);
    if (block === undefined) {
      block = encodeHeaders([
        [":method", "POST"],
        [":scheme", "http"],
        [":path", path],
        [":authority", this.authority],
        ["content-type", "application/grpc"],
        ["te", "trailers"],
        ...this.metadata,
      ]);
      this.blocks.set(path, block);
    }
    return block;
  }
}
