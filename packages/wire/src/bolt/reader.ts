import { compare } from "../bytes.ts";
import {
  BoltError,
  BUCKET_HEADER,
  BUCKET_LEAF,
  decodeMeta,
  ELEMENT,
  getUint64,
  META_SIZE,
  type Meta,
  PAGE_HEADER,
  PageFlag,
} from "./format.ts";

/** Where the bytes are. `read` gives a view or a copy that stays valid; less than asked for at the end. */
export interface BoltSource {
  readonly size: number;
  read(offset: number, length: number): Uint8Array;
}

/** A row, and the names of the buckets around it, the outermost first. */
export interface BoltEntry {
  readonly path: readonly Uint8Array[];
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

const SMALLEST_PAGE = 512;
const LARGEST_PAGE = 65_536;
/** One page with its overflow: bounds what a damaged number can make us read at once. */
const LARGEST_READ = 64 << 20;
const DEEPEST_TREE = 32;
const DEEPEST_BUCKET = 8;

interface Page {
  readonly id: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly isLeaf: boolean;
  readonly count: number;
}

/**
 * Reads a bbolt file from front to back of its tree and trusts nothing in it: every page is visited at most once and must
 * be what its parent says; every key must come after the one before. Holds one page for each level.
 */
export class BoltReader {
  readonly meta: Meta;
  readonly #source: BoltSource;
  /** One bit for each page. */
  #visited = new Uint8Array(0);

  /** @throws BoltError */
  constructor(source: BoltSource) {
    this.#source = source;
    this.meta = this.#chooseMeta();
    const { pageSize, pages } = this.meta;
    if (!isPageSize(pageSize)) throw new BoltError("corrupt", `its pages claim to have ${pageSize} bytes`);
    if (pages * pageSize > source.size) {
      throw new BoltError(
        "truncated",
        `it has ${source.size} bytes, but ${pages} pages of ${pageSize} bytes belong to it`,
      );
    }
  }

  /** Bytes of the database; what follows in the file is not part of it. */
  get size(): number {
    return this.meta.pages * this.meta.pageSize;
  }

  /**
   * All rows, buckets in the order of their names. Key and value are views.
   * @param onBucket told of each bucket, empty ones too, before its rows.
   * @throws BoltError
   */
  *rows(onBucket?: (path: readonly Uint8Array[]) => void): Generator<BoltEntry, undefined, undefined> {
    this.#visited = new Uint8Array(Math.ceil(this.meta.pages / 8));
    yield* this.#bucket(this.meta.root, [], onBucket);
  }

  #chooseMeta(): Meta {
    const first = this.#metaAt(0);
    let best = first;
    const sizes = first === undefined ? allPageSizes() : [first.pageSize];
    for (const size of sizes) {
      const second = this.#metaAt(size);
      if (second !== undefined && (best === undefined || second.txid > best.txid)) best = second;
    }
    if (best === undefined)
      throw new BoltError("notBolt", "it is not a bbolt file, or both of its meta pages are damaged");
    return best;
  }

  #metaAt(offset: number): Meta | undefined {
    if (offset + PAGE_HEADER + META_SIZE > this.#source.size) return undefined;
    const bytes = this.#source.read(offset + PAGE_HEADER, META_SIZE);
    return bytes.length < META_SIZE ? undefined : decodeMeta(viewOf(bytes), 0);
  }

