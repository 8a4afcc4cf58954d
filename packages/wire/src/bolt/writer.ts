import { BUCKET_HEADER, encodeMeta, encodePageHeader, PAGE_HEADER, PageFlag, setUint64 } from "./format.ts";
import { type PageCounter, type PageSink, TreeBuilder } from "./tree.ts";

export const BOLT_PAGE_SIZE = 4096;

export interface BoltRow {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export interface BoltLengths {
  readonly keyLength: number;
  readonly valueLength: number;
}

/** A bucket to be written. Both iterations give the same rows, in ascending order of keys; they are used one by one. */
export interface BoltBucket {
  readonly name: Uint8Array;
  rows(): Iterable<BoltRow>;
  lengths(): Iterable<BoltLengths>;
}

/** A file whose size is known before its first byte is written. */
export interface BoltPlan {
  readonly buckets: readonly BoltBucket[];
  /** Bytes. */
  readonly size: number;
  readonly root: number;
}

const FREELIST = 2;
const FIRST_PAGE = 3;
/** Rows that one step looks at. */
const ROWS_AT_ONCE = 512;

/**
 * Measures the file. Its meta pages stand at the front and name the root, which comes last: a stream has to know it first.
 * @param buckets in ascending order of names.
 * @returns in steps of a few hundred rows.
 */
export function* planBolt(buckets: readonly BoltBucket[]): Generator<undefined, BoltPlan, undefined> {
  const counter: PageCounter = { next: FIRST_PAGE };
  const top = new TreeBuilder(BOLT_PAGE_SIZE, counter, undefined);
  let seen = 0;
  for (const bucket of buckets) {
    const tree = new TreeBuilder(BOLT_PAGE_SIZE, counter, undefined);
    for (const { keyLength, valueLength } of bucket.lengths()) {
      tree.measure(keyLength, valueLength);
      seen += 1;
      if (seen % ROWS_AT_ONCE === 0) yield;
    }
    top.measure(bucket.name.length, tree.finish() === 0 ? BUCKET_HEADER + PAGE_HEADER : BUCKET_HEADER);
  }
  const root = top.finish();
  return { buckets, root, size: counter.next * BOLT_PAGE_SIZE };
}

/** The file from its beginning to its end, a page or a few at a time. */
export function* writeBolt(plan: BoltPlan): Generator<Uint8Array, undefined, undefined> {
  const pages: Uint8Array[] = [];
  const sink: PageSink = (page) => void pages.push(page);
  yield* head(plan);
  const counter: PageCounter = { next: FIRST_PAGE };
  const roots: number[] = [];
  for (const bucket of plan.buckets) {
    const tree = new TreeBuilder(BOLT_PAGE_SIZE, counter, sink);
    for (const { key, value } of bucket.rows()) {
      tree.add(key, value);
      if (pages.length > 0) yield* pages.splice(0);
    }
    roots.push(tree.finish());
    yield* pages.splice(0);
  }
  const top = new TreeBuilder(BOLT_PAGE_SIZE, counter, sink);
  for (const [i, { name }] of plan.buckets.entries()) top.add(name, bucketValue(roots[i]!), true);
  top.finish();
  yield* pages;
}

/** Both metas, saying the same, and an empty freelist: every page is in use. */
function* head({ root, size }: BoltPlan): Generator<Uint8Array> {
  for (const id of [0, 1]) {
    const page = new Uint8Array(BOLT_PAGE_SIZE);
    const view = new DataView(page.buffer);
    encodePageHeader(view, id, PageFlag.meta, 0, 0);
    const pages = size / BOLT_PAGE_SIZE;
    encodeMeta(view, PAGE_HEADER, { pageSize: BOLT_PAGE_SIZE, root, freelist: FREELIST, pages, txid: id });
    yield page;
  }
  const freelist = new Uint8Array(BOLT_PAGE_SIZE);
  encodePageHeader(new DataView(freelist.buffer), FREELIST, PageFlag.freelist, 0, 0);
  yield freelist;
}

/** An empty bucket has its empty leaf inline. */
function bucketValue(root: number): Uint8Array {
  const bytes = new Uint8Array(root === 0 ? BUCKET_HEADER + PAGE_HEADER : BUCKET_HEADER);
  const view = new DataView(bytes.buffer);
  setUint64(view, 0, root);
  if (root === 0) view.setUint16(BUCKET_HEADER + 8, PageFlag.leaf, true);
  return bytes;
}
