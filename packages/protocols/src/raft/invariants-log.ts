import { AssertionError } from "../assert.ts";
import type { LogIndex, Term } from "../protocol.ts";
import type { RaftLog } from "./log.ts";

/** Entries under the snapshot that are forgotten together. */
const FORGET_EVERY = 256;

/** A disk holds less than a member has promised, or counts on. */
export class DurabilityViolation extends AssertionError {}

export function demand(condition: boolean, what: string): asserts condition {
  if (!condition) throw new DurabilityViolation(`durable ≥ acknowledged: ${what}`);
}

/** A log as terms alone: what a disk's confirmed records come to. Entries under the snapshot may be forgotten. */
export class ConfirmedLog {
  /** Everything up to here is in a durable snapshot. */
  snapshotIndex: LogIndex = 0;
  /** The entry before the first one in `#terms`; never beyond `snapshotIndex`. */
  #base: LogIndex = 0;
  #baseTerm: Term = 0;
  readonly #terms: Term[] = [];

  /** What a start has found. */
  static of(log: RaftLog): ConfirmedLog {
    const found = new ConfirmedLog();
    found.snapshotIndex = log.baseIndex;
    found.#base = log.baseIndex;
    found.#baseTerm = log.baseTerm;
    for (let index = log.firstIndex; index <= log.lastIndex; index++) found.#terms.push(log.termAt(index)!);
    return found;
  }

  get lastIndex(): LogIndex {
    return this.#base + this.#terms.length;
  }

  /** Undefined where it does not hold the entry, or has forgotten its term. */
  termAt(index: LogIndex): Term | undefined {
    return index === this.#base ? this.#baseTerm : this.#terms[index - this.#base - 1];
  }

  holds(index: LogIndex, term: Term): boolean {
    return index <= this.snapshotIndex || this.termAt(index) === term;
  }

  /** Whatever it held from `first` on is gone. @param committed terms of the committed entries, from index 1 on */
  append(first: LogIndex, terms: readonly Term[], committed: readonly Term[]): void {
    const fits = first > this.snapshotIndex && first <= this.lastIndex + 1;
    demand(fits, "a record does not fit the log that it continues");
    if (first <= this.lastIndex) this.#cut(first, terms, committed);
    for (const term of terms) this.#terms.push(term);
  }

  /** A snapshot takes the place of what it covers, and of the whole log where that does not lead on from it (§7). */
  snapshot(index: LogIndex, term: Term, committed: readonly Term[]): void {
    if (index <= this.snapshotIndex) return;
    this.snapshotIndex = index;
    if (this.termAt(index) !== term) {
      if (index < this.lastIndex) this.#cut(index + 1, [], committed);
      this.#terms.length = 0;
    } else if (index - this.#base < FORGET_EVERY) {
      return;
    } else {
      this.#terms.splice(0, index - this.#base);
    }
    this.#base = index;
    this.#baseTerm = term;
  }

  /** @throws DurabilityViolation if a committed entry goes that `terms`, from `first` on, do not bring back */
  #cut(first: LogIndex, terms: readonly Term[], committed: readonly Term[]): void {
    for (let index = first; index <= Math.min(this.lastIndex, committed.length); index++) {
      const lost = this.termAt(index) === committed[index - 1] && terms[index - first] !== committed[index - 1];
      demand(!lost, `a record takes the committed entry ${index} off a disk`);
    }
    this.#terms.length = first - this.#base - 1;
  }
}
