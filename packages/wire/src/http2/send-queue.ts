const FIRST_SLAB = 256;
const LARGEST_SLAB = 16_384;

/**
 * DATA that waits for the peer's windows, and the trailers behind it: a queue of octets. Small messages are gathered in
 * slabs, so that a stream with many of them costs their octets, not an object for each.
 */
export class SendQueue {
  /** How much waits, octets. */
  bytes = 0;
  /** END_STREAM follows what waits: on its last frame, or with these trailers. */
  ends = false;
  trailers: Uint8Array | undefined = undefined;
  private readonly parts: Uint8Array[] = [];
  /** The part that is sent next, and how much of it has left. */
  private first = 0;
  private sent = 0;
  /** Octets free at the end of the last part. */
  private room = 0;
  private nextSlab = FIRST_SLAB;

  /** `bytes` may be kept as they are: they are the queue's from now on. */
  append(bytes: Uint8Array): void {
    this.bytes += bytes.length;
    const fits = Math.min(this.room, bytes.length);
    if (fits > 0) {
      const last = this.parts[this.parts.length - 1]!;
      last.set(bytes.subarray(0, fits), last.length - this.room);
      this.room -= fits;
    }
    if (fits < bytes.length) this.addPart(bytes.subarray(fits));
  }

  /** @returns a view of what is sent next; empty if nothing waits. */
  front(): Uint8Array {
    const part = this.parts[this.first];
    if (part === undefined) return new Uint8Array(0);
    const end = this.first === this.parts.length - 1 ? part.length - this.room : part.length;
    return part.subarray(this.sent, end);
  }

  /** Takes `size` octets, at most the length of `front()`, off the front. */
  drop(size: number): void {
    this.bytes -= size;
    this.sent += size;
    if (this.sent < this.parts[this.first]!.length) return;
    this.sent = 0;
    this.first++;
    // Removing from the front of a long array moves the rest of it, so it is done rarely.
    if (this.first < 64 || this.first * 2 < this.parts.length) return;
    this.parts.splice(0, this.first);
    this.first = 0;
  }

  private addPart(bytes: Uint8Array): void {
    this.room = 0;
    if (bytes.length >= this.nextSlab) {
      this.parts.push(bytes);
      return;
    }
    const slab = new Uint8Array(this.nextSlab);
    slab.set(bytes);
    this.parts.push(slab);
    this.room = slab.length - bytes.length;
    this.nextSlab = Math.min(this.nextSlab * 2, LARGEST_SLAB);
  }
}
