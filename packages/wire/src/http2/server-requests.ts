import { END_HEADERS, END_STREAM, ErrorCode, HAS_PRIORITY, PADDED } from "./frames.ts";
import type { RequestHead } from "./request-head.ts";
import type { Http2ServerConnection } from "./server-connection.ts";
import type { Stream } from "./stream.ts";

/** HEADERS (RFC 9113 §6.2). */
export function onHeaders<S extends Stream>(
  connection: Http2ServerConnection<S>,
  flags: number,
  id: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  if (!connection.settingsSeen) return connection.fail(ErrorCode.PROTOCOL_ERROR, "SETTINGS must come first");
  if (id % 2 === 0) return connection.fail(ErrorCode.PROTOCOL_ERROR, "HEADERS on a stream that clients do not open");
  let from = start;
  let to = end;
  if ((flags & PADDED) !== 0) {
    if (from >= to) return connection.fail(ErrorCode.FRAME_SIZE_ERROR, "HEADERS too short");
    to -= bytes[from++]!;
  }
  if ((flags & HAS_PRIORITY) !== 0) from += 5;
  if (from > to) return connection.fail(ErrorCode.PROTOCOL_ERROR, "HEADERS shorter than its padding");
  const endStream = (flags & END_STREAM) !== 0;
  if ((flags & END_HEADERS) !== 0) return onHeaderBlock(connection, id, endStream, bytes, from, to);
  connection.block.begin(id, endStream);
  connection.block.add(bytes, from, to);
}

/** A whole header block, of a request or of its trailers. It must be decoded in any case, to keep the table in step. */
export function onHeaderBlock<S extends Stream>(
  connection: Http2ServerConnection<S>,
  id: number,
  endStream: boolean,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  if (id <= connection.lastStream) return onTrailers(connection, id, endStream, bytes, start, end);
  const head = connection.heads.decode(bytes, start, end);
  if (head === undefined) return connection.fail(ErrorCode.COMPRESSION_ERROR, "header block");
  connection.lastStream = id;
  if (id > connection.lastAccepted) return;
  if (head.fault !== undefined) return refuse(connection, id, ErrorCode.PROTOCOL_ERROR);
  if (connection.streams.size >= connection.limits.concurrentStreams) {
    return refuse(connection, id, ErrorCode.REFUSED_STREAM);
  }
  openStream(connection, id, head, endStream);
}

function openStream<S extends Stream>(
  connection: Http2ServerConnection<S>,
  id: number,
  head: RequestHead,
  endStream: boolean,
): void {
  const stream = connection.streams.add(id);
  stream.open(id, connection.limits.streamWindow, connection.sender.initialWindow);
  stream.expected = head.contentLength;
  stream.remoteClosed = endStream;
  if (endStream && head.contentLength > 0) {
    connection.streams.remove(stream, true);
    return refuse(connection, id, ErrorCode.PROTOCOL_ERROR);
  }
  connection.events.onRequest(stream, head, endStream);
}

/** A stream error on a stream that the layer above has not seen. Refusals cost: they are a flood's cheapest form. */
function refuse<S extends Stream>(connection: Http2ServerConnection<S>, id: number, code: number): void {
  if (!connection.spend(connection.resets, "too many refused streams")) return;
  connection.output.rstStream(id, code);
  connection.streams.noteReset(id);
}

