import { concat } from "../bytes.ts";
import * as frames from "./frames.ts";
import { HpackDecoder } from "./hpack/decoder.ts";
import { encodeHeaders, type FieldToSend } from "./hpack/encoder.ts";

/** A frame as the other side sent it; `fields` is what HEADERS decode to, as "name: value". */
export interface SeenFrame {
  type: number;
  flags: number;
  stream: number;
  payload: Uint8Array;
  fields: string[];
}

/** A request that any server accepts. */
export const REQUEST: readonly FieldToSend[] = [
  [":method", "POST"],
  [":scheme", "http"],
  [":path", "/test.Echo/Unary"],
  ["content-type", "application/grpc"],
];

/**
 * The client of a test: writes whatever frames its script says, right or wrong, and reads what the server answers. Each
 * method returns the bytes; nothing is sent or remembered.
 */
export const script = {
  frame(type: number, flags: number, stream: number, payload: Uint8Array | readonly number[] = []): Uint8Array {
    const bytes = new Uint8Array(frames.FRAME_HEADER + payload.length);
    bytes.set(payload, frames.putFrameHeader(bytes, 0, payload.length, type, flags, stream));
    return bytes;
  },
  /** The preface and an empty SETTINGS: what every client begins with. */
  hello(...settings: [setting: number, value: number][]): Uint8Array {
    return concat([frames.PREFACE, script.settings(...settings)]);
  },
  settings(...settings: [setting: number, value: number][]): Uint8Array {
    const payload = settings.flatMap(([setting, value]) => [0, setting, ...word(value)]);
    return script.frame(frames.SETTINGS, 0, 0, payload);
  },
  headers(stream: number, fields: readonly FieldToSend[] = REQUEST, endStream = false): Uint8Array {
    const flags = frames.END_HEADERS | (endStream ? frames.END_STREAM : 0);
    return script.frame(frames.HEADERS, flags, stream, encodeHeaders(fields));
  },
  data(stream: number, content: Uint8Array | readonly number[], endStream = false): Uint8Array {
    return script.frame(frames.DATA, endStream ? frames.END_STREAM : 0, stream, content);
  },
  reset(stream: number, code: number = frames.ErrorCode.CANCEL): Uint8Array {
    return script.frame(frames.RST_STREAM, 0, stream, word(code));
  },
  windowUpdate(stream: number, increment: number): Uint8Array {
    return script.frame(frames.WINDOW_UPDATE, 0, stream, word(increment));
  },
  ping(data: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8], flags = 0): Uint8Array {
    return script.frame(frames.PING, flags, 0, data);
  },
};

/** Reads what a server sent on one connection; call it with all of its output, in order. */
export class SeenFrames {
  private readonly decoder = new HpackDecoder({ tableSize: 4096, listSize: 65_536, fields: 1000 });

  read(bytes: Uint8Array): SeenFrame[] {
    const seen: SeenFrame[] = [];
    for (let at = 0; at < bytes.length; ) {
      const end = at + frames.FRAME_HEADER + frames.uint24(bytes, at);
      const type = bytes[at + 3]!;
      const payload = bytes.subarray(at + frames.FRAME_HEADER, end);
      const list = type === frames.HEADERS ? this.decoder.decode(payload, 0, payload.length) : undefined;
      const fields = list?.fields.map(({ name, value }) => `${name}: ${value}`) ?? [];
      seen.push({ type, flags: bytes[at + 4]!, stream: frames.uint31(bytes, at + 5), payload, fields });
      at = end;
    }
    return seen;
  }
}

function word(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}
