import { isSingleKey, upperEnd } from "./scan.ts";
import type { KeyRange } from "./types.ts";

/** `[start, end)` as strings of one character per byte, whose order is that of the bytes; no `end`: to the last key. */
export interface KeySpan {
  readonly start: string;
  readonly end: string | undefined;
}

export function spanOf(range: KeyRange): KeySpan {
  const start = keyString(range.key);
  if (isSingleKey(range)) return { start, end: `${start}\0` };
  const end = upperEnd(range.rangeEnd!);
  return { start, end: end === undefined ? undefined : keyString(end) };
}

/** One character (U+0000 to U+00FF) per byte: usable as a Map's key, sorted like the bytes. */
export function keyString(key: Uint8Array): string {
  if (key.length <= 1024) return String.fromCharCode.apply(null, key as unknown as number[]);
  let text = "";
  for (let i = 0; i < key.length; i += 1024) text += keyString(key.subarray(i, i + 1024));
  return text;
}

/** A set of keys given by spans. */
export class SpanSet {
  /** Sorted and disjoint unless `#dirty`. */
  #spans: KeySpan[] = [];
  #dirty = false;

  add(span: KeySpan): void {
    if (span.end !== undefined && span.end <= span.start) return;
    this.#spans.push(span);
    this.#dirty = true;
  }

  addAll(other: SpanSet): void {
    for (const span of other.#spans) this.add(span);
  }

  covers(key: string): boolean {
    const candidate = this.#at(key);
    return candidate !== undefined && (candidate.end === undefined || key < candidate.end);
  }

  /** Every key of the span is in the set, in one of its spans or across several. False for a span that ends before it starts. */
  coversAll(span: KeySpan): boolean {
    if (span.end !== undefined && span.end <= span.start) return false;
    const candidate = this.#at(span.start); // spans that touch have been made one
    if (candidate === undefined) return false;
    return candidate.end === undefined || (span.end !== undefined && span.end <= candidate.end);
  }

  /** The last span that starts at the key or before it. */
  #at(key: string): KeySpan | undefined {
    if (this.#dirty) this.#normalize();
    let low = 0;
    let high = this.#spans.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#spans[middle]!.start <= key) low = middle + 1;
      else high = middle;
    }
    return this.#spans[low - 1];
  }

  #normalize(): void {
    this.#spans.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
    const merged: KeySpan[] = [];
    for (const span of this.#spans) {
      const last = merged[merged.length - 1];
      if (last === undefined || (last.end !== undefined && last.end < span.start)) merged.push(span);
      else merged[merged.length - 1] = { start: last.start, end: laterEnd(last.end, span.end) };
    }
    this.#spans = merged;
    this.#dirty = false;
  }
}

function laterEnd(a: string | undefined, b: string | undefined): string | undefined {
  return a === undefined || b === undefined ? undefined : a < b ? b : a;
}
