import type { KeyValue } from "./key-value.ts";

const CHUNK = 1024;

/** The log as it was at some moment. */
export interface FrozenLog {
  readonly length: number;
  records(): Iterable<KeyValue>;
}

/**
 * All records in the order in which they were written (main revision, then sub-revision): what watches catch up from, what
 * a snapshot holds, and the order in which compaction goes. Filled chunks never change; only the last one grows, so a
 * frozen view is the list of chunks and a length.
 */
export class RevisionLog {
  #chunks: KeyValue[][] = [[]];
  #length = 0;
  /** A frozen view holds the list of chunks: copy it before anything but an append. */
  #shared = false;

  get length(): number {
    return this.#length;
  }

  get chunkCount(): number {
    return this.#chunks.length;
  }

  /** The newest record; undefined if there is none, or compaction has removed it. */
  get last(): KeyValue | undefined {
    const chunk = this.#chunks[this.#chunks.length - 1]!;
    return chunk[chunk.length - 1];
  }

  append(record: KeyValue): void {
    let last = this.#chunks[this.#chunks.length - 1]!;
    record.sub = subRevisionAfter(last[last.length - 1], record.modRevision);
    if (last.length === CHUNK) {
      last = [];
      this.#chunks.push(last);
    }
    last.push(record);
    this.#length += 1;
  }

  freeze(): FrozenLog {
    this.#shared = true;
    const chunks = this.#chunks;
    const length = this.#length;
    return {
      length,
      *records(): Iterable<KeyValue> {
        let left = length;
        for (let i = 0; left > 0; i += 1) {
          const chunk = chunks[i]!;
          const count = Math.min(chunk.length, left);
          for (let k = 0; k < count; k += 1) yield chunk[k]!;
          left -= count;
        }
      },
    };
  }

  /** Calls `visit` for each record from main revision `revision` on, until it answers false. */
  visitSince(revision: number, visit: (record: KeyValue) => boolean): void {
    for (let i = this.#firstChunkWith(revision); i < this.#chunks.length; i += 1) {
      const chunk = this.#chunks[i]!;
      for (let k = firstWith(chunk, revision); k < chunk.length; k += 1) if (!visit(chunk[k]!)) return;
    }
  }

  /** A chunk, for compaction; it must not be changed. */
  chunk(at: number): readonly KeyValue[] {
    return this.#chunks[at]!;
  }

  /**
   * Puts `survivors` in the place of chunk `at`, or at the end of the chunk before it if there is room.
   * @returns where to go on.
   */
  replaceChunk(at: number, survivors: KeyValue[]): number {
    const old = this.#chunks[at]!;
    if (survivors.length === old.length) return at + 1;
    if (this.#shared) this.#chunks = this.#chunks.slice();
    this.#shared = false;
    this.#length -= old.length - survivors.length;
    const before = this.#chunks[at - 1];
    const last = at === this.#chunks.length - 1;
    if (last || (survivors.length > 0 && (before === undefined || before.length + survivors.length > CHUNK))) {
      this.#chunks[at] = survivors;
      return at + 1;
    }
    if (survivors.length > 0) this.#chunks[at - 1] = before!.concat(survivors);
    this.#chunks.splice(at, 1);
    return at;
  }

  #firstChunkWith(revision: number): number {
    let low = 0;
    let high = this.#chunks.length - 1; // the last one may be empty
    while (low < high) {
      const middle = (low + high) >>> 1;
      const chunk = this.#chunks[middle]!;
      if (chunk[chunk.length - 1]!.modRevision >= revision) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** Which sub-revision follows: they count within one main revision. */
export function subRevisionAfter(before: KeyValue | undefined, modRevision: number): number {
  return before !== undefined && before.modRevision === modRevision ? before.sub + 1 : 0;
}

function firstWith(chunk: readonly KeyValue[], revision: number): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (chunk[middle]!.modRevision < revision) low = middle + 1;
    else high = middle;
  }
  return low;
}
