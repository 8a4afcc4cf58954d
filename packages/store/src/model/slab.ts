/** Keys and values lie in slabs: a byte array of its own would cost some 200 bytes of heap for each. */
export class Slab {
  readonly bytes: Uint8Array;
  /** Bytes that records still refer to. */
  live = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

export const SLAB_SIZE: number = 64 * 1024;
/** What is larger gets a slab of its own, so that little is lost at a slab's end. */
const LARGEST_SHARED = SLAB_SIZE / 4;

/** Hands out places in slabs; the garbage collector frees a slab when no record refers to it. */
export class SlabAllocator {
  #current: Slab = new Slab(new Uint8Array(SLAB_SIZE));
  #adopted: Slab = this.#current;
  #used = 0;
  #totalBytes = SLAB_SIZE;
  #liveBytes = 0;

  /** Bytes of all slabs that are referred to. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  get liveBytes(): number {
    return this.#liveBytes;
  }

  /** The slab in which the next `length` bytes go; `place` then says where. */
  slabFor(length: number): Slab {
    if (length > LARGEST_SHARED) {
      this.#totalBytes += length;
      return new Slab(new Uint8Array(length));
    }
    if (this.#used + length > SLAB_SIZE) {
      if (this.#current.live === 0) this.#totalBytes -= SLAB_SIZE;
      this.#current = new Slab(new Uint8Array(SLAB_SIZE));
      this.#totalBytes += SLAB_SIZE;
      this.#used = 0;
    }
    return this.#current;
  }

  /** @returns the offset of `length` bytes in `slab`, which came from `slabFor(length)`. */
  place(slab: Slab, length: number): number {
    slab.live += length;
    this.#liveBytes += length;
    if (slab !== this.#current) return 0;
    const offset = this.#used;
    this.#used += length;
    return offset;
  }

  /**
   * Makes a slab of bytes that hold a record already, and notes one of `length` bytes in it. Nobody may change them.
   * Records that lie in the same array come one after the other.
   */
  adopt(bytes: Uint8Array, length: number): Slab {
    if (this.#adopted.bytes !== bytes) this.#adopted = new Slab(bytes);
    return this.#alsoIn(this.#adopted, length);
  }

  /** The same for a record somewhere in this memory: a slab's offsets are the buffer's. */
  adoptBuffer(buffer: ArrayBufferLike, length: number): Slab {
    if (this.#adopted.bytes.buffer !== buffer || this.#adopted.bytes.length !== buffer.byteLength)
      this.#adopted = new Slab(new Uint8Array(buffer));
    return this.#alsoIn(this.#adopted, length);
  }

  #alsoIn(adopted: Slab, length: number): Slab {
    if (adopted.live === 0) this.#totalBytes += adopted.bytes.length;
    adopted.live += length;
    this.#liveBytes += length;
    return adopted;
  }

  release(slab: Slab, length: number): void {
    slab.live -= length;
    this.#liveBytes -= length;
    if (slab.live === 0 && slab !== this.#current) this.#totalBytes -= slab.bytes.length;
  }

  /** Less than half of the slab is in use: what survives in it had better move. */
  isSparse(slab: Slab): boolean {
    return slab !== this.#current && slab.live * 2 < slab.bytes.length;
  }
}
