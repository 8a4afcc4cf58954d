import { ErrorCode, MAX_WINDOW, Setting, uint16, uint32 } from "./frames.ts";

/** What a SETTINGS frame of the peer changes for us (RFC 9113 §6.5.2); undefined: not mentioned. */
export interface PeerSettings {
  initialWindow: number | undefined;
  maxFrame: number | undefined;
  maxConcurrentStreams: number | undefined;
}

/** Reads the payload `bytes[start, end)`. @returns the error code if a value is not allowed. */
export function readSettings(bytes: Uint8Array, start: number, end: number): PeerSettings | number {
  const settings: PeerSettings = { initialWindow: undefined, maxFrame: undefined, maxConcurrentStreams: undefined };
  if ((end - start) % 6 !== 0) return ErrorCode.FRAME_SIZE_ERROR;
  for (let at = start; at < end; at += 6) {
    const value = uint32(bytes, at + 2);
    switch (uint16(bytes, at)) {
      case Setting.ENABLE_PUSH:
        if (value > 1) return ErrorCode.PROTOCOL_ERROR;
        break;
      case Setting.INITIAL_WINDOW_SIZE:
        if (value > MAX_WINDOW) return ErrorCode.FLOW_CONTROL_ERROR;
        settings.initialWindow = value;
        break;
      case Setting.MAX_FRAME_SIZE:
        if (value < 16_384 || value > 0xff_ffff) return ErrorCode.PROTOCOL_ERROR;
        settings.maxFrame = value;
        break;
      case Setting.MAX_CONCURRENT_STREAMS:
        settings.maxConcurrentStreams = value;
        break;
      default: // HEADER_TABLE_SIZE binds an encoder with a dynamic table, and ours has none; unknown ones are ignored
    }
  }
  return settings;
}
