import { ByteReader, type ByteWriter } from "../bytes.ts";
import type { Entries, EntryKind } from "./types.ts";

/**
 * A run of entries as bytes: first index (7), count (4), then each entry: kind (1), term (7), length (4), payload.
 * These very bytes are the write-ahead log's record and the body of AppendEntries, made once, or not at all for one large
 * payload.
 */
const RUN_HEADER = 11;
const ENTRY_HEADER = 12;

/** A single payload of this size is passed on as it is: what it costs to copy is more than one more part in a write. */
const BY_REFERENCE_BYTES = 4096;

/**
 * @param head gets what stands before the large part
 * @returns the large part, to be shared: nobody may change it any more
 */
export function encodeEntries(entries: Entries, head: ByteWriter): Uint8Array {
  if (entries.encoded !== undefined) return entries.encoded;
  const payload = entries.payloads[0];
  if (entries.payloads.length !== 1 || payload!.length < BY_REFERENCE_BYTES) return joinEntries(entries);
  head.uint53(entries.first);
  head.uint32(1);
  head.uint8(entries.kinds[0]!);
  head.uint53(entries.terms[0]!);
  head.uint32(payload!.length);
  return payload!;
}

function joinEntries(entries: Entries): Uint8Array {
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
