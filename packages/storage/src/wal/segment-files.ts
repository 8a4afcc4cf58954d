import type { Disk, DiskFile } from "../disk.ts";
import { isSpareName, segmentName, sequenceOf, spareName } from "./format.ts";
import type { SegmentInfo } from "./types.ts";

/** Which segment files there are, which of them are still needed, and where new ones come from. */
export class SegmentFiles {
  readonly #disk: Disk;
  readonly #segmentBytes: number;
  readonly #maxSpares: number;
  readonly #closed: SegmentInfo[];
  readonly #released = new Map<number, number>();
  #spares: string[];
  #closedBytes = 0;

  constructor(disk: Disk, closed: readonly SegmentInfo[], options: { segmentBytes: number; maxSpares: number }) {
    this.#disk = disk;
    this.#segmentBytes = options.segmentBytes;
    this.#maxSpares = options.maxSpares;
    this.#closed = [...closed];
    for (const segment of closed) this.#closedBytes += segment.size;
    this.#spares = disk.list().filter(isSpareName);
  }

  get count(): number {
    return this.#closed.length;
  }

  get bytes(): number {
    return this.#closedBytes + this.#spares.length * this.#segmentBytes;
  }

  /** Sequence number of the oldest closed segment that is kept. */
  get oldest(): number | undefined {
    return this.#closed[0]?.sequence;
  }

  close(segment: SegmentInfo): void {
    this.#closed.push(segment);
    this.#closedBytes += segment.size;
  }

  release(group: number, index: number): void {
    if (index > (this.#released.get(group) ?? 0)) this.#released.set(group, index);
  }

  /** Takes the segments that nobody needs any more off the list, oldest first, up to the first one that is needed. */
  takeFree(): SegmentInfo[] {
    let free = 0;
    while (free < this.#closed.length && this.#isFree(this.#closed[free]!)) free += 1;
    if (free === 0) return [];
    const taken = this.#closed.splice(0, free);
    for (const segment of taken) this.#closedBytes -= segment.size;
    return taken;
  }

  /** Keeps the file of a segment that is not needed as a spare, or removes it. */
  retire(segment: SegmentInfo): void {
    const name = segmentName(segment.sequence);
    if (segment.size !== this.#segmentBytes || this.#spares.length >= this.#maxSpares) {
      this.#disk.remove(name);
      return;
    }
    const spare = spareName(segment.sequence);
    this.#disk.rename(name, spare);
    this.#spares.push(spare);
  }

  removeLeftovers(names: readonly string[]): void {
    const present = new Set(this.#disk.list());
    for (const name of names) if (present.has(name)) this.#disk.remove(name);
  }

  /** @returns whether the name that the next segment takes is in use: somebody else writes this log. */
  isTaken(sequence: number): boolean {
    return this.#disk.list().some((name) => sequenceOf(name) === sequence);
  }

  /** A file for a new segment: a spare where its size fits, else a new one that is all holes and not yet durable. */
  create(sequence: number, size: number): { file: DiskFile; recycled: boolean } {
    const name = segmentName(sequence);
    while (size === this.#segmentBytes && this.#spares.length > 0) {
      const spare = this.#spares.pop()!;
      const file = this.#disk.open(spare, false);
      const fits = file.size() === size;
      file.close();
      if (fits) {
        this.#disk.rename(spare, name);
        return { file: this.#disk.open(name, false), recycled: true };
      }
      this.#disk.remove(spare);
    }
    const file = this.#disk.open(name, true);
    file.truncate(size);
    return { file, recycled: false };
  }

  #isFree(segment: SegmentInfo): boolean {
    for (const [group, lastIndex] of segment.needs) {
      if (lastIndex > (this.#released.get(group) ?? 0)) return false;
    }
    return true;
  }
}
