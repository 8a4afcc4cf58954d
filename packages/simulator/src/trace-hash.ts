/** A running hash over everything that happened, in order. Two runs are the same run if and (but for chance) only if these agree. */
export class TraceHash {
  #low = 0x811c9dc5;
  #high = 0x2f0b4c47;

  /** @param value any safe integer. */
  mix(value: number): void {
    const low = (this.#low ^ value) | 0;
    this.#low = Math.imul(low ^ (low >>> 15), 0x2c1b3c6d);
    const high = (this.#high + value + value / 0x1_0000_0000) | 0;
    this.#high = Math.imul(high ^ (high >>> 13), 0x297a2d39) ^ this.#low;
  }

  /** 16 hexadecimal digits. */
  toString(): string {
    return hex(this.#high) + hex(this.#low);
  }
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}

/** A 32-bit digest of bytes, for traces and for comparing entries. */
export function digestBytes(bytes: Uint8Array): number {
  let hash = bytes.length | 0;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193) ^ (hash >>> 15);
  return hash;
}
