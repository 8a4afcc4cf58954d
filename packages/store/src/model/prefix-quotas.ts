import { compareBytes, finishHash, hashBytes, hashInteger } from "./bytes.ts";
import { StoreError } from "./errors.ts";
import type { KeyValue } from "./key-value.ts";
import type { Keyspace } from "./keyspace.ts";
import type { PutRequest } from "./types.ts";

/** How much there may be under a prefix. */
export interface PrefixLimit {
  readonly prefix: Uint8Array;
  /** Bytes of the keys and of their newest values, and number of keys; 0 is no limit. */
  readonly maxBytes: number;
  readonly maxKeys: number;
}

export interface PrefixQuota extends PrefixLimit {
  readonly keys: number;
  readonly bytes: number;
}

/** Each write looks at all of them. */
export const MOST_QUOTAS = 256;

interface Watched extends PrefixQuota {
  keys: number;
  bytes: number;
  /** What the puts that are being judged would add. */
  addedKeys: number;
  addedBytes: number;
}

/**
 * Limits of what may lie under prefixes: part of the replicated state, judged when a write is applied, on every replica
 * alike. What there is is counted once, and from then on kept with each write.
 */
export class PrefixQuotas {
  #keyspace: Keyspace | undefined;
  #quotas: Watched[] = [];
  #hash = 0;

  /** There is any. Looked at for every write. */
  get active(): boolean {
    return this.#quotas.length > 0;
  }

  get hash(): number {
    return this.#hash;
  }

  /** By prefix. */
  list(): readonly PrefixQuota[] {
    return this.#quotas;
  }

  /** From now on these keys count. */
  watch(keyspace: Keyspace): void {
    this.#keyspace = keyspace;
    this.replace(this.#quotas);
  }

  /** In place of all that there were. Looks at every key under their prefixes. */
  replace(limits: readonly PrefixLimit[]): void {
    this.#adopt(limits.map((limit) => this.#counted(limit)));
  }

  #adopt(quotas: Watched[]): void {
    this.#quotas = quotas.sort((a, b) => compareBytes(a.prefix, b.prefix));
    this.#hash = 0;
    for (const { prefix, maxBytes, maxKeys } of this.#quotas) {
      const hash = hashInteger(hashInteger(hashBytes(prefix, 0, prefix.length, 0), maxBytes), maxKeys);
      this.#hash = (this.#hash + finishHash(hash)) | 0;
    }
  }

  /** In place of the limit that the prefix had, if any. What is there already stays. @throws StoreError `tooManyOps` */
  set(limit: PrefixLimit): void {
    const others = this.#without(limit.prefix);
    if (others.length >= MOST_QUOTAS) throw new StoreError("tooManyOps");
    this.#adopt([...others, this.#counted(limit)]);
  }

  /** @throws StoreError `keyNotFound`: it has no limit */
  remove(prefix: Uint8Array): void {
    const others = this.#without(prefix);
    if (others.length === this.#quotas.length) throw new StoreError("keyNotFound");
    this.#adopt(others);
  }

  /** The newest record of a key takes the place of `was`. Called while `active`. */
  changed(record: KeyValue, was: KeyValue | undefined): void {
    const { bytes } = record.slab;
    for (const quota of this.#quotas) {
      if (!begins(quota.prefix, bytes, record.offset, record.keyLength)) continue;
      quota.keys += liveKeys(record) - liveKeys(was);
      quota.bytes += liveBytes(record) - liveBytes(was);
    }
  }

  /**
   * Judges puts that are to happen together, each of another key. What would be deleted with them does not count, and
   * whoever makes a value smaller may always do so.
   * @throws StoreError `noSpace`, with the prefix
   */
  admit(puts: readonly PutRequest[]): void {
    for (const quota of this.#quotas) {
      quota.addedKeys = 0;
      quota.addedBytes = 0;
    }
    for (const put of puts) this.#add(put);
    for (const { prefix, maxBytes, maxKeys, keys, bytes, addedKeys, addedBytes } of this.#quotas) {
      const full = maxBytes > 0 && addedBytes > 0 && bytes + addedBytes > maxBytes;
      if (full || (maxKeys > 0 && addedKeys > 0 && keys + addedKeys > maxKeys)) throw new StoreError("noSpace", prefix);
    }
  }

  #add({ key, value, ignoreValue }: PutRequest): void {
    const was = this.#keyspace?.get(key);
    const size = key.length + (ignoreValue === true ? (was?.valueLength ?? 0) : (value?.length ?? 0));
    for (const quota of this.#quotas) {
      if (!begins(quota.prefix, key, 0, key.length)) continue;
      quota.addedKeys += 1 - liveKeys(was);
      quota.addedBytes += size - liveBytes(was);
    }
  }

  #without(prefix: Uint8Array): Watched[] {
    return this.#quotas.filter((quota) => compareBytes(quota.prefix, prefix) !== 0);
  }

  #counted({ prefix, maxBytes, maxKeys }: PrefixLimit): Watched {
    let keys = 0;
    let bytes = 0;
    const cursor = this.#keyspace?.index.cursor().skipWeightless();
    for (cursor?.seek(prefix); cursor?.entry !== undefined; cursor.next()) {
      const { latest } = cursor.entry;
      if (!begins(prefix, latest.slab.bytes, latest.offset, latest.keyLength)) break;
      keys += liveKeys(latest);
      bytes += liveBytes(latest);
    }
    return { prefix: prefix.slice(), maxBytes, maxKeys, keys, bytes, addedKeys: 0, addedBytes: 0 };
  }
}

function liveKeys(record: KeyValue | undefined): number {
  return record === undefined || record.version === 0 ? 0 : 1;
}

function liveBytes(record: KeyValue | undefined): number {
  return record === undefined || record.version === 0 ? 0 : record.keyLength + record.valueLength;
}

function begins(prefix: Uint8Array, bytes: Uint8Array, offset: number, length: number): boolean {
  if (prefix.length > length) return false;
  for (let i = 0; i < prefix.length; i += 1) if (prefix[i] !== bytes[offset + i]) return false;
  return true;
}
