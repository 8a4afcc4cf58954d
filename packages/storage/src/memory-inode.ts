/** What a disk writes whole or not at all. */
export const SECTOR_BYTES = 512;

/** Seeded choices; `below(n)` is an integer from 0 to n − 1. */
export interface RandomSource {
  below(n: number): number;
}

interface Change {
  readonly order: number;
  readonly type: "write" | "truncate";
  /** The start of a write, the new size of a truncation. */
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** A sync that covered it failed: it may or may not be on disk, and no later sync changes that. */
  doomed: boolean;
}

const NOTHING = new Uint8Array(0);

/** The contents of one file: as read now, as on disk for certain, and the changes that lie between. */
export class MemoryInode {
  readonly #current = new Content();
  readonly #durable = new Content();
  #unsynced: Change[] = [];
  #order = 0;

  get size(): number {
    return this.#current.size;
  }

  /** Changes so far. A sync covers those made before it was asked for. */
  get changes(): number {
    return this.#order;
  }

  read(offset: number, length: number): Uint8Array {
    return this.#current.read(offset, length);
  }

  write(offset: number, bytes: Uint8Array): void {
    this.#current.write(offset, bytes);
    this.#record("write", offset, bytes.slice());
  }

  truncate(size: number): void {
    this.#current.truncate(size);
    this.#record("truncate", size, NOTHING);
  }

  /** Makes the first `covered` changes durable. */
  settle(covered: number): void {
    const rest: Change[] = [];
    for (const change of this.#unsynced) {
      if (change.order > covered || change.doomed) rest.push(change);
      else apply(this.#durable, change);
    }
    this.#unsynced = rest;
  }

  /** A sync of the first `covered` changes failed. */
  doom(covered: number): void {
    for (const change of this.#unsynced) if (change.order <= covered) change.doomed = true;
  }

  /** Leaves what was synced, and of the rest what `random` lets through, in the order in which it was written. */
  crash(random: RandomSource): void {
    for (const change of this.#unsynced) {
      if (change.type === "truncate") {
        if (random.below(2) === 1) apply(this.#durable, change);
      } else {
        applyTorn(this.#durable, change, random);
      }
    }
    this.#unsynced = [];
    this.#current.copyFrom(this.#durable);
  }

  flipBit(offset: number, bit: number): void {
    for (const content of [this.#current, this.#durable]) {
      const byte = content.read(offset, 1);
      if (byte.length === 1) content.write(offset, Uint8Array.of(byte[0]! ^ (1 << bit)));
    }
  }

  damage(offset: number, bytes: Uint8Array): void {
    for (const content of [this.#current, this.#durable]) {
      const room = Math.max(0, content.size - offset);
      content.write(offset, bytes.subarray(0, Math.min(bytes.length, room)));
    }
  }

  #record(type: Change["type"], offset: number, bytes: Uint8Array): void {
    this.#order += 1;
    this.#unsynced.push({ order: this.#order, type, offset, bytes, doomed: false });
  }
}

function apply(content: Content, change: Change): void {
  if (change.type === "truncate") content.truncate(change.offset);
  else content.write(change.offset, change.bytes);
}

/** One write under way when the power went: all, nothing, its first sectors, or any of its sectors. */
function applyTorn(content: Content, change: Change, random: RandomSource): void {
  const { offset, bytes } = change;
  const firstSector = Math.floor(offset / SECTOR_BYTES);
  const sectors = Math.ceil((offset + bytes.length) / SECTOR_BYTES) - firstSector;
  const choice = random.below(4);
  if (choice === 0) return;
  const kept = choice === 2 ? random.below(sectors + 1) : sectors;
  for (let sector = 0; sector < kept; sector += 1) {
    if (choice === 3 && random.below(2) === 0) continue;
    const start = Math.max(offset, (firstSector + sector) * SECTOR_BYTES);
    const end = Math.min(offset + bytes.length, (firstSector + sector + 1) * SECTOR_BYTES);
    content.write(start, bytes.subarray(start - offset, end - offset));
  }
}

/** Bytes with a size of their own: what lies beyond the last written byte reads as zeros and takes no memory. */
class Content {
  size = 0;
  #bytes: Uint8Array = NOTHING;

  read(offset: number, length: number): Uint8Array {
    const end = Math.min(this.size, offset + length);
    if (end <= offset) return NOTHING;
    const result = new Uint8Array(end - offset);
    if (offset < this.#bytes.length) result.set(this.#bytes.subarray(offset, Math.min(end, this.#bytes.length)));
    return result;
  }

  write(offset: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const end = offset + bytes.length;
    this.#reserve(end);
    this.#bytes.set(bytes, offset);
    this.size = Math.max(this.size, end);
  }

  truncate(size: number): void {
    if (size < this.#bytes.length) this.#bytes.fill(0, size);
    this.size = size;
  }

  copyFrom(other: Content): void {
    this.size = other.size;
    this.#bytes = other.#bytes.slice();
  }

  #reserve(end: number): void {
    if (end <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(end, 2 * this.#bytes.length, 1024));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}
