import { errorAt, type HistoryError, type HistoryErrorCode, quoted } from "./history-error.ts";

/** One value of a file and where it begins. */
export interface Form {
  readonly value: unknown;
  readonly at: number;
}

export interface ReadLimits {
  /** UTF-16 code units of one string. */
  readonly maxString: number;
  /** Values inside values. */
  readonly maxDepth: number;
}

export const DEFAULT_READ_LIMITS: ReadLimits = { maxString: 4 * 2 ** 20, maxDepth: 64 };

const QUOTE = 0x22;
const STRING_PART = /[^"\\]*/y;
const MAX_DIGITS = 400;
const INTEGER = /^[+-]?\d+$/;
const DECIMAL = /^[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?$/;

/** A place in a text, and what EDN and JSON have in common. */
export class Cursor {
  readonly text: string;
  readonly limits: ReadLimits;
  at = 0;

  constructor(text: string, limits: ReadLimits) {
    this.text = text;
    this.limits = limits;
  }

  get isAtEnd(): boolean {
    return this.at >= this.text.length;
  }

  error(code: HistoryErrorCode, at: number, problem: string, advice: string): HistoryError {
    return errorAt(this.text, at, code, problem, advice);
  }

  unexpected(wanted: string): HistoryError {
    if (this.isAtEnd) return this.truncated(this.at, wanted);
    const found = String.fromCodePoint(this.text.codePointAt(this.at) as number);
    return this.error(
      "bad-syntax",
      this.at,
      `${quoted(found)} where ${wanted} should be`,
      "Correct this place by hand.",
    );
  }

  truncated(from: number, what: string): HistoryError {
    return this.error(
      "truncated",
      from,
      `the file ends inside of ${what}`,
      "It was cut off: take a whole copy, or remove what follows this place.",
    );
  }

  checkDepth(depth: number): void {
    if (depth <= this.limits.maxDepth) return;
    const problem = `values lie more than ${this.limits.maxDepth} deep in each other`;
    throw this.error("too-deep", this.at, problem, "No operation needs that; is this a history?");
  }

  /** @param token an integer or decimal; @param at where it stands. */
  number(token: string, at: number): number | bigint {
    if (token.length > MAX_DIGITS) throw this.badNumber(token, at, `has more than ${MAX_DIGITS} digits`);
    if (INTEGER.test(token)) {
      const value = Number(token);
      // Two integers that a double cannot tell apart must not become one value.
      return Number.isSafeInteger(value) ? value : BigInt(token.replace("+", ""));
    }
    if (!DECIMAL.test(token)) throw this.badNumber(token, at, "is no number");
    const value = Number(token);
    if (!Number.isFinite(value)) throw this.badNumber(token, at, "is too large for a number");
    return value;
  }

  badNumber(token: string, at: number, why: string): HistoryError {
    const advice = "Write integers, decimals, or a string if it only is to be compared.";
    return this.error("bad-number", at, `${quoted(token)} ${why}`, advice);
  }

  /** What the sticky pattern finds here, and moves behind it. */
  match(pattern: RegExp): string {
    const begin = this.at;
    pattern.lastIndex = begin;
    pattern.test(this.text);
    this.at = Math.max(begin, pattern.lastIndex);
    return this.text.slice(begin, this.at);
  }

  /**
   * A string in double quotes, from its opening quote on.
   * @param allowed which characters may stand for themselves. @param escaped reads what follows a backslash.
   */
  string(allowed: "any" | "printable", escaped: () => string): string {
    const begin = this.at++;
    let value = "";
    for (;;) {
      const part = this.at;
      value += this.match(STRING_PART);
      if (this.at - begin > this.limits.maxString) throw this.tooLong(begin);
      if (allowed === "printable") this.#checkPrintable(part, this.at);
      const code = this.text.charCodeAt(this.at);
      if (Number.isNaN(code)) throw this.truncated(begin, "a string");
      this.at += 1;
      if (code === QUOTE) return value;
      value += escaped();
    }
  }

  #checkPrintable(from: number, to: number): void {
    for (let at = from; at < to; at += 1) {
      if (this.text.charCodeAt(at) >= 0x20) continue;
      this.at = at;
      throw this.unexpected("the rest of a string, or its closing quote,");
    }
  }

  tooLong(at: number): HistoryError {
    const problem = `a text is longer than ${this.limits.maxString} characters`;
    return this.error("too-long", at, problem, "Record a digest of large values instead, or raise the limit.");
  }

  /** After "\u". */
  hexEscape(): string {
    const digits = this.text.slice(this.at, this.at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw this.unexpected("four hexadecimal digits");
    this.at += 4;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }
}

export const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};