/** HEADERS on a stream that is not new: trailers (§8.1), or a fault. */
function onTrailers<S extends Stream>(
  connection: Http2ServerConnection<S>,
  id: number,
  endStream: boolean,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  const list = connection.decoder.decode(bytes, start, end);
  if (list === undefined) return connection.fail(ErrorCode.COMPRESSION_ERROR, "header block");
  const stream = connection.streams.get(id);
  if (stream === undefined) {
    if (connection.streams.wasResetByUs(id) || id > connection.lastAccepted) return;
    const known = connection.streams.endedRecently(id);
    return connection.fail(known ? ErrorCode.STREAM_CLOSED : ErrorCode.PROTOCOL_ERROR, "HEADERS on a closed stream");
  }
  if (stream.remoteClosed) return connection.reset(stream, ErrorCode.STREAM_CLOSED);
  const faulty = list.fields.some((field) => !field.valid || field.name.startsWith(":"));
  if (!endStream || faulty || stream.expected > 0) return connection.reset(stream, ErrorCode.PROTOCOL_ERROR);
  stream.remoteClosed = true;
  connection.events.onData(stream, bytes, end, end, true);
}

/** DATA (§6.1). Padding counts for flow control and content-length does not count it. */
export function onData<S extends Stream>(
  connection: Http2ServerConnection<S>,
  flags: number,
  id: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  if (id === 0 || id > connection.lastStream)
    return connection.fail(ErrorCode.PROTOCOL_ERROR, "DATA on an idle stream");
  const size = end - start;
  if (!takeFromConnectionWindow(connection, size)) return;
  let from = start;
  let to = end;
  if ((flags & PADDED) !== 0) {
    if (size === 0) return connection.fail(ErrorCode.FRAME_SIZE_ERROR, "DATA too short");
    to -= bytes[from++]!;
    if (to < from) return connection.fail(ErrorCode.PROTOCOL_ERROR, "DATA shorter than its padding");
  }
  const last = (flags & END_STREAM) !== 0;
  // Frames without content cost us as much as others and their sender nothing (CVE-2019-9518).
  if (to === from && !last && !connection.spend(connection.control, "too many empty DATA frames")) return;
  const stream = connection.streams.get(id);
  if (stream === undefined) return onLateData(connection, id);
  if (stream.remoteClosed) return connection.reset(stream, ErrorCode.STREAM_CLOSED);
  stream.receiveWindow -= size;
  if (stream.receiveWindow < 0) return connection.reset(stream, ErrorCode.FLOW_CONTROL_ERROR);
  if (!countContent(stream, to - from, last)) return connection.reset(stream, ErrorCode.PROTOCOL_ERROR);
  if (last) stream.remoteClosed = true;
  else replenish(connection, stream);
  connection.events.onData(stream, bytes, from, to, last);
}

/** Windows are given back in large steps: at most two WINDOW_UPDATEs for half a window of content. */
function takeFromConnectionWindow<S extends Stream>(connection: Http2ServerConnection<S>, size: number): boolean {
  connection.receiveWindow -= size;
  if (connection.receiveWindow < 0) {
    connection.fail(ErrorCode.FLOW_CONTROL_ERROR, "connection window exceeded");
    return false;
  }
  const full = connection.limits.connectionWindow;
  if (connection.receiveWindow < full / 2) {
    connection.output.windowUpdate(0, full - connection.receiveWindow);
    connection.receiveWindow = full;
  }
  return true;
}

function replenish<S extends Stream>(connection: Http2ServerConnection<S>, stream: S): void {
  const full = connection.limits.streamWindow;
  if (stream.receiveWindow >= full / 2) return;
  connection.output.windowUpdate(stream.id, full - stream.receiveWindow);
  stream.receiveWindow = full;
}

/** §8.1.1: the content must be as long as content-length says. */
function countContent(stream: Stream, size: number, last: boolean): boolean {
  if (stream.expected < 0) return true;
  stream.expected -= size;
  return stream.expected >= 0 && (!last || stream.expected === 0);
}

/** DATA on a stream that is over: already under way when we reset it, or a fault. */
function onLateData<S extends Stream>(connection: Http2ServerConnection<S>, id: number): void {
  if (connection.streams.wasResetByUs(id) || id > connection.lastAccepted) return;
  if (!connection.spend(connection.control, "too much DATA on closed streams")) return;
  connection.output.rstStream(id, ErrorCode.STREAM_CLOSED);
}
