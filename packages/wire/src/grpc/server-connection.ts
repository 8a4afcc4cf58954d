import { ErrorCode } from "../http2/frames.ts";
import type { FieldToSend } from "../http2/hpack/encoder.ts";
import type { OutputBuffer } from "../http2/output.ts";
import { type RequestHead, UNROUTED } from "../http2/request-head.ts";
import { Http2ServerConnection, type Http2ServerEvents } from "../http2/server-connection.ts";
import { ProtobufWriter } from "../protobuf-writer.ts";
import type { GrpcCallCounts } from "./call-counts.ts";
import { deframe, type MessageSink, PREFIX } from "./deframer.ts";
import { DEFAULT_GRPC_LIMITS, type GrpcHandler, type GrpcLimits } from "./handler.ts";
import { binaryMetadata, metadataValue, parseTimeout } from "./metadata.ts";
import type { GrpcMethods } from "./methods.ts";
import * as response from "./response-frames.ts";
import { GrpcStatus } from "./status.ts";
import { GrpcStream, type HeldBytes, NO_METHOD } from "./stream.ts";

export { DEFAULT_GRPC_LIMITS, type GrpcHandler, type GrpcLimits };

/** Room to begin with for a message that is encoded in place. */
const USUAL_MESSAGE = 512;

/**
 * A gRPC server's end of one HTTP/2 connection (grpc/doc/PROTOCOL-HTTP2.md), without a socket. Feed `receive`, then write
 * what `takeOutput` gives, once a turn; when `closed`, write the rest and close the socket. When the socket dies, call
 * `disconnect`. Calls that have ended may be named in any method: nothing happens.
 */
export class GrpcServerConnection implements Http2ServerEvents<GrpcStream>, MessageSink {
  /** Set before the first `receive`; shared by the connections of a server. */
  counts: GrpcCallCounts | undefined = undefined;
  private readonly http2: Http2ServerConnection<GrpcStream>;
  private readonly output: OutputBuffer;
  private readonly methods: GrpcMethods;
  private readonly handler: GrpcHandler;
  private readonly limits: GrpcLimits;
  private readonly held: HeldBytes = { total: 0 };

  // The message being encoded in place, between `begin` and `end`.
  private readonly writer = new ProtobufWriter(0);
  private building: GrpcStream | undefined = undefined;
  private mark = 0;

  constructor(methods: GrpcMethods, handler: GrpcHandler, limits: GrpcLimits = DEFAULT_GRPC_LIMITS) {
    this.methods = methods;
    this.handler = handler;
    this.limits = limits;
    this.http2 = new Http2ServerConnection<GrpcStream>(this, () => new GrpcStream(this.held), limits.http2);
    this.output = this.http2.output;
  }

  /** Nothing more will be received or sent: write what `takeOutput` gives, then close the socket. */
  get closed(): boolean {
    return this.http2.closed;
  }

  /** Calls in progress. */
  get streams(): number {
    return this.http2.streams.size;
  }

  /** Octets of responses that wait for the client's windows or for the socket. */
  get queuedBytes(): number {
    return this.http2.sender.queuedBytes;
  }

  /**
   * @param chunk what the socket brought; messages are views of it, so it must not be written to afterwards.
   * @param now microseconds on the driver's monotonic clock.
   */
  receive(chunk: Uint8Array, now: number): void {
    this.http2.receive(chunk, now);
  }

  /** @returns what is to be written to the socket, undefined if nothing is; at most about a mebibyte, so ask again. */
  takeOutput(): Uint8Array | undefined {
    const bytes = this.output.take();
    if (bytes !== undefined) this.http2.sender.flush();
    return bytes;
  }

  /** The socket does not take more for now (true), or does again (false): messages are queued, and counted, meanwhile. */
  setCongested(congested: boolean): void {
    this.http2.setCongested(congested);
  }

  /** Lets the calls in progress end and refuses new ones; `closed` follows, unless the client is dead: set it a time. */
  shutdown(): void {
    this.http2.shutdown();
  }

  /** The socket is gone: cancels every call. */
  disconnect(): void {
    this.http2.disconnect();
  }

  /** Sends the response's headers with more fields than the usual ones: before the call's first message. */
  sendHeaders(stream: number, fields: readonly FieldToSend[]): void {
    const call = this.http2.streams.get(stream);
    if (call === undefined || call.localClosed || call.headersSent) return;
    this.http2.sender.headers(call, response.encodeResponseHeaders(fields), false);
    call.headersSent = true;
  }

  /** Answers a unary call with success. */
  respond(stream: number, message: Uint8Array): void {
    const call = this.http2.streams.get(stream);
    if (call === undefined || call.localClosed) return;
    this.writeMessage(call, message);
    if (call.id === stream) this.end(call);
  }

  /** Sends one message of a stream. @returns octets that the call has queued: wait for `onStreamWritable` above your limit. */
  send(stream: number, message: Uint8Array): number {
    const call = this.http2.streams.get(stream);
    if (call === undefined || call.localClosed) return 0;
    this.writeMessage(call, message);
    return call.queue?.bytes ?? 0;
  }

