import { encodeUtf8 } from "../utf8.ts";

/** RFC 6455 §5.2. */
export const Opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Why a connection ends (RFC 6455 §7.4.1). */
export const CloseCode = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  invalidPayload: 1007,
  messageTooBig: 1009,
  internalError: 1011,
} as const;

/** Octets of a close frame's reason. */
const LONGEST_REASON = 123;

/** A whole frame as a server sends it: final, without a mask. */
export function encodeFrame(opcode: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = new Uint8Array(header + length);
  frame[0] = 0x80 | opcode;
  frame[1] = header === 2 ? length : header === 4 ? 126 : 127;
  const view = new DataView(frame.buffer);
  if (header === 4) view.setUint16(2, length);
  if (header === 10) {
    view.setUint32(2, Math.floor(length / 0x1_0000_0000));
    view.setUint32(6, length >>> 0);
  }
  frame.set(payload, header);
  return frame;
}

export function encodeClose(code: number, reason: string): Uint8Array {
  const whole = encodeUtf8(reason);
  // A UTF-16 unit takes at most three octets, and a reason must not end within a character.
  const text = whole.length <= LONGEST_REASON ? whole : encodeUtf8(reason.slice(0, LONGEST_REASON / 3));
  const payload = new Uint8Array(2 + text.length);
  payload[0] = code >> 8;
  payload[1] = code & 0xff;
  payload.set(text, 2);
  return encodeFrame(Opcode.close, payload);
}

/** Whether a peer may send this code (RFC 6455 §7.4.2). */
export function isSendable(code: number): boolean {
  if (code >= 3000 && code < 5000) return true;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
}
