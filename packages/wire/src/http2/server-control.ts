import * as frames from "./frames.ts";
import { ErrorCode, uint31, uint32 } from "./frames.ts";
import { readSettings } from "./peer-settings.ts";
import type { Http2ServerConnection } from "./server-connection.ts";
import type { Stream } from "./stream.ts";

/** Marks the PING whose answer tells that the peer has seen our first GOAWAY. */
export const DRAIN_PING: Uint8Array = Uint8Array.of(0x64, 0x72, 0x61, 0x69, 0x6e, 0x69, 0x6e, 0x67);

/** Every frame that carries neither headers nor content. */
export function onControlFrame<S extends Stream>(
  connection: Http2ServerConnection<S>,
  type: number,
  flags: number,
  id: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  if (type === frames.SETTINGS) return onSettings(connection, flags, id, bytes, start, end);
  if (!connection.settingsSeen) return connection.fail(ErrorCode.PROTOCOL_ERROR, "SETTINGS must come first");
  switch (type) {
    case frames.WINDOW_UPDATE:
      return onWindowUpdate(connection, id, bytes, start, end);
    case frames.RST_STREAM:
      return onRstStream(connection, id, end - start);
    case frames.PING:
      return onPing(connection, flags, id, bytes, start, end);
    case frames.GOAWAY:
      if (id !== 0) return connection.fail(ErrorCode.PROTOCOL_ERROR, "GOAWAY on a stream");
      if (end - start < 8) return connection.fail(ErrorCode.FRAME_SIZE_ERROR, "GOAWAY");
      connection.peerLeaves = true;
      return;
    case frames.PRIORITY: // deprecated (§5.3.2): checked, then ignored
      if (id === 0) return connection.fail(ErrorCode.PROTOCOL_ERROR, "PRIORITY without a stream");
      if (end - start !== 5) return connection.fail(ErrorCode.FRAME_SIZE_ERROR, "PRIORITY");
      return;
    case frames.PUSH_PROMISE:
      return connection.fail(ErrorCode.PROTOCOL_ERROR, "clients do not push");
    default: // §5.5: unknown types are ignored
  }
}

/** §6.5 */
function onSettings<S extends Stream>(
  connection: Http2ServerConnection<S>,
  flags: number,
  id: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  if (id !== 0) return connection.fail(ErrorCode.PROTOCOL_ERROR, "SETTINGS on a stream");
  if ((flags & frames.ACK) !== 0) {
    if (end !== start) connection.fail(ErrorCode.FRAME_SIZE_ERROR, "SETTINGS acknowledgement with a payload");
    else if (!connection.settingsSeen) connection.fail(ErrorCode.PROTOCOL_ERROR, "SETTINGS must come first");
    return;
  }
  const settings = readSettings(bytes, start, end);
  if (typeof settings === "number") return connection.fail(settings, "SETTINGS");
  connection.settingsSeen = true;
  if (!connection.spend(connection.control, "too many SETTINGS")) return;
  connection.output.settingsAck();
  if (!connection.sender.apply(settings, connection.streams)) connection.fail(ErrorCode.FLOW_CONTROL_ERROR, "SETTINGS");
}

/** §6.9 */
function onWindowUpdate<S extends Stream>(
  connection: Http2ServerConnection<S>,
  id: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  if (end - start !== 4) return connection.fail(ErrorCode.FRAME_SIZE_ERROR, "WINDOW_UPDATE");
  if (id > connection.lastStream) return connection.fail(ErrorCode.PROTOCOL_ERROR, "WINDOW_UPDATE on an idle stream");
  const increment = uint31(bytes, start);
  const stream = id === 0 ? undefined : connection.streams.get(id);
  if (id !== 0 && stream === undefined) return; // for a stream that is over: late, and harmless
  if (increment === 0) {
    if (stream === undefined) connection.fail(ErrorCode.PROTOCOL_ERROR, "WINDOW_UPDATE of nothing");
    else connection.reset(stream, ErrorCode.PROTOCOL_ERROR);
    return;
  }
  if (connection.sender.widen(stream, increment)) return;
  if (stream === undefined) connection.fail(ErrorCode.FLOW_CONTROL_ERROR, "connection window too large");
  else connection.reset(stream, ErrorCode.FLOW_CONTROL_ERROR);
}

/** §6.4. Opening and resetting streams in turn costs its sender nothing (CVE-2023-44487), so it is rationed. */
function onRstStream<S extends Stream>(connection: Http2ServerConnection<S>, id: number, size: number): void {
  if (size !== 4) return connection.fail(ErrorCode.FRAME_SIZE_ERROR, "RST_STREAM");
  if (id === 0 || id > connection.lastStream) {
    return connection.fail(ErrorCode.PROTOCOL_ERROR, "RST_STREAM on an idle stream");
  }
  if (!connection.spend(connection.resets, "too many streams reset")) return;
  const stream = connection.streams.get(id);
  if (stream !== undefined) connection.drop(stream, false);
}

/** §6.7 */
function onPing<S extends Stream>(
  connection: Http2ServerConnection<S>,
  flags: number,
  id: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  if (id !== 0) return connection.fail(ErrorCode.PROTOCOL_ERROR, "PING on a stream");
  if (end - start !== 8) return connection.fail(ErrorCode.FRAME_SIZE_ERROR, "PING");
  if ((flags & frames.ACK) === 0) {
    if (connection.spend(connection.control, "too many PINGs"))
      connection.output.ping(frames.ACK, bytes.subarray(start, end));
    return;
  }
  const drain = connection.draining && uint32(bytes, start) === uint32(DRAIN_PING, 0);
  if (!drain || connection.lastAccepted !== frames.MAX_WINDOW) return;
  connection.lastAccepted = connection.lastStream;
  connection.output.goaway(connection.lastStream, ErrorCode.NO_ERROR, "shutting down");
}
