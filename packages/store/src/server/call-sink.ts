import type { ProtobufWriter } from "@synod/wire/protobuf";

/** Names in lower case, values in ASCII. */
export type Metadata = readonly (readonly [name: string, value: string])[];

/**
 * Where a call's answers go. `GrpcServerConnection` is one; `LocalCalls` is the other, for calls that came as JSON. Calls
 * are named by the number of their stream; those that have ended may be named in any method: nothing happens.
 */
export interface CallSink {
  /** Octets of answers that wait for the client to read. */
  readonly queuedBytes: number;
  /** Encodes a message: write it with the writer, nothing else on this sink, then call `endResponse` or `endMessage`. */
  begin(stream: number): ProtobufWriter;
  /** Sends the message just encoded as the answer of a unary call. */
  endResponse(): void;
  /** Sends the message just encoded as one of a stream. @returns octets that the call has queued: wait for `onWritable`. */
  endMessage(): number;
  /** Sends metadata (lower-case names) ahead of the call's first message; afterwards nothing happens. */
  sendHeaders(stream: number, fields: Metadata): void;
  /** Sends one message of a stream. @returns as `endMessage`. */
  send(stream: number, message: Uint8Array): number;
  /** Begins a message of `length` octets that follows in parts: nothing else may be sent on the call until it is whole. */
  beginLong(stream: number, length: number): void;
  /** Sends the next part of it, which holds whole fields, and is the sink's from now on. @returns as `endMessage`. */
  sendPart(stream: number, part: Uint8Array): number;
  /** Answers a unary call with success. */
  respond(stream: number, message: Uint8Array): void;
  /** Ends a call with a gRPC status. @param text "" for none. */
  finish(stream: number, code: number, text: string): void;
  /** @returns the value of a request header (lower-case name), several joined by commas; undefined if there is none. */
  metadata(stream: number, name: string): string | undefined;
  /** @returns how long the client will wait from the arrival of the call, microseconds; undefined: for ever. */
  timeout(stream: number): number | undefined;
}
