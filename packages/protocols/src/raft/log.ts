import { assert } from "../assert.ts";
import type { LogIndex, Term } from "../protocol.ts";
import type { Entries, EntryKind } from "./types.ts";

/**
 * The log of one member (§5.3), as parallel arrays behind a compacted prefix. Entry `baseIndex` is the last one gone;
 * its term stays, so that the consistency check works at the edge.
 */
export class RaftLog {
  baseIndex: LogIndex = 0;
  baseTerm: Term = 0;
  /** Payload bytes held. */
  bytes = 0;
  readonly #terms: Term[] = [];
  readonly #kinds: EntryKind[] = [];
  readonly #payloads: Uint8Array[] = [];

  get firstIndex(): LogIndex {
    return this.baseIndex + 1;
  }

  get lastIndex(): LogIndex {
    return this.baseIndex + this.#terms.length;
  }

  get lastTerm(): Term {
    return this.#terms.length === 0 ? this.baseTerm : this.#terms[this.#terms.length - 1]!;
  }

  /** @returns the term of the entry, or undefined where this log holds neither the entry nor its term. */
  termAt(index: LogIndex): Term | undefined {
    if (index === this.baseIndex) return this.baseTerm;
    return this.#terms[index - this.baseIndex - 1];
  }

  kindAt(index: LogIndex): EntryKind {
    return this.#kinds[this.#offset(index)]!;
  }

  payloadAt(index: LogIndex): Uint8Array {
    return this.#payloads[this.#offset(index)]!;
  }

  append(entries: Entries): void {
    assert(entries.first === this.lastIndex + 1, "entries must follow the last one");
    for (let i = 0; i < entries.terms.length; i++) {
      const payload = entries.payloads[i]!;
      this.#terms.push(entries.terms[i]!);
      this.#kinds.push(entries.kinds[i]!);
      this.#payloads.push(payload);
      this.bytes += payload.length;
    }
  }

  /** Drops entry `from` and all after it. */
  truncate(from: LogIndex): void {
    assert(from > this.baseIndex, "a compacted entry cannot be taken back");
    const keep = from - this.baseIndex - 1;
    for (let i = keep; i < this.#payloads.length; i++) this.bytes -= this.#payloads[i]!.length;
    this.#terms.length = Math.min(keep, this.#terms.length);
    this.#kinds.length = this.#terms.length;
    this.#payloads.length = this.#terms.length;
  }

  /** Drops entry `upTo` and all before it. */
  compact(upTo: LogIndex): void {
    if (upTo <= this.baseIndex) return;
    assert(upTo <= this.lastIndex, "cannot compact beyond the last entry");
    const gone = upTo - this.baseIndex;
    this.baseTerm = this.#terms[gone - 1]!;
    for (let i = 0; i < gone; i++) this.bytes -= this.#payloads[i]!.length;
    this.#terms.splice(0, gone);
    this.#kinds.splice(0, gone);
    this.#payloads.splice(0, gone);
    this.baseIndex = upTo;
  }

  /** Forgets everything: a snapshot that ends at this entry takes the log's place (§7). */
  reset(lastIncludedIndex: LogIndex, lastIncludedTerm: Term): void {
    this.#terms.length = 0;
    this.#kinds.length = 0;
    this.#payloads.length = 0;
    this.bytes = 0;
    this.baseIndex = lastIncludedIndex;
    this.baseTerm = lastIncludedTerm;
  }

  /** Entries from `first` on: at least one where there is one, then as many as fit `maxBytes`. */
  slice(first: LogIndex, maxBytes: number): Entries {
    const from = first - this.baseIndex - 1;
    assert(from >= 0, "cannot slice compacted entries");
    let to = from;
    let bytes = 0;
    while (to < this.#payloads.length) {
      bytes += this.#payloads[to]!.length;
      if (to > from && bytes > maxBytes) break;
      to++;
    }
    return {
      first,
      terms: this.#terms.slice(from, to),
      kinds: this.#kinds.slice(from, to),
      payloads: this.#payloads.slice(from, to),
      encoded: undefined,
    };
  }

  /**
   * Fast back-tracking (§5.3, last paragraph): the greatest index up to `index` whose term is at most `term`.
   * Everything above it cannot agree with a log that has `term` at `index`.
   */
  lastIndexWithTermAtMost(term: Term, index: LogIndex): LogIndex {
    let at = Math.min(index, this.lastIndex);
    while (at > this.baseIndex && this.termAt(at)! > term) at--;
    return at;
  }

  #offset(index: LogIndex): number {
    const offset = index - this.baseIndex - 1;
    assert(offset >= 0 && offset < this.#terms.length, "the log does not hold that entry");
    return offset;
  }
}
