/** gRPC's framing: one byte (0: not compressed), four bytes of length, the message (gRPC over HTTP/2, "Length-Prefixed-Message"). */

const HEADER = 5;

export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(HEADER + message.length);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, HEADER);
  return framed;
}

/** Puts messages together from the pieces in which they arrive. */
export class Deframer {
  #held: Buffer = Buffer.alloc(0);
  readonly #each: (message: Uint8Array) => void;
  readonly #largest: number;

  /** @param largest bytes; a longer message is refused, so that no peer grows this process's memory at will. */
  constructor(each: (message: Uint8Array) => void, largest: number) {
    this.#each = each;
    this.#largest = largest;
  }

  /** @returns what is wrong with the stream, if anything. */
  push(piece: Buffer): string | undefined {
    this.#held = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece]);
    let at = 0;
    while (this.#held.length - at >= HEADER) {
      if (this.#held[at] !== 0) return "the answer is compressed, which was not asked for";
      const length = this.#held.readUInt32BE(at + 1);
      if (length > this.#largest) return `a message of ${length} bytes is beyond the limit of ${this.#largest}`;
      if (this.#held.length - at - HEADER < length) break;
      this.#each(this.#held.subarray(at + HEADER, at + HEADER + length));
      at += HEADER + length;
    }
    if (at > 0) this.#held = this.#held.subarray(at);
    return undefined;
  }
}
