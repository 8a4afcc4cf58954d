import { decodeLatin1 } from "../../bytes.ts";
import { DynamicTable } from "./dynamic-table.ts";
import { HeaderField } from "./header-field.ts";
import { huffmanDecode } from "./huffman.ts";
import { FIRST_DYNAMIC, STATIC_TABLE } from "./static-table.ts";

export interface HpackLimits {
  /** SETTINGS_HEADER_TABLE_SIZE as announced, octets. */
  tableSize: number;
  /** Largest header list, octets as RFC 9113 §6.5.2 counts them. */
  listSize: number;
  /** Most fields in one list. */
  fields: number;
}

export interface HeaderList {
  fields: HeaderField[];
  /** The list exceeded a limit: `fields` is cut there. The dynamic table is in step all the same. */
  tooLarge: boolean;
}

const FAILED = -1;

/** Huffman strings of up to this many octets are decoded into memory that all decoders share between calls. */
const USUAL_STRING = 1024;
const scratch = new Uint8Array(longestDecoded(USUAL_STRING));

/** No code is shorter than five bits. */
function longestDecoded(length: number): number {
  return Math.ceil((length * 8) / 5);
}

/** HPACK decompression of one connection (RFC 7541). Call `decode` for every header block, in order. */
export class HpackDecoder {
  readonly table: DynamicTable;
  private readonly limits: HpackLimits;
  /** Where the value just read ended, or FAILED. */
  private position = 0;

  constructor(limits: HpackLimits) {
    this.limits = limits;
    this.table = new DynamicTable(limits.tableSize);
  }

  /** @returns the list in `bytes[start, end)`, or undefined on a decoding error: COMPRESSION_ERROR, connection lost. */
  decode(bytes: Uint8Array, start: number, end: number): HeaderList | undefined {
    const list: HeaderList = { fields: [], tooLarge: false };
    let size = 0;
    this.position = start;
    while (this.position < end) {
      const first = bytes[this.position]!;
      let field: HeaderField | undefined;
      if (first >= 0x80) field = this.lookUp(this.integer(bytes, end, 7));
      else if (first >= 0x40) field = this.literal(bytes, end, 6);
      else if (first >= 0x20) {
        if (list.fields.length > 0 || list.tooLarge || !this.resize(bytes, end)) return undefined;
        continue;
      } else field = this.literal(bytes, end, 4);
      if (field === undefined) return undefined;
      if (first >= 0x40 && first < 0x80) this.table.insert(field);
      size += field.size;
      if (size > this.limits.listSize || list.fields.length === this.limits.fields) list.tooLarge = true;
      if (!list.tooLarge) list.fields.push(field);
    }
    return list;
  }

  private lookUp(index: number): HeaderField | undefined {
    if (index >= FIRST_DYNAMIC) return this.table.at(index - FIRST_DYNAMIC);
    return index > 0 ? STATIC_TABLE[index] : undefined;
  }

  /** §4.2: only before the first field, and never above what we announced. */
  private resize(bytes: Uint8Array, end: number): boolean {
    const size = this.integer(bytes, end, 5);
    if (size === FAILED || size > this.limits.tableSize) return false;
    this.table.resize(size);
    return true;
  }

  private literal(bytes: Uint8Array, end: number, prefixBits: number): HeaderField | undefined {
    const index = this.integer(bytes, end, prefixBits);
    if (index === FAILED) return undefined;
    const name = index === 0 ? this.string(bytes, end) : this.lookUp(index)?.name;
    if (name === undefined) return undefined;
    const value = this.string(bytes, end);
    return value === undefined ? undefined : new HeaderField(name, value);
  }

  /** §5.1, limited to 28 bits: no length or index that we accept comes near. */
  private integer(bytes: Uint8Array, end: number, prefixBits: number): number {
    if (this.position >= end) return FAILED;
    const mask = (1 << prefixBits) - 1;
    let value = bytes[this.position++]! & mask;
    if (value < mask) return value;
    for (let shift = 0; shift < 28; shift += 7) {
      if (this.position >= end) return FAILED;
      const byte = bytes[this.position++]!;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return FAILED;
  }

  /** §5.2 */
  private string(bytes: Uint8Array, end: number): string | undefined {
    if (this.position >= end) return undefined;
    const huffman = bytes[this.position]! >= 0x80;
    const length = this.integer(bytes, end, 7);
    const start = this.position;
    if (length === FAILED || length > end - start) return undefined;
    this.position = start + length;
    if (!huffman) return decodeLatin1(bytes, start, start + length);
    const target = length <= USUAL_STRING ? scratch : new Uint8Array(longestDecoded(length));
    const decoded = huffmanDecode(bytes, start, start + length, target);
    return decoded === FAILED ? undefined : decodeLatin1(target, 0, decoded);
  }
}
