/** Test helpers: text instead of bytes. */
import type { KeyValue } from "../key-value.ts";

export const bytes = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

export const text = (data: Uint8Array): string => String.fromCharCode(...data);

/** `key=value @create/mod v version`, or `key deleted @mod`. */
export function show(kv: KeyValue | undefined): string {
  if (kv === undefined) return "nothing";
  if (kv.isTombstone) return `${text(kv.key)} deleted @${kv.modRevision}`;
  const lease = kv.lease === 0n ? "" : ` lease ${kv.lease}`;
  return `${text(kv.key)}=${text(kv.value)} @${kv.createRevision}/${kv.modRevision} v${kv.version}${lease}`;
}

export const showAll = (kvs: readonly KeyValue[]): string[] => kvs.map(show);
