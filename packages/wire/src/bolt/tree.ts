import { BUCKET_LEAF, ELEMENT, encodePageHeader, PAGE_HEADER, PageFlag, setUint64 } from "./format.ts";

/** Takes the pages as they become full; without one the tree is only measured. */
export type PageSink = (page: Uint8Array) => void;

/** One level of a tree that is built from the left: what its open page holds so far. */
class OpenPage {
  count = 0;
  /** Bytes, header and elements included. */
  size = PAGE_HEADER;
  firstKeyLength = 0;
  firstKey: Uint8Array | undefined;
  /** Per element: key length, and value length and flags, or the child's page id. */
  readonly elements: number[] = [];
  data = new Uint8Array(4096);
  used = 0;

  fits(more: number, pageSize: number): boolean {
    return this.size + ELEMENT + more <= pageSize;
  }

  append(bytes: Uint8Array): void {
    const needed = this.used + bytes.length;
    if (needed > this.data.length) {
      const grown = new Uint8Array(Math.max(needed, this.data.length * 2));
      grown.set(this.data.subarray(0, this.used));
      this.data = grown;
    }
    this.data.set(bytes, this.used);
    this.used = needed;
  }

  clear(): void {
    this.count = 0;
    this.size = PAGE_HEADER;
    this.used = 0;
    this.elements.length = 0;
    this.firstKey = undefined;
  }
}

/** Counts the pages of a file in the order in which they are written. */
export interface PageCounter {
  next: number;
}

/**
 * A B+tree built from rows in ascending order. A page is written as soon as it is full, its parents soon after it, so that
 * one page for each level is all that is held. Measuring and writing take the same decisions.
 */
export class TreeBuilder {
  readonly #pageSize: number;
  readonly #counter: PageCounter;
  readonly #sink: PageSink | undefined;
  /** From the leaves upwards. */
  readonly #levels: OpenPage[] = [new OpenPage()];

  constructor(pageSize: number, counter: PageCounter, sink: PageSink | undefined) {
    this.#pageSize = pageSize;
    this.#counter = counter;
    this.#sink = sink;
  }

  /** Measures a row. */
  measure(keyLength: number, valueLength: number): void {
    this.#leafFor(keyLength, valueLength);
  }

  add(key: Uint8Array, value: Uint8Array, isBucket = false): void {
    const leaf = this.#leafFor(key.length, value.length);
    if (this.#sink === undefined) return;
    if (leaf.count === 1) leaf.firstKey = key.slice();
    leaf.elements.push(key.length, value.length, isBucket ? BUCKET_LEAF : 0);
    leaf.append(key);
    leaf.append(value);
  }

  /** Closes what is open. @returns the root's page id, 0 for a tree without rows. */
  finish(): number {
    if (this.#levels[0]!.count === 0) return 0;
    for (let level = 0; ; level += 1) {
      const isTop = level === this.#levels.length - 1;
      const id = this.#close(level, !isTop);
      if (isTop) return id;
    }
  }

  #leafFor(keyLength: number, valueLength: number): OpenPage {
    const leaf = this.#levels[0]!;
    if (leaf.count > 0 && !leaf.fits(keyLength + valueLength, this.#pageSize)) this.#close(0, true);
    if (leaf.count === 0) leaf.firstKeyLength = keyLength;
    leaf.count += 1;
    leaf.size += ELEMENT + keyLength + valueLength;
    return leaf;
  }

  /** Writes the level's open page. @returns its id. */
  #close(level: number, tellParent: boolean): number {
    const page = this.#levels[level]!;
    const id = this.#counter.next;
    const pages = Math.ceil(page.size / this.#pageSize);
    this.#counter.next += pages;
    this.#sink?.(encodePage(page, id, pages * this.#pageSize, pages - 1, level === 0));
    const { firstKeyLength, firstKey } = page;
    page.clear();
    if (tellParent) this.#addChild(level + 1, id, firstKeyLength, firstKey);
    return id;
  }

  #addChild(level: number, id: number, keyLength: number, key: Uint8Array | undefined): void {
    if (level === this.#levels.length) this.#levels.push(new OpenPage());
    const branch = this.#levels[level]!;
    // With fewer than two children, long keys would make the tree higher without end.
    if (branch.count > 1 && !branch.fits(keyLength, this.#pageSize)) this.#close(level, true);
    if (branch.count === 0) {
      branch.firstKeyLength = keyLength;
      branch.firstKey = key;
    }
    branch.count += 1;
    branch.size += ELEMENT + keyLength;
    if (key === undefined) return;
    branch.elements.push(key.length, id);
    branch.append(key);
  }
}

function encodePage(page: OpenPage, id: number, size: number, overflow: number, isLeaf: boolean): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  encodePageHeader(view, id, isLeaf ? PageFlag.leaf : PageFlag.branch, page.count, overflow);
  const { elements } = page;
  let data = PAGE_HEADER + page.count * ELEMENT;
  bytes.set(page.data.subarray(0, page.used), data);
  for (let i = 0, at = PAGE_HEADER; i < page.count; i += 1, at += ELEMENT) {
    if (isLeaf) {
      const keyLength = elements[i * 3]!;
      const valueLength = elements[i * 3 + 1]!;
      view.setUint32(at, elements[i * 3 + 2]!, true);
      view.setUint32(at + 4, data - at, true);
      view.setUint32(at + 8, keyLength, true);
      view.setUint32(at + 12, valueLength, true);
      data += keyLength + valueLength;
    } else {
      const keyLength = elements[i * 2]!;
      view.setUint32(at, data - at, true);
      view.setUint32(at + 4, keyLength, true);
      setUint64(view, at + 8, elements[i * 2 + 1]!);
      data += keyLength;
    }
  }
  return bytes;
}
