import { decodeLatin1 } from "@synod/wire/bytes";
import { decodeUtf8, encodeUtf8 } from "@synod/wire/utf8";

/** What is wrong with a JSON text, in words for whoever sent it, and at which of its bytes. */
export class JsonError extends Error {
  override readonly name = "JsonError";
  readonly code: "syntax" | "unexpectedEnd" | "tooDeep" | "tooMany" | "wrongType";
  readonly offset: number;
  constructor(code: JsonError["code"], message: string, offset: number) {
    super(`${message} (at byte ${offset})`);
    this.code = code;
    this.offset = offset;
  }
}

const QUOTE = 34;
const BACKSLASH = 92;
const COMMA = 44;
const COLON = 58;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
/** Octets of a string after which its end is looked for by other means. */
const LONG = 64;
// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly those must be escaped
const CONTROL = /[\x00-\x1f]/;
/** Objects and arrays within each other. */
const MAX_DEPTH = 100;
const ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

export type JsonKind = "object" | "array" | "string" | "number" | "true" | "false" | "null";

/**
 * Reads JSON texts (RFC 8259), one after the other, from bytes, without building values: look at `kind`, then read or
 * `skip`. Objects: `open("object")`, then `while (reader.member())` with `reader.name` set and one value read each time;
 * arrays alike, with `element`. Every method throws JsonError.
 */
export class JsonReader {
  readonly bytes: Uint8Array;
  position = 0;
  /** Of the member that `member` found. */
  name = "";
  #depth = 0;
  /** The object or array that was opened last has had no member yet. */
  #fresh = false;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Whether only white space is left. */
  get ended(): boolean {
    this.#space();
    return this.position >= this.bytes.length;
  }

  /** What stands here. */
  kind(): JsonKind {
    this.#space();
    const byte = this.bytes[this.position];
    if (byte === QUOTE) return "string";
    if (byte === OPEN_BRACE) return "object";
    if (byte === OPEN_BRACKET) return "array";
    if (byte === 110) return "null";
    if (byte === 116) return "true";
    if (byte === 102) return "false";
    if (byte === 45 || (byte !== undefined && byte >= 48 && byte <= 57)) return "number";
    throw this.#unexpected("a value was expected");
  }

  open(kind: "object" | "array"): void {
    this.#expect(kind === "object" ? OPEN_BRACE : OPEN_BRACKET, kind);
    if (++this.#depth > MAX_DEPTH) throw new JsonError("tooDeep", `more than ${MAX_DEPTH} levels`, this.position);
    this.#fresh = true;
  }

  /** @returns false at the end of the object; otherwise the value of `name` is next. */
  member(): boolean {
    if (!this.#more(CLOSE_BRACE)) return false;
    this.#space();
    if (this.bytes[this.position] !== QUOTE) throw this.#unexpected("a member's name in quotes was expected");
    this.name = this.string();
    this.#expect(COLON, 'a ":"');
    return true;
  }

  /** @returns false at the end of the array; otherwise its next value is next. */
  element(): boolean {
    return this.#more(CLOSE_BRACKET);
  }

  /** The text of a string. */
  string(): string {
    const [start, end, escaped] = this.quoted();
    const text = decodeUtf8(this.bytes, start, end);
    if (CONTROL.test(text)) throw new JsonError("syntax", "a control character stands in a string", start);
    return escaped ? unescapeText(text, start) : text;
  }

  /**
   * Steps over a string. Control characters far behind its start are left to the caller, who reads no string that has them.
   * @returns where its content lies in `bytes`, and whether there are escapes in it.
   */
  quoted(): [start: number, end: number, escaped: boolean] {
    this.#expect(QUOTE, "a string");
    const { bytes } = this;
    const start = this.position;
    let escaped = false;
    let at = start;
    for (; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      if (byte === QUOTE) return this.#content(start, at, escaped);
      if (byte < 0x20) throw new JsonError("syntax", "a control character stands in a string", at);
      if (byte === BACKSLASH) {
        escaped = true;
        at++;
      } else if (!escaped && at - start === LONG) {
        const end = this.#plainEnd(at);
        if (end !== undefined) return this.#content(start, end, false);
      }
    }
    throw this.#end();
  }

  #content(start: number, end: number, escaped: boolean): [start: number, end: number, escaped: boolean] {
    this.position = end + 1;
    return [start, end, escaped];
  }

  /** The end of a long string, which the engine finds faster than a loop does. @returns undefined: there are escapes in it. */
  #plainEnd(from: number): number | undefined {
    const { bytes } = this;
    const quote = bytes.indexOf(QUOTE, from);
    if (quote < 0) throw this.#end();
    return bytes.subarray(from, quote).includes(BACKSLASH) ? undefined : quote;
  }