  /**
   * Encodes a message where it will be sent from: write it with the writer, nothing else on this connection, then call
   * `endResponse` or `endMessage`. Or call neither, and nothing has happened.
   */
  begin(stream: number): ProtobufWriter {
    const call = this.http2.streams.get(stream);
    this.building = call === undefined || call.localClosed ? undefined : call;
    const { output } = this;
    output.reserve(response.HEADERS_SIZE + response.MESSAGE_OFFSET + USUAL_MESSAGE);
    const offset = response.MESSAGE_OFFSET + (this.building?.headersSent === false ? response.HEADERS_SIZE : 0);
    this.mark = output.position;
    this.writer.reset(output.bytes, output.position + offset);
    return this.writer;
  }

  /** Sends the message just encoded as the answer of a unary call. */
  endResponse(): void {
    const call = this.building;
    if (call === undefined) return;
    const { id } = call;
    this.endMessage();
    if (call.id === id) this.end(call);
  }

  /** Sends the message just encoded as one of a stream. @returns as `send`. */
  endMessage(): number {
    const call = this.building;
    this.building = undefined;
    if (call === undefined) return 0;
    const { output, writer } = this;
    if (output.position !== this.mark) throw new Error("the connection was written to between begin and end");
    output.bytes = writer.buffer; // a larger copy if the message outgrew the room
    const start = this.mark + response.MESSAGE_OFFSET + (call.headersSent ? 0 : response.HEADERS_SIZE);
    const length = writer.position - start;
    if (!this.http2.sender.admits(call, PREFIX + length)) return this.queueMessage(call, writer.view(start));
    this.putFrames(call, length);
    output.position = writer.position;
    return 0;
  }

  /** Begins a message of `length` octets that follows in parts: nothing else may be sent on the call until it is whole. */
  beginLong(stream: number, length: number): void {
    const call = this.http2.streams.get(stream);
    if (call === undefined || call.localClosed) return;
    const { sender } = this.http2;
    if (!call.headersSent) sender.headers(call, response.RESPONSE_HEADERS, false);
    call.headersSent = true;
    const prefix = new Uint8Array(PREFIX);
    response.putPrefix(prefix, 0, length);
    sender.data(call, prefix);
  }

  /** Sends the next part of a long message: `part` is the connection's from now on. @returns as `send`. */
  sendPart(stream: number, part: Uint8Array): number {
    const call = this.http2.streams.get(stream);
    return call === undefined || call.localClosed ? 0 : this.http2.sender.data(call, part);
  }

  /**
   * Ends a call with a status.
   * @param code a gRPC status code; see `GrpcStatus`.
   * @param text grpc-message: any Unicode text; "" for none.
   */
  finish(stream: number, code: number, text: string): void {
    const call = this.http2.streams.get(stream);
    if (call === undefined || call.localClosed) return;
    if (code === GrpcStatus.OK && text === "" && call.headersSent) return this.end(call);
    this.count(call, code);
    this.endWith(call, response.encodeStatus(code, text, call.headersSent ? undefined : 200));
  }

  /** @returns the value of a request header (lower-case name), several joined by commas; undefined if there is none. */
  metadata(stream: number, name: string): string | undefined {
    const head = this.http2.streams.get(stream)?.head;
    return head === undefined ? undefined : metadataValue(head.fields, name);
  }

  /** @returns the decoded values of a request header whose name ends in `-bin`. */
  binaryMetadata(stream: number, name: string): Uint8Array[] {
    const head = this.http2.streams.get(stream)?.head;
    return head === undefined ? [] : binaryMetadata(head.fields, name);
  }

  /** @returns how long the client will wait from the arrival of the call, microseconds; undefined: for ever. */
  timeout(stream: number): number | undefined {
    const value = this.metadata(stream, "grpc-timeout");
    return value === undefined ? undefined : parseTimeout(value);
  }

  /** For the HTTP/2 layer. */
  onRequest(stream: GrpcStream, head: RequestHead, last: boolean): void {
    if (head.route === UNROUTED) head.route = this.methods.route(head);
    stream.begin(head, NO_METHOD, false);
    if (head.route < 0) {
      const { http, code, text } = this.methods.refusal(head)!;
      return this.endWith(stream, response.encodeStatus(code, text, http));
    }
    stream.method = head.route;
    this.counts?.start(head.route);
    if (this.counts?.times !== undefined) stream.startedAt = this.counts.times.now();
    stream.clientStreaming = this.methods.isClientStreaming(head.route);
    if (last) this.halfClose(stream);
  }

  /** For the HTTP/2 layer. */
  onData(stream: GrpcStream, bytes: Uint8Array, start: number, end: number, last: boolean): void {
    const { id } = stream;
    const told = deframe(stream, bytes, start, end, last, this.limits.message, this);
    if (!last || told || stream.id !== id || stream.localClosed) return;
    if (stream.prefixHeld > 0) this.finish(id, GrpcStatus.INTERNAL, "unexpected EOF");
    else this.halfClose(stream);
  }

