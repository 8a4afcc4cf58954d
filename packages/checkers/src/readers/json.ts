import { Cursor, DEFAULT_READ_LIMITS, ESCAPES, type Form, type ReadLimits } from "./cursor.ts";

/**
 * JSON (RFC 8259): any number of values one after the other, as in JSON lines; of an array at the top its elements. Stricter
 * than `JSON.parse` where that would lose something: a name twice in an object is an error, and integers beyond 2^53 are bigints.
 */
export function* readJson(text: string, limits: ReadLimits = DEFAULT_READ_LIMITS): Generator<Form> {
  const reader = new JsonReader(text, limits);
  for (;;) {
    reader.skipSpace();
    if (reader.isAtEnd) return;
    if (text[reader.at] === "[") yield* reader.elements();
    else yield reader.form(0);
    reader.skipSpace();
    if (text[reader.at] === ",") throw reader.unexpected("the next value");
  }
}

const WORD = /[\w+.-]*/y;

class JsonReader extends Cursor {
  skipSpace(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.at += 1;
    }
  }

  form(depth: number): Form {
    const at = this.at;
    return { at, value: this.value(depth) };
  }

  *elements(): Generator<Form> {
    const begin = this.at++;
    this.skipSpace();
    if (this.#take("]")) return;
    for (;;) {
      this.skipSpace();
      if (this.isAtEnd) throw this.truncated(begin, "an array");
      yield this.form(1);
      this.skipSpace();
      if (this.#take("]")) return;
      if (this.isAtEnd) throw this.truncated(begin, "an array");
      if (!this.#take(",")) throw this.unexpected('"," or "]"');
    }
  }

  value(depth: number): unknown {
    this.checkDepth(depth);
    const { text } = this;
    switch (text[this.at]) {
      case "{":
        return this.#object(depth);
      case "[":
        return this.#array(depth);
      case '"':
        return this.string("printable", () => this.#escape());
      default:
        return this.#word();
    }
  }

  #array(depth: number): unknown[] {
    const begin = this.at++;
    const values: unknown[] = [];
    this.skipSpace();
    if (this.#take("]")) return values;
    for (;;) {
      this.skipSpace();
      values.push(this.value(depth + 1));
      this.skipSpace();
      if (this.#take("]")) return values;
      if (this.isAtEnd) throw this.truncated(begin, "an array");
      if (!this.#take(",")) throw this.unexpected('"," or "]"');
    }
  }

  #object(depth: number): object {
    const begin = this.at++;
    const fields = new Map<string, unknown>();
    this.skipSpace();
    if (this.#take("}")) return {};
    for (;;) {
      this.skipSpace();
      if (this.text[this.at] !== '"') throw this.unexpected("a name in double quotes");
      const at = this.at;
      const name = this.string("printable", () => this.#escape());
      if (fields.has(name)) {
        const problem = `the name ${JSON.stringify(name)} stands twice in one object`;
        throw this.error("bad-syntax", at, problem, "Keep the one that is meant.");
      }
      this.skipSpace();
      if (!this.#take(":")) throw this.unexpected('":"');
      this.skipSpace();
      fields.set(name, this.value(depth + 1));
      this.skipSpace();
      // A property of its own even for "__proto__".
      if (this.#take("}")) return Object.fromEntries(fields);
      if (this.isAtEnd) throw this.truncated(begin, "an object");
      if (!this.#take(",")) throw this.unexpected('"," or "}"');
    }
  }

  #word(): unknown {
    const at = this.at;
    const word = this.match(WORD);
    if (word === "null") return null;
    if (word === "true" || word === "false") return word === "true";
    if (word === "") throw this.unexpected("a value");
    if (word === "NaN" || /^[+-]?\d|^-?Infinity$/.test(word)) return this.#number(word, at);
    this.at = at;
    throw this.unexpected("a value");
  }

  #number(word: string, at: number): number | bigint {
    // What JSON leaves out of the numbers: "+1", "01", "1.".
    if (/^\+|^-?0\d|\.(?!\d)/.test(word)) throw this.badNumber(word, at, "is no number in JSON");
    return this.number(word, at);
  }

  #escape(): string {
    const character = this.text[this.at] ?? "";
    const plain = ESCAPES[character];
    if (plain === undefined && character !== "u") throw this.unexpected("an escape of JSON");
    this.at += 1;
    return plain ?? this.hexEscape();
  }

  #take(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }
}