  /** The bytes of a string that may have escapes. @param end of its content, as `quoted` told. */
  unescaped(start: number, end: number): Uint8Array {
    return encodeUtf8(unescapeText(decodeUtf8(this.bytes, start, end), start));
  }

  /** A number as it is written. */
  number(): string {
    this.#space();
    const start = this.position;
    const text = this.#word();
    if (!NUMBER.test(text)) throw new JsonError("syntax", `${shorten(text)} is not a number`, start);
    return text;
  }

  /** true, false or null. */
  literal(): "true" | "false" | "null" {
    this.#space();
    const start = this.position;
    const word = this.#word();
    if (word === "true" || word === "false" || word === "null") return word;
    throw new JsonError("syntax", `${shorten(word)} is not a value`, start);
  }

  /** Steps over any value. */
  skip(): void {
    const kind = this.kind();
    if (kind === "object") {
      this.open("object");
      while (this.member()) this.skip();
    } else if (kind === "array") {
      this.open("array");
      while (this.element()) this.skip();
    } else if (kind === "string") this.string();
    else if (kind === "number") this.number();
    else this.literal();
  }

  #more(close: number): boolean {
    this.#space();
    const byte = this.bytes[this.position];
    const fresh = this.#fresh;
    this.#fresh = false;
    if (byte === close) {
      this.position++;
      this.#depth--;
      return false;
    }
    if (fresh) return true;
    if (byte !== COMMA) throw this.#unexpected(`"," or "${String.fromCharCode(close)}" was expected`);
    this.position++;
    return true;
  }

  #space(): void {
    const { bytes } = this;
    let at = this.position;
    for (; at < bytes.length; at++) {
      const byte = bytes[at];
      if (byte !== 32 && byte !== 10 && byte !== 13 && byte !== 9) break;
    }
    this.position = at;
  }

  #expect(byte: number, what: string): void {
    this.#space();
    if (this.bytes[this.position] !== byte) throw this.#unexpected(`${what} was expected`);
    this.position++;
  }

  /** What a number or a literal may consist of, and more: to the next thing that ends it. */
  #word(): string {
    const start = this.position;
    let at = start;
    for (; at < this.bytes.length; at++) {
      const byte = this.bytes[at] as number;
      const part = (byte >= 48 && byte <= 57) || ((byte | 32) - 97 < 26 && (byte | 32) >= 97);
      if (!part && byte !== 43 && byte !== 45 && byte !== 46) break;
    }
    this.position = at;
    return decodeLatin1(this.bytes, start, at);
  }

  #unexpected(expectation: string): JsonError {
    if (this.position >= this.bytes.length) return this.#end();
    const found = decodeUtf8(this.bytes, this.position, Math.min(this.position + 4, this.bytes.length));
    const [character] = found;
    return new JsonError("syntax", `invalid character '${character}': ${expectation}`, this.position);
  }

  #end(): JsonError {
    return new JsonError("unexpectedEnd", "unexpected EOF: the JSON text is not complete", this.bytes.length);
  }
}

function unescapeText(text: string, start: number): string {
  return text.replace(
    /\\(?:u([0-9a-fA-F]{4})|([\s\S]?))/g,
    (_, unit: string | undefined, letter: string, at: number) => {
      if (unit !== undefined) return String.fromCharCode(Number.parseInt(unit, 16));
      if (letter === '"' || letter === "\\" || letter === "/") return letter;
      const meant = ESCAPES[letter];
      if (meant === undefined) throw new JsonError("syntax", `\\${letter} is no escape in a string`, start + at);
      return meant;
    },
  );
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