  *#bucket(
    root: number,
    path: readonly Uint8Array[],
    onBucket?: (path: readonly Uint8Array[]) => void,
  ): Generator<BoltEntry, undefined, undefined> {
    const order = new KeyOrder();
    yield* this.#tree(this.#page(root), path, 0, order, onBucket);
  }

  *#tree(
    page: Page,
    path: readonly Uint8Array[],
    depth: number,
    order: KeyOrder,
    onBucket: ((path: readonly Uint8Array[]) => void) | undefined,
  ): Generator<BoltEntry, undefined, undefined> {
    if (depth > DEEPEST_TREE) throw new BoltError("corrupt", `page ${page.id}: the tree is deeper than any can be`);
    for (let i = 0; i < page.count; i += 1) {
      const at = PAGE_HEADER + i * ELEMENT;
      if (!page.isLeaf) {
        slice(page, at + page.view.getUint32(at, true), page.view.getUint32(at + 4, true));
        yield* this.#tree(this.#page(getUint64(page.view, at + 8)), path, depth + 1, order, onBucket);
        continue;
      }
      const start = at + page.view.getUint32(at + 4, true);
      const keyLength = page.view.getUint32(at + 8, true);
      const key = slice(page, start, keyLength);
      const value = slice(page, start + keyLength, page.view.getUint32(at + 12, true));
      order.check(key, page.id);
      if ((page.view.getUint32(at, true) & BUCKET_LEAF) === 0) yield { path, key, value };
      else yield* this.#nested(page, [...path, key], value, onBucket);
    }
  }

  *#nested(
    page: Page,
    path: readonly Uint8Array[],
    value: Uint8Array,
    onBucket: ((path: readonly Uint8Array[]) => void) | undefined,
  ): Generator<BoltEntry, undefined, undefined> {
    if (path.length > DEEPEST_BUCKET) throw new BoltError("corrupt", `page ${page.id}: buckets nest too deeply`);
    if (value.length < BUCKET_HEADER) throw new BoltError("corrupt", `page ${page.id}: a bucket's header is cut short`);
    onBucket?.(path);
    const root = getUint64(viewOf(value), 0);
    if (root !== 0) return yield* this.#bucket(root, path, onBucket);
    const inline = pageIn(value.subarray(BUCKET_HEADER), page.id);
    if (!inline.isLeaf) throw new BoltError("corrupt", `page ${page.id}: an inline bucket is no leaf`);
    return yield* this.#tree(inline, path, 0, new KeyOrder(), onBucket);
  }

  /** @throws BoltError where there is no branch or leaf page with this id, or it was visited before. */
  #page(id: number): Page {
    const { pages, pageSize } = this.meta;
    if (id < 2 || id >= pages)
      throw new BoltError("corrupt", `a page ${id} is referred to that the file does not have`);
    const head = viewOf(this.#read(id, PAGE_HEADER));
    const overflow = head.getUint32(12, true);
    if (getUint64(head, 0) !== id)
      throw new BoltError("corrupt", `page ${id} says that it is page ${getUint64(head, 0)}`);
    const length = (overflow + 1) * pageSize;
    if (id + overflow >= pages || length > LARGEST_READ) {
      throw new BoltError("corrupt", `page ${id} claims ${overflow} further pages`);
    }
    for (let each = id; each <= id + overflow; each += 1) this.#visit(each);
    return pageIn(this.#read(id, length), id);
  }

  #visit(id: number): void {
    const bit = 1 << (id & 7);
    const byte = this.#visited[id >>> 3]!;
    if ((byte & bit) !== 0) throw new BoltError("corrupt", `page ${id} is referred to twice`);
    this.#visited[id >>> 3] = byte | bit;
  }

  #read(id: number, length: number): Uint8Array {
    const bytes = this.#source.read(id * this.meta.pageSize, length);
    if (bytes.length < length) throw new BoltError("truncated", `it ends within page ${id}`);
    return bytes;
  }
}

/** Keys of a bucket come in strictly ascending order. */
class KeyOrder {
  #before: Uint8Array | undefined;

  check(key: Uint8Array, page: number): void {
    if (this.#before !== undefined && compare(this.#before, key) >= 0) {
      throw new BoltError("corrupt", `page ${page}: its keys are not in order`);
    }
    this.#before = key;
  }
}

function pageIn(bytes: Uint8Array, id: number): Page {
  if (bytes.length < PAGE_HEADER) throw new BoltError("corrupt", `page ${id}: an inline bucket is cut short`);
  const view = viewOf(bytes);
  const flags = view.getUint16(8, true) & ~0x8000;
  const count = view.getUint16(10, true);
  if (flags !== PageFlag.leaf && flags !== PageFlag.branch) {
    throw new BoltError("corrupt", `page ${id} is neither branch nor leaf (flags ${flags})`);
  }
  if (PAGE_HEADER + count * ELEMENT > bytes.length)
    throw new BoltError("corrupt", `page ${id} claims ${count} elements`);
  return { id, bytes, view, isLeaf: flags === PageFlag.leaf, count };
}

function slice({ id, bytes }: Page, start: number, length: number): Uint8Array {
  if (start + length > bytes.length) throw new BoltError("corrupt", `page ${id}: an element lies outside of it`);
  return bytes.subarray(start, start + length);
}

function isPageSize(size: number): boolean {
  return size >= SMALLEST_PAGE && size <= LARGEST_PAGE && (size & (size - 1)) === 0;
}

function* allPageSizes(): Generator<number> {
  for (let size = SMALLEST_PAGE; size <= LARGEST_PAGE; size *= 2) yield size;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
