/**
 * The file format of bbolt (go.etcd.io/bbolt, `internal/common`): a copy-on-write B+tree in pages, little-endian. Pages 0
 * and 1 are metas, of which the valid one with the higher transaction id counts; everything else hangs on its root.
 *
 *     page     id u64, flags u16, count u16, overflow u32 (further pages that belong to it), then its elements and data
 *     branch   elements: pos u32 (from the element's start), key size u32, page id u64
 *     leaf     elements: flags u32 (1: a bucket), pos u32, key size u32, value size u32
 *     bucket   a leaf's value: root page id u64, sequence u64; root 0: a page follows right here ("inline")
 *     meta     magic u32, version u32, page size u32, flags u32, root bucket, freelist page id u64,
 *              number of pages u64, transaction id u64, FNV-1a of all before u64
 */
export const PAGE_HEADER = 16;
export const ELEMENT = 16;
export const BUCKET_HEADER = 16;
export const META_SIZE = 64;

export const PageFlag = { branch: 0x01, leaf: 0x02, meta: 0x04, freelist: 0x10 } as const;
export const BUCKET_LEAF = 1;

const MAGIC = 0xed0cdaed;
const VERSION = 2;
const TWO_32 = 0x1_0000_0000;
const CHECKSUM_AT = 56;

/** A file that is no bbolt file, or a damaged one. */
export class BoltError extends Error {
  override readonly name = "BoltError";
  readonly code: "notBolt" | "truncated" | "corrupt";

  constructor(code: BoltError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

export interface Meta {
  readonly pageSize: number;
  /** Page ids. */
  readonly root: number;
  readonly freelist: number;
  /** Pages of the file: the first id that is not in use. */
  readonly pages: number;
  readonly txid: number;
}

export function encodePageHeader(view: DataView, id: number, flags: number, count: number, overflow: number): void {
  setUint64(view, 0, id);
  view.setUint16(8, flags, true);
  view.setUint16(10, count, true);
  view.setUint32(12, overflow, true);
}

export function encodeMeta(view: DataView, at: number, meta: Meta): void {
  view.setUint32(at, MAGIC, true);
  view.setUint32(at + 4, VERSION, true);
  view.setUint32(at + 8, meta.pageSize, true);
  setUint64(view, at + 16, meta.root);
  setUint64(view, at + 32, meta.freelist);
  setUint64(view, at + 40, meta.pages);
  setUint64(view, at + 48, meta.txid);
  view.setBigUint64(at + CHECKSUM_AT, fnv1a(view, at, at + CHECKSUM_AT), true);
}

/** @returns undefined where there is no meta whose sum is right. */
export function decodeMeta(view: DataView, at: number): Meta | undefined {
  if (view.getUint32(at, true) !== MAGIC || view.getUint32(at + 4, true) !== VERSION) return undefined;
  if (view.getBigUint64(at + CHECKSUM_AT, true) !== fnv1a(view, at, at + CHECKSUM_AT)) return undefined;
  return {
    pageSize: view.getUint32(at + 8, true),
    root: getUint64(view, at + 16),
    freelist: getUint64(view, at + 32),
    pages: getUint64(view, at + 40),
    txid: getUint64(view, at + 48),
  };
}

/** Beyond 2^53 it is rounded; no page has such an id. */
export function getUint64(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * TWO_32 + view.getUint32(at, true);
}

export function setUint64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / TWO_32), true);
}

/** 64 bits, over a meta's few bytes. */
function fnv1a(view: DataView, start: number, end: number): bigint {
  let hash = 0xcbf29ce484222325n;
  for (let at = start; at < end; at++) hash = BigInt.asUintN(64, (hash ^ BigInt(view.getUint8(at))) * 0x100000001b3n);
  return hash;
}
