import { concat } from "@synod/wire/bytes";
import { encodeUtf8 } from "@synod/wire/utf8";
import type { KeyValue } from "../../model/key-value.ts";
import type { StoreModel } from "../../model/store.ts";
import type { KeyRange, LeaseId } from "../../model/types.ts";

const SLASH = Uint8Array.of(0x2f);
/** The octet behind the slash. */
const BEHIND_SLASH = Uint8Array.of(0x30);

/** All keys `<name>/…`: those who queue for a lock or an election. */
export function queueOf(name: Uint8Array): KeyRange & { readonly rangeEnd: Uint8Array } {
  return { key: concat([name, SLASH]), rangeEnd: concat([name, BEHIND_SLASH]) };
}

/** `<name>/<lease in hex>`, as etcd's clients make it. */
export function placeOf(name: Uint8Array, lease: LeaseId): Uint8Array {
  return concat([name, SLASH, encodeUtf8(lease.toString(16))]);
}

/** The lease that a key made by `placeOf` is named after; undefined: it is no such key. */
export function leaseOfPlace(key: Uint8Array): LeaseId | undefined {
  const digits = key.subarray(key.lastIndexOf(0x2f) + 1);
  if (digits.length === 0 || digits.length > 16) return undefined;
  const text = String.fromCharCode(...digits);
  return /^[0-9a-f]+$/.test(text) ? BigInt(`0x${text}`) : undefined;
}

/** The first in the queue: the key that was made first. */
export function firstOf(model: StoreModel, name: Uint8Array): KeyValue | undefined {
  let first: KeyValue | undefined;
  for (const kv of model.range(queueOf(name)).kvs) {
    if (first === undefined || kv.createRevision < first.createRevision) first = kv;
  }
  return first;
}

/** Whoever is next before the one whose key was made in `revision`; undefined: nobody is before it. */
export function before(model: StoreModel, name: Uint8Array, revision: number): KeyValue | undefined {
  if (revision <= 1) return undefined;
  let last: KeyValue | undefined;
  for (const kv of model.range({ ...queueOf(name), maxCreateRevision: revision - 1 }).kvs) {
    if (last === undefined || kv.createRevision > last.createRevision) last = kv;
  }
  return last;
}
