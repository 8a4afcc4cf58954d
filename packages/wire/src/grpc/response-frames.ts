import { DATA, END_HEADERS, END_STREAM, FRAME_HEADER, HEADERS, putFrameHeader, putUint32 } from "../http2/frames.ts";
import { encodeHeaders, type FieldToSend } from "../http2/hpack/encoder.ts";
import type { OutputBuffer } from "../http2/output.ts";
import { PREFIX } from "./deframer.ts";
import { encodeMessageText } from "./message-text.ts";

/** Response-Headers of every call that gets as far as a message. */
export const RESPONSE_HEADERS: Uint8Array = encodeHeaders([
  [":status", "200"],
  ["content-type", "application/grpc"],
]);

/** The same with more fields: lower-case names. */
export function encodeResponseHeaders(fields: readonly FieldToSend[]): Uint8Array {
  return encodeHeaders([[":status", "200"], ["content-type", "application/grpc"], ...fields]);
}

/** Trailers of a call that succeeded. */
export const OK_TRAILERS: Uint8Array = encodeHeaders([["grpc-status", "0"]]);

/** What stands before a message: the response's HEADERS (unless sent before), then DATA's header and the prefix. */
export const HEADERS_SIZE: number = FRAME_HEADER + RESPONSE_HEADERS.length;
export const MESSAGE_OFFSET: number = FRAME_HEADER + PREFIX;
/** What stands behind the last one. */
export const TRAILERS_SIZE: number = FRAME_HEADER + OK_TRAILERS.length;

/** Writes the response's HEADERS frame. @returns the position behind it. */
export function putResponseHeaders(bytes: Uint8Array, at: number, stream: number): number {
  const block = putFrameHeader(bytes, at, RESPONSE_HEADERS.length, HEADERS, END_HEADERS, stream);
  for (let i = 0; i < RESPONSE_HEADERS.length; i++) bytes[block + i] = RESPONSE_HEADERS[i]!;
  return block + RESPONSE_HEADERS.length;
}

/** Writes what stands before a message of `length` octets in one DATA frame. @returns where the message goes. */
export function putMessageHeader(bytes: Uint8Array, at: number, length: number, stream: number): number {
  return putPrefix(bytes, putFrameHeader(bytes, at, PREFIX + length, DATA, 0, stream), length);
}

/** Writes the five octets before a message. @returns the position behind them. */
export function putPrefix(bytes: Uint8Array, at: number, length: number): number {
  bytes[at] = 0;
  putUint32(bytes, at + 1, length);
  return at + PREFIX;
}

/** Appends the trailers of success; the room must have been reserved. */
export function appendOkTrailers(output: OutputBuffer, stream: number): void {
  const { bytes } = output;
  const flags = END_HEADERS | END_STREAM;
  const block = putFrameHeader(bytes, output.position, OK_TRAILERS.length, HEADERS, flags, stream);
  for (let i = 0; i < OK_TRAILERS.length; i++) bytes[block + i] = OK_TRAILERS[i]!;
  output.position = block + OK_TRAILERS.length;
}

/** @param http undefined: the response's headers have been sent, these are Trailers; else Trailers-Only. */
export function encodeStatus(code: number, text: string, http: number | undefined): Uint8Array {
  const fields: FieldToSend[] = [];
  if (http !== undefined) fields.push([":status", String(http)], ["content-type", "application/grpc"]);
  fields.push(["grpc-status", String(code)]);
  if (text !== "") fields.push(["grpc-message", encodeMessageText(text)]);
  if (code === 12) fields.push(["grpc-accept-encoding", "identity"]);
  return encodeHeaders(fields);
}
