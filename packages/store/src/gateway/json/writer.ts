import { utf8Length, writeUtf8 } from "@synod/wire/utf8";
import { base64Length, encodeBase64 } from "./base64.ts";

const QUOTE = 34;
/** What a JSON string may not hold as it is; "<" too, lest a page that shows it raw takes it for a tag. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly those must be escaped
const SPECIAL = /["\\\x00-\x1f<\u2028\u2029]/;

/** Appends JSON to a buffer that grows, and allocates nothing else. */
export class JsonWriter {
  buffer: Uint8Array = new Uint8Array(1024);
  position = 0;

  /** @param largest a buffer that has grown beyond it is let go. */
  reset(largest: number = 1 << 20): void {
    this.position = 0;
    if (this.buffer.length > largest) this.buffer = new Uint8Array(1024);
  }

  /** What was written; valid until the next `reset`. */
  view(): Uint8Array {
    return this.buffer.subarray(0, this.position);
  }

  byte(byte: number): void {
    this.#reserve(1);
    this.buffer[this.position++] = byte;
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.buffer.set(bytes, this.position);
    this.position += bytes.length;
  }

  /** ASCII that needs no escapes. */
  ascii(text: string): void {
    this.#reserve(text.length);
    for (let i = 0; i < text.length; i++) this.buffer[this.position++] = text.charCodeAt(i);
  }

  /** ASCII that needs no escapes, in quotes. */
  quoted(text: string): void {
    this.byte(QUOTE);
    this.ascii(text);
    this.byte(QUOTE);
  }

  string(text: string): void {
    const safe = SPECIAL.test(text) ? escapeText(text) : text;
    this.#reserve(utf8Length(safe) + 2);
    this.buffer[this.position] = QUOTE;
    this.position = writeUtf8(safe, this.buffer, this.position + 1);
    this.buffer[this.position++] = QUOTE;
  }

  base64(bytes: Uint8Array): void {
    this.#reserve(base64Length(bytes.length) + 2);
    this.buffer[this.position] = QUOTE;
    this.position = encodeBase64(bytes, this.buffer, this.position + 1);
    this.buffer[this.position++] = QUOTE;
  }

  #reserve(more: number): void {
    const needed = this.position + more;
    if (needed <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(needed, this.buffer.length * 2));
    grown.set(this.buffer.subarray(0, this.position));
    this.buffer = grown;
  }
}

function escapeText(text: string): string {
  return JSON.stringify(text)
    .slice(1, -1)
    .replaceAll("<", "\\u003c")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029");
}
