const NEWLINE = 10;
const NOTHING: Uint8Array = new Uint8Array(0);

/** Puts lines together from the pieces in which they arrive. */
export class Lines {
  #held: Uint8Array[] = [];
  #length = 0;
  readonly #longest: number;

  /** @param longest bytes; a longer line is refused, so that no server grows this process's memory at will. */
  constructor(longest: number) {
    this.#longest = longest;
  }

  /** @returns the lines that the piece completes, without their ends. @throws RangeError */
  push(piece: Uint8Array): Uint8Array[] {
    const lines: Uint8Array[] = [];
    let from = 0;
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, from)) {
      lines.push(this.#with(piece.subarray(from, end)));
      from = end + 1;
    }
    const rest = piece.subarray(from);
    if (rest.length > 0) this.#held.push(rest);
    this.#length += rest.length;
    if (this.#length > this.#longest)
      throw new RangeError(`a message is longer than the limit of ${this.#longest} bytes`);
    return lines;
  }

  /** What came without an end of line. */
  rest(): Uint8Array {
    return this.#with(NOTHING);
  }

  #with(last: Uint8Array): Uint8Array {
    if (this.#held.length === 0) return last;
    const line = new Uint8Array(this.#length + last.length);
    let at = 0;
    for (const piece of this.#held) {
      line.set(piece, at);
      at += piece.length;
    }
    line.set(last, at);
    this.#held = [];
    this.#length = 0;
    return line;
  }
}
