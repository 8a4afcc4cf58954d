/** Most frames and octets of one header block: floods of CONTINUATION end here (CVE-2024-27316 and its kin). */
const MOST_FRAMES = 64;
const MOST_OCTETS = 32_768;

/** Joins HEADERS and the CONTINUATION frames behind it (RFC 9113 §4.3, §6.10). */
export class HeaderBlock {
  /** The stream whose block is incomplete; 0: none is, and any frame may come. */
  stream = 0;
  /** END_STREAM was set on the HEADERS frame. */
  endStream = false;
  length = 0;
  bytes: Uint8Array = new Uint8Array(0);
  private frames = 0;

  begin(stream: number, endStream: boolean): void {
    this.stream = stream;
    this.endStream = endStream;
    this.length = 0;
    this.frames = 0;
    this.bytes = new Uint8Array(4096);
  }

  /** @returns false if the block is too long. */
  add(bytes: Uint8Array, start: number, end: number): boolean {
    const length = this.length + end - start;
    if (++this.frames > MOST_FRAMES || length > MOST_OCTETS) return false;
    if (length > this.bytes.length) {
      const grown = new Uint8Array(Math.max(length, this.bytes.length * 2));
      grown.set(this.bytes.subarray(0, this.length));
      this.bytes = grown;
    }
    this.bytes.set(bytes.subarray(start, end), this.length);
    this.length = length;
    return true;
  }

  finish(): void {
    this.stream = 0;
  }
}
