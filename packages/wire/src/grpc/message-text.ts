import { decodeUtf8, encodeUtf8 } from "../utf8.ts";

/** Longer texts are cut: headers have limits, and a status is for people to read. Octets of UTF-8. */
const LONGEST = 2048;

/** Percent-encodes a grpc-message (PROTOCOL-HTTP2: what is not printable ASCII, and the percent sign). */
export function encodeMessageText(text: string): string {
  const bytes = encodeUtf8(text);
  let encoded = "";
  for (let i = 0; i < bytes.length && i < LONGEST; i++) {
    const byte = bytes[i]!;
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    encoded += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  // A field value may neither begin nor end with a space (RFC 9113 §8.2.1).
  return encoded.replace(/^ | $/g, "%20");
}

/** The other way; what is not percent-encoded properly stays as it is. */
export function decodeMessageText(encoded: string): string {
  const bytes = new Uint8Array(encoded.length);
  let length = 0;
  for (let i = 0; i < encoded.length; i++) {
    const digits = encoded.slice(i + 1, i + 3);
    if (encoded.charAt(i) === "%" && /^[0-9a-fA-F]{2}$/.test(digits)) {
      bytes[length++] = Number.parseInt(digits, 16);
      i += 2;
    } else bytes[length++] = encoded.charCodeAt(i);
  }
  return decodeUtf8(bytes, 0, length);
}
