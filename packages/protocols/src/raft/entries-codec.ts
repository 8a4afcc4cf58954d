import { ByteReader } from "../bytes.ts";
import type { Entries, EntryKind } from "./types.ts";

/**
 * A run of entries as bytes: first index (7), count (4), then each entry: kind (1), term (7), length (4), payload.
 * These very bytes are the write-ahead log's record and the body of AppendEntries, made once.
 */
const RUN_HEADER = 11;
const ENTRY_HEADER = 12;

export function encodeEntries(entries: Entries): Uint8Array {
  if (entries.encoded !== undefined) return entries.encoded;
  const { terms, kinds, payloads } = entries;
  let size = RUN_HEADER + ENTRY_HEADER * payloads.length;
  for (let i = 0; i < payloads.length; i++) size += payloads[i]!.length;
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  writeUint53(view, 0, entries.first);
  view.setUint32(7, payloads.length);
  let at = RUN_HEADER;
  for (let i = 0; i < payloads.length; i++) {
    const payload = payloads[i]!;
    view.setUint8(at, kinds[i]!);
    writeUint53(view, at + 1, terms[i]!);
    view.setUint32(at + 8, payload.length);
    bytes.set(payload, at + ENTRY_HEADER);
    at += ENTRY_HEADER + payload.length;
  }
  entries.encoded = bytes;
  return bytes;
}

/** Payloads are views into `bytes`, which must not change afterwards. @throws RangeError for malformed bytes. */
export function decodeEntries(bytes: Uint8Array): Entries {
  const reader = new ByteReader(bytes);
  const first = reader.uint53();
  const count = reader.uint32();
  if (count * ENTRY_HEADER > reader.remaining)
    throw new RangeError(`${count} entries announced in ${bytes.length} bytes`);
  const terms: number[] = [];
  const kinds: EntryKind[] = [];
  const payloads: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const kind = reader.uint8();
    if (kind > 2) throw new RangeError(`an entry of unknown kind ${kind}`);
    kinds.push(kind as EntryKind);
    terms.push(reader.uint53());
    payloads.push(reader.bytes(reader.uint32()));
  }
  if (reader.remaining > 0) throw new RangeError(`${reader.remaining} bytes after the last entry`);
  return { first, terms, kinds, payloads, encoded: bytes };
}

function writeUint53(view: DataView, at: number, value: number): void {
  const high = Math.floor(value / 0x1_0000_0000);
  view.setUint8(at, high >>> 16);
  view.setUint16(at + 1, high & 0xffff);
  view.setUint32(at + 3, value >>> 0);
}
