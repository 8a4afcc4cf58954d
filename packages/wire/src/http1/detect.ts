import { PREFACE } from "../http2/frames.ts";

/** What a client speaks, by its first octets; "unknown": not enough of them yet, keep them and ask again with more. */
export type Spoken = "http2" | "http1" | "unknown";

/**
 * Tells HTTP/2 with prior knowledge (RFC 9113 §3.3) from everything else, which the HTTP/1.1 parser will judge. No method
 * of HTTP/1.x begins as the preface does for more than three octets ("PRI" is reserved), so the answer comes early.
 */
export function detect(bytes: Uint8Array): Spoken {
  const length = Math.min(bytes.length, PREFACE.length);
  for (let i = 0; i < length; i++) if (bytes[i] !== PREFACE[i]) return "http1";
  return length < PREFACE.length ? "unknown" : "http2";
}
