import { HistoryError } from "./history-error.ts";

/** In browsers and in Node alike (encoding.spec.whatwg.org); the language's own types do not have it. */
const { TextDecoder } = globalThis as unknown as {
  readonly TextDecoder: new (label: "utf-8", options: { fatal: boolean }) => { decode(bytes: Uint8Array): string };
};

/** Of a string in V8, less a little. */
const MAX_BYTES = 2 ** 29 - 64;

/** UTF-8, with or without a byte order mark. @throws HistoryError where the bytes are none. */
export function decodeUtf8(bytes: Uint8Array): string {
  if (bytes.length > MAX_BYTES) {
    const problem = `the file has ${bytes.length} bytes, and ${MAX_BYTES} are the most`;
    throw new HistoryError("too-long", 1, 1, problem, "Split it by key: keys are judged apart anyway.");
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw badByte(bytes);
  }
}

function badByte(bytes: Uint8Array): HistoryError {
  const at = firstBadByte(bytes);
  const lines = bytes.subarray(0, at).reduce((count, byte) => count + (byte === 0x0a ? 1 : 0), 1);
  const column = at - bytes.subarray(0, at).lastIndexOf(0x0a);
  const problem = `byte ${at} (0x${(bytes[at] ?? 0).toString(16).padStart(2, "0")}) is no UTF-8`;
  return new HistoryError("bad-encoding", lines, column, problem, "Is it text? Unpack it if it is packed.");
}

/** The first that does not begin or continue a character as RFC 3629 has it. */
function firstBadByte(bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length; ) {
    const length = lengthAt(bytes, at);
    if (length === 0) return at;
    at += length;
  }
  return bytes.length;
}

function lengthAt(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] as number;
  if (lead < 0x80) return 1;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const second = bytes[at + 1] ?? 0;
  const tooShort = (lead === 0xe0 && second < 0xa0) || (lead === 0xf0 && second < 0x90);
  const tooLarge = (lead === 0xed && second > 0x9f) || (lead === 0xf4 && second > 0x8f);
  if (tooShort || tooLarge) return 0;
  for (let more = 1; more < length; more += 1) if (((bytes[at + more] ?? 0) & 0xc0) !== 0x80) return 0;
  return length;
}