  /** For the HTTP/2 layer. */
  onReset(stream: GrpcStream): void {
    if (stream.method === NO_METHOD) return;
    this.count(stream, GrpcStatus.CANCELLED);
    this.handler.onCancel(this, stream.id, stream.method);
  }

  /** For the HTTP/2 layer. */
  onWritable(stream: GrpcStream): void {
    this.handler.onStreamWritable?.(this, stream.id, stream.method);
  }

  /** For the deframer. */
  onMessage(stream: GrpcStream, message: Uint8Array, last: boolean): void {
    if (stream.clientStreaming || (last && stream.single === undefined)) {
      return this.handler.onMessage(this, stream.id, stream.method, message, last);
    }
    if (stream.single !== undefined) {
      return this.finish(stream.id, GrpcStatus.INTERNAL, "received more than one message for a unary request");
    }
    stream.single = message;
    stream.hold(message.length);
    this.onHeld(stream);
  }

  /** For the deframer. */
  onUnacceptable(stream: GrpcStream, compressed: boolean, length: number): void {
    const encoding = this.metadata(stream.id, "grpc-encoding") ?? "identity";
    if (!compressed) {
      const text = `grpc: received message larger than max (${length} vs. ${this.limits.message})`;
      this.finish(stream.id, GrpcStatus.RESOURCE_EXHAUSTED, text);
    } else if (encoding === "identity") {
      this.finish(stream.id, GrpcStatus.INTERNAL, "grpc: compressed flag set with identity or empty encoding");
    } else {
      const text = `grpc: Decompressor is not installed for grpc-encoding "${encoding}"`;
      this.finish(stream.id, GrpcStatus.UNIMPLEMENTED, text);
    }
  }

  /** For the deframer. */
  onHeld(stream: GrpcStream): void {
    if (this.held.total <= this.limits.held) return;
    this.finish(stream.id, GrpcStatus.RESOURCE_EXHAUSTED, "too many unfinished requests on this connection");
  }

  private halfClose(stream: GrpcStream): void {
    if (stream.clientStreaming) return this.handler.onHalfClose(this, stream.id, stream.method);
    const { single } = stream;
    if (single === undefined)
      return this.finish(stream.id, GrpcStatus.INTERNAL, "received no message for a unary request");
    stream.single = undefined;
    stream.hold(0);
    this.handler.onMessage(this, stream.id, stream.method, single, true);
  }

  private writeMessage(call: GrpcStream, message: Uint8Array): void {
    if (!this.http2.sender.admits(call, PREFIX + message.length)) {
      this.queueMessage(call, message);
      return;
    }
    const { output } = this;
    output.reserve(response.HEADERS_SIZE + response.MESSAGE_OFFSET + message.length);
    this.mark = output.position;
    const position = this.putFrames(call, message.length);
    output.bytes.set(message, position);
    output.position = position + message.length;
  }

  /** Writes what stands before a message from `mark`. @returns where the message goes. */
  private putFrames(call: GrpcStream, length: number): number {
    const { bytes } = this.output;
    const start = call.headersSent ? this.mark : response.putResponseHeaders(bytes, this.mark, call.id);
    call.headersSent = true;
    call.sendWindow -= PREFIX + length;
    this.http2.sender.window -= PREFIX + length;
    return response.putMessageHeader(bytes, start, length, call.id);
  }

  /** The way of messages that do not fit one frame or the windows. @returns octets that the call has queued. */
  private queueMessage(call: GrpcStream, message: Uint8Array): number {
    const { sender } = this.http2;
    if (sender.queuedBytes > this.limits.queued) {
      // The client lets responses pile up; its calls must not take the memory of all others.
      this.http2.reset(call, ErrorCode.ENHANCE_YOUR_CALM);
      return 0;
    }
    const framed = new Uint8Array(PREFIX + message.length);
    framed.set(message, response.putPrefix(framed, 0, message.length));
    if (!call.headersSent) sender.headers(call, response.RESPONSE_HEADERS, false);
    call.headersSent = true;
    return sender.data(call, framed);
  }

  /** Ends a call with success, behind its messages. */
  private end(call: GrpcStream): void {
    this.count(call, GrpcStatus.OK);
    if (call.queue !== undefined) return this.endWith(call, response.OK_TRAILERS);
    this.output.reserve(response.TRAILERS_SIZE);
    response.appendOkTrailers(this.output, call.id);
    call.localClosed = true;
    this.http2.finish(call);
  }

  private count(call: GrpcStream, code: number): void {
    if (call.method === NO_METHOD || this.counts === undefined) return;
    this.counts.finish(call.method, code);
    const { times } = this.counts;
    if (times !== undefined) times.ended(call.method, times.now() - call.startedAt);
  }

  private endWith(call: GrpcStream, block: Uint8Array): void {
    call.localClosed = true;
    call.method = NO_METHOD;
    if (this.http2.sender.trailers(call, block)) this.http2.finish(call);
  }
}
