export type HistoryErrorCode =
  | "bad-encoding"
  | "bad-syntax"
  | "truncated"
  | "too-deep"
  | "too-long"
  | "too-many"
  | "bad-number"
  | "bad-operation"
  | "bad-time"
  | "double-invoke"
  | "not-invoked"
  | "empty"
  | "unknown-format"
  | "unsupported-version";

/** A file that is no history: what is wrong, where, and what to do about it. */
export class HistoryError extends Error {
  override readonly name = "HistoryError";
  readonly code: HistoryErrorCode;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 code units; in bytes if the file is not text. */
  readonly column: number;
  readonly problem: string;
  readonly advice: string;

  constructor(code: HistoryErrorCode, line: number, column: number, problem: string, advice: string) {
    super(`line ${line}, column ${column}: ${problem}. ${advice}`);
    this.code = code;
    this.line = line;
    this.column = column;
    this.problem = problem;
    this.advice = advice;
  }
}

export function errorAt(
  text: string,
  at: number,
  code: HistoryErrorCode,
  problem: string,
  advice: string,
): HistoryError {
  let line = 1;
  let start = 0;
  for (;;) {
    const end = text.indexOf("\n", start);
    if (end < 0 || end >= at) break;
    line += 1;
    start = end + 1;
  }
  return new HistoryError(code, line, at - start + 1, problem, advice);
}

/** A piece of the file for an error message: short, one line, nothing unprintable. */
export function quoted(text: string): string {
  const short = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  return JSON.stringify(short);
}
