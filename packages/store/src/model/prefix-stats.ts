import type { KeyValue } from "./key-value.ts";

/** What counts as a prefix of a key: up to and with its n-th delimiter; one that stands in front is not counted. */
export interface PrefixSettings {
  /** The byte; "/" in etcd's habits. */
  readonly delimiter: number;
  /** How many; 0 measures nothing. Of keys with fewer delimiters, up to the last one. */
  readonly depth: number;
  /** Prefixes told apart at most; keys of further ones are counted together. */
  readonly most: number;
}

export const DEFAULT_PREFIXES: PrefixSettings = { delimiter: 0x2f, depth: 2, most: 1024 };

/** What there is under a prefix. */
export interface PrefixStat {
  readonly prefix: Uint8Array;
  readonly hash: number;
  /** Keys that exist, and their bytes: keys and newest values. */
  keys: number;
  bytes: number;
  /** Puts and deletes since this node began to measure. */
  writes: number;
}

/** Delimiters further behind than this do not count: it bounds what a long key may cost. */
const LONGEST = 256;
const EMPTY = new Uint8Array(0);

/**
 * Keys, bytes and writes by prefix, kept with each write: a loop over the first bytes of its key and one look into a hash
 * table. It is this node's own and no part of the replicated state.
 */
export class PrefixStats {
  readonly settings: PrefixSettings;
  /** Keys of prefixes for which there was no place. */
  readonly others: PrefixStat = stat(EMPTY, 0);
  readonly #mask: number;
  #table: (PrefixStat | undefined)[];
  #count = 0;
  /** Where the prefix of the key looked at ends, and its hash. */
  #end = 0;
  #hash = 0;

  constructor(settings: PrefixSettings = DEFAULT_PREFIXES) {
    this.settings = settings;
    let size = 4;
    while (size < 2 * settings.most) size *= 2;
    this.#mask = size - 1;
    this.#table = new Array(size).fill(undefined);
  }

  /** The newest record of a key takes the place of `was`. */
  changed(record: KeyValue, was: KeyValue | undefined): void {
    const { bytes } = record.slab;
    this.#measure(bytes, record.offset, record.keyLength);
    const found = this.#find(bytes, record.offset);
    found.writes += 1;
    if (record.version !== 0) {
      found.keys += 1;
      found.bytes += record.keyLength + record.valueLength;
    }
    if (was === undefined || was.version === 0) return;
    found.keys -= 1;
    found.bytes -= was.keyLength + was.valueLength;
  }

  /** All prefixes that were seen, the largest first, those without keys too; not `others`. */
  list(): PrefixStat[] {
    const all = this.#table.filter((entry) => entry !== undefined);
    return all.sort((a, b) => b.bytes - a.bytes);
  }

  /** What was counted so far was no write: it was read from a snapshot. */
  forgetWrites(): void {
    for (const entry of this.#table) if (entry !== undefined) entry.writes = 0;
    this.others.writes = 0;
  }

  #measure(bytes: Uint8Array, offset: number, length: number): void {
    const { delimiter, depth } = this.settings;
    const last = offset + Math.min(length, LONGEST);
    let hash = 0x811c9dc5 | 0;
    let left = depth;
    this.#end = offset;
    this.#hash = hash;
    for (let at = offset; at < last; at += 1) {
      const byte = bytes[at]!;
      hash = Math.imul(hash ^ byte, 0x01000193);
      if (byte !== delimiter) continue;
      this.#end = at + 1;
      this.#hash = hash;
      if (at === offset) continue;
      left -= 1;
      if (left === 0) return;
    }
  }

  #find(bytes: Uint8Array, offset: number): PrefixStat {
    const hash = this.#hash;
    let at = (hash ^ (hash >>> 15)) & this.#mask;
    for (let entry = this.#table[at]; entry !== undefined; entry = this.#table[at]) {
      if (entry.hash === hash && isSame(entry.prefix, bytes, offset, this.#end)) return entry;
      at = (at + 1) & this.#mask;
    }
    // While any key is counted among the others a prefix may be split: no new one is told apart before they are gone.
    if (this.others.keys > 0) return this.others;
    if (this.#count >= this.settings.most) {
      if (!this.#dropEmpty()) return this.others;
      return this.#find(bytes, offset);
    }
    const created = stat(bytes.slice(offset, this.#end), hash);
    this.#table[at] = created;
    this.#count += 1;
    return created;
  }

  /** Makes room. @returns whether there was a prefix without keys */
  #dropEmpty(): boolean {
    const kept = this.#table.filter((entry) => entry !== undefined && entry.keys > 0) as PrefixStat[];
    if (kept.length === this.#count) return false;
    this.#table = new Array(this.#mask + 1).fill(undefined);
    for (const entry of kept) {
      let at = (entry.hash ^ (entry.hash >>> 15)) & this.#mask;
      while (this.#table[at] !== undefined) at = (at + 1) & this.#mask;
      this.#table[at] = entry;
    }
    this.#count = kept.length;
    return true;
  }
}

/** @returns undefined: nothing is to be measured */
export function statsOf(settings: PrefixSettings | undefined): PrefixStats | undefined {
  return settings === undefined || settings.depth === 0 ? undefined : new PrefixStats(settings);
}

function stat(prefix: Uint8Array, hash: number): PrefixStat {
  return { prefix, hash, keys: 0, bytes: 0, writes: 0 };
}

function isSame(prefix: Uint8Array, bytes: Uint8Array, offset: number, end: number): boolean {
  if (prefix.length !== end - offset) return false;
  for (let i = 0; i < prefix.length; i += 1) if (prefix[i] !== bytes[offset + i]) return false;
  return true;
}
