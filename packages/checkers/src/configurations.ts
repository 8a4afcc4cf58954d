const NONE = -1;
/** Of an entry, before its words: hash, next entry in the bucket, state, full words left out, words of answered and of unknown operations. */
const HASH = 0;
const NEXT = 1;
const STATE = 2;
const SKIPPED = 3;
const ANSWERED = 4;
const UNKNOWN = 5;
const HEADER = 6;

/**
 * Which sets of operations, with which state after them, a search has tried (Lowe, "Testing for linearizability", 2017).
 * All in two typed arrays: entries of 32-bit words one after the other, and buckets that point into them.
 */
export class Configurations {
  #arena: Int32Array = new Int32Array(4096);
  #end = 0;
  #buckets: Int32Array = new Int32Array(1024).fill(NONE);
  #count = 0;

  get weight(): number {
    return this.#arena.byteLength + this.#buckets.byteLength;
  }

  /**
   * Remembers a configuration, unless the same answered operations led to the same state before with no unknown operation
   * that this one does not hold too: what could not be completed from there cannot be completed from here.
   *
   * @param answered a set of bits, of which the words before `first` are full and those from `last` on empty.
   * @returns false if it was covered.
   */
  add(hash: number, state: number, answered: Int32Array, first: number, last: number, unknown: Int32Array): boolean {
    const bucket = hash & (this.#buckets.length - 1);
    for (let entry = this.#buckets[bucket]!; entry !== NONE; entry = this.#arena[entry + NEXT]!) {
      if (this.#arena[entry + HASH] !== hash || this.#arena[entry + STATE] !== state) continue;
      if (this.#covers(entry, answered, first, last, unknown)) return false;
    }
    this.#store(bucket, hash, state, answered, first, last, unknown);
    return true;
  }

  #covers(entry: number, answered: Int32Array, first: number, last: number, unknown: Int32Array): boolean {
    const arena = this.#arena;
    const words = arena[entry + ANSWERED]!;
    if (arena[entry + SKIPPED] !== first || words !== last - first) return false;
    let at = entry + HEADER;
    for (let word = 0; word < words; word += 1) if (arena[at + word] !== answered[first + word]) return false;
    at += words;
    const used = arena[entry + UNKNOWN]!;
    for (let word = 0; word < used; word += 1) if ((arena[at + word]! & ~unknown[word]!) !== 0) return false;
    return true;
  }

  #store(
    bucket: number,
    hash: number,
    state: number,
    answered: Int32Array,
    first: number,
    last: number,
    unknown: Int32Array,
  ): void {
    let used = unknown.length;
    while (used > 0 && unknown[used - 1] === 0) used -= 1;
    const words = last - first;
    this.#reserve(HEADER + words + used);
    const arena = this.#arena;
    const entry = this.#end;
    arena[entry + HASH] = hash;
    arena[entry + NEXT] = this.#buckets[bucket]!;
    arena[entry + STATE] = state;
    arena[entry + SKIPPED] = first;
    arena[entry + ANSWERED] = words;
    arena[entry + UNKNOWN] = used;
    for (let word = 0; word < words; word += 1) arena[entry + HEADER + word] = answered[first + word]!;
    for (let word = 0; word < used; word += 1) arena[entry + HEADER + words + word] = unknown[word]!;
    this.#end += HEADER + words + used;
    this.#buckets[bucket] = entry;
    this.#count += 1;
    if (this.#count > this.#buckets.length) this.#rehash();
  }

  #reserve(words: number): void {
    if (this.#end + words <= this.#arena.length) return;
    const larger = new Int32Array(Math.max(this.#arena.length * 2, this.#end + words));
    larger.set(this.#arena);
    this.#arena = larger;
  }

  #rehash(): void {
    this.#buckets = new Int32Array(this.#buckets.length * 2).fill(NONE);
    const arena = this.#arena;
    for (let entry = 0; entry < this.#end; ) {
      const bucket = arena[entry + HASH]! & (this.#buckets.length - 1);
      arena[entry + NEXT] = this.#buckets[bucket]!;
      this.#buckets[bucket] = entry;
      entry += HEADER + arena[entry + ANSWERED]! + arena[entry + UNKNOWN]!;
    }
  }
}
