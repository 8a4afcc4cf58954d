import { EMPTY_BYTES } from "../bytes.ts";

/** What was received and not yet understood. Each octet is copied a few times at most, however small the chunks are. */
export class InputBuffer {
  private room: Uint8Array = EMPTY_BYTES;
  private start = 0;
  private end = 0;
  private isOurs = false;

  /** A view, valid until the next call. */
  get bytes(): Uint8Array {
    return this.room.subarray(this.start, this.end);
  }

  append(chunk: Uint8Array): void {
    const held = this.end - this.start;
    if (held === 0) {
      // The usual case: whole frames, which need no copy.
      this.room = chunk;
      this.start = 0;
      this.end = chunk.length;
      return;
    }
    const needed = held + chunk.length;
    // Never written to in place while it may be somebody's chunk: the first growth makes it ours, with room to spare.
    if (this.end + chunk.length > this.room.length || !this.isOurs) {
      const grown = new Uint8Array(needed * 2);
      grown.set(this.bytes);
      this.room = grown;
      this.isOurs = true;
      this.start = 0;
      this.end = held;
    }
    this.room.set(chunk, this.end);
    this.end += chunk.length;
  }

  consume(octets: number): void {
    this.start += octets;
    if (this.start < this.end) return;
    this.room = EMPTY_BYTES;
    this.isOurs = false;
    this.start = 0;
    this.end = 0;
  }
}
