import { ENTRY_OVERHEAD, type HeaderField } from "./header-field.ts";

/** The dynamic table of one direction (RFC 7541 §2.3.2, §4): newest first, evicting by size. */
export class DynamicTable {
  /** Current limit in octets, set by size updates; never above what was announced. */
  maxSize: number;
  size = 0;
  count = 0;
  /** Rises with every change: what was derived from the table is still right while this stays. */
  version = 0;
  private readonly ring: (HeaderField | undefined)[];
  private inserted = 0;

  constructor(maxSize: number) {
    this.maxSize = maxSize;
    this.ring = new Array<HeaderField | undefined>(Math.floor(maxSize / ENTRY_OVERHEAD) + 1).fill(undefined);
  }

  /** @param age 0 is the newest entry. */
  at(age: number): HeaderField | undefined {
    if (age >= this.count) return undefined;
    return this.ring[(this.inserted - 1 - age) % this.ring.length];
  }

  insert(field: HeaderField): void {
    this.version++;
    this.evictTo(this.maxSize - field.size);
    if (field.size > this.maxSize) return; // not an error: it only empties the table, §4.4
    this.ring[this.inserted % this.ring.length] = field;
    this.inserted++;
    this.count++;
    this.size += field.size;
  }

  resize(maxSize: number): void {
    this.version++;
    this.maxSize = maxSize;
    this.evictTo(maxSize);
  }

  private evictTo(size: number): void {
    while (this.count > 0 && this.size > size) {
      const slot = (this.inserted - this.count) % this.ring.length;
      this.size -= this.ring[slot]!.size;
      this.ring[slot] = undefined;
      this.count--;
    }
  }
}
