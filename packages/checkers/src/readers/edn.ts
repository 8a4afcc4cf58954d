import { textOf } from "../values.ts";
import { Cursor, DEFAULT_READ_LIMITS, ESCAPES, type Form, type ReadLimits } from "./cursor.ts";

/**
 * EDN (github.com/edn-format/edn), as Clojure prints it: any number of values one after the other; of a vector or list at
 * the top its elements. Values become plain ones: keywords and symbols their names without the colon, vectors, lists and
 * sets arrays, maps objects whose names are the keys' texts, characters strings. A tagged value is the value without its tag,
 * metadata is left out. Ratios, NaN and infinities are refused.
 */
export function* readEdn(text: string, limits: ReadLimits = DEFAULT_READ_LIMITS): Generator<Form> {
  const reader = new EdnReader(text, limits);
  for (;;) {
    reader.skipSpace(0);
    if (reader.isAtEnd) return;
    const close = CLOSERS[text[reader.at] as string];
    if (close !== undefined && close !== "}") yield* reader.elements(close);
    else yield { at: reader.at, value: reader.value(0) };
  }
}

const CLOSERS: Readonly<Record<string, string>> = { "[": "]", "(": ")", "{": "}" };
const CHARACTERS: Readonly<Record<string, string>> = {
  newline: "\n",
  return: "\r",
  space: " ",
  tab: "\t",
  formfeed: "\f",
  backspace: "\b",
};
const WORD = /[^\s,()[\]{}";]*/y;
const DELIMITER = /[\s,()[\]{}";]/;

class EdnReader extends Cursor {
  /** Over white space, commas, comments, and what "#_" discards. */
  skipSpace(depth: number): void {
    const { text } = this;
    for (;;) {
      const code = text.charCodeAt(this.at);
      if (code === 0x20 || code === 0x2c || (code >= 0x09 && code <= 0x0d)) this.at += 1;
      else if (code === 0x3b) this.#skipLine();
      else if (code === 0x23 && text.charCodeAt(this.at + 1) === 0x5f) {
        this.at += 2;
        this.value(depth + 1);
      } else return;
    }
  }

  #skipLine(): void {
    const end = this.text.indexOf("\n", this.at);
    this.at = end < 0 ? this.text.length : end;
  }

  *elements(close: string): Generator<Form> {
    const begin = this.at++;
    for (;;) {
      this.skipSpace(1);
      if (this.isAtEnd) throw this.truncated(begin, "a collection");
      if (this.text[this.at] === close) break;
      yield { at: this.at, value: this.value(1) };
    }
    this.at += 1;
  }

  value(depth: number): unknown {
    this.checkDepth(depth);
    this.skipSpace(depth);
    switch (this.text[this.at]) {
      case "{":
        return this.#map(depth);
      case "[":
        return this.#collection("]", depth);
      case "(":
        return this.#collection(")", depth);
      case '"':
        return this.string("any", () => this.#escape());
      case "#":
        return this.#dispatch(depth);
      case "^":
        this.at += 1;
        this.value(depth + 1);
        return this.value(depth + 1);
      case "\\":
        return this.#character();
      default:
        return this.#token();
    }
  }

  #collection(close: string, depth: number): unknown[] {
    const begin = this.at++;
    const values: unknown[] = [];
    for (;;) {
      this.skipSpace(depth + 1);
      if (this.isAtEnd) throw this.truncated(begin, "a collection");
      if (this.text[this.at] === close) break;
      values.push(this.value(depth + 1));
    }
    this.at += 1;
    return values;
  }

  #map(depth: number): object {
    const begin = this.at;
    const values = this.#collection("}", depth);
    if (values.length % 2 !== 0) {
      throw this.error("bad-syntax", begin, "a map has a key without a value", "Add the value, or remove the key.");
    }
    const fields = new Map<string, unknown>();
    for (let index = 0; index < values.length; index += 2) {
      const key = values[index];
      const name = typeof key === "string" ? key : textOf(key);
      if (fields.has(name)) {
        const problem = `the key ${JSON.stringify(name)} stands twice in one map`;
        throw this.error("bad-syntax", begin, problem, "Keep the one that is meant.");
      }
      fields.set(name, values[index + 1]);
    }
    // A property of its own even for "__proto__".
    return Object.fromEntries(fields);
  }

  #dispatch(depth: number): unknown {
    const at = this.at++;
    const next = this.text[this.at];
    if (next === "{") return this.#collection("}", depth);
    if (next === '"') return this.string("any", () => `\\${this.text[this.at++] ?? ""}`);
    if (next === "#") {
      this.at += 1;
      throw this.badNumber(`##${this.#word()}`, at, "cannot be compared with other numbers");
    }
    if (next === undefined || DELIMITER.test(next)) throw this.unexpected('a tag, "{" or "_" after "#"');
    this.#word();
    return this.value(depth + 1);
  }

  #character(): string {
    const at = this.at++;
    // A delimiter may be the character itself.
    const word = this.text.slice(this.at++, this.at) + this.#word();
    if (word.length === 1) return word;
    const named = CHARACTERS[word];
    if (named !== undefined) return named;
    if (/^u[0-9a-fA-F]{4}$/.test(word)) return String.fromCharCode(Number.parseInt(word.slice(1), 16));
    if (word.length === 2 && word.codePointAt(0) !== word.charCodeAt(0)) return word;
    const advice = "A character is a backslash and one letter, a name such as newline, or u and four digits.";
    throw this.error("bad-syntax", at, `${JSON.stringify(word.slice(0, 40))} names no character`, advice);
  }

  #token(): unknown {
    const at = this.at;
    const word = this.#word();
    if (word === "") throw this.unexpected("a value");
    if (/^[+-]?\d/.test(word)) return this.#number(word, at);
    if (word === "nil") return null;
    if (word === "true" || word === "false") return word === "true";
    if (word[0] !== ":") return this.#symbol(word, at);
    if (word.length > 1 && word !== "::") return word.replace(/^::?/, "");
    throw this.error("bad-syntax", at, "a keyword without a name", "Write its name after the colon.");
  }

  #symbol(word: string, at: number): string {
    if (!/[\p{Cc}'`~@]/u.test(word)) return word;
    this.at = at;
    throw this.unexpected("a value");
  }

  #number(word: string, at: number): number | bigint {
    if (/^[+-]?\d+\/\d+$/.test(word)) throw this.badNumber(word, at, "is a ratio, which has no exact decimal");
    if (/^0[xX][0-9a-fA-F]{1,64}$/.test(word)) {
      const value = BigInt(word);
      return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
    }
    if (/^[+-]?0\d/.test(word)) throw this.badNumber(word, at, "begins with a zero");
    const exact = /^[+-]?\d+N$/.test(word) || /^[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?M$/.test(word);
    return this.number(exact ? word.slice(0, -1) : word, at);
  }

  #word(): string {
    const begin = this.at;
    const word = this.match(WORD);
    if (word.length > this.limits.maxString) throw this.tooLong(begin);
    return word;
  }

  #escape(): string {
    const character = this.text[this.at] ?? "";
    const octal = /^[0-3]?[0-7]{1,2}/.exec(this.text.slice(this.at, this.at + 3));
    if (octal !== null) {
      this.at += octal[0].length;
      return String.fromCharCode(Number.parseInt(octal[0], 8));
    }
    const plain = ESCAPES[character];
    if (plain === undefined && character !== "u") throw this.unexpected("an escape of EDN");
    this.at += 1;
    return plain ?? this.hexEscape();
  }
}
