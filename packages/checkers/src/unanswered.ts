import type { Operation } from "./history.ts";

/**
 * Operations of unknown outcome, of which any may have happened. Those of one kind differ only in when they were called, so
 * if some of them happened, the first called ones may be taken to be those: a kind has a count, not a set.
 */
export class Unanswered {
  /** By kind, within a kind in order of call. */
  readonly operations: readonly Operation[];
  readonly kinds: number;
  /** The machine's number of the i-th kind. */
  readonly kindOf: Int32Array;
  /** A bit for each operation, as many at the start of each kind as are in the order. */
  readonly taken: Int32Array;
  readonly #starts: Int32Array;
  readonly #counts: Int32Array;
  readonly #calls: Float64Array;

  constructor(operations: readonly Operation[], machine: { kind(operation: Operation): number }) {
    const byKind = new Map<number, Operation[]>();
    for (const operation of operations) {
      const kind = machine.kind(operation);
      const same = byKind.get(kind);
      if (same === undefined) byKind.set(kind, [operation]);
      else same.push(operation);
    }
    for (const same of byKind.values()) same.sort((a, b) => a.call - b.call);
    this.operations = [...byKind.values()].flat();
    this.kinds = byKind.size;
    this.kindOf = Int32Array.from(byKind.keys());
    this.taken = new Int32Array((operations.length + 31) >>> 5);
    this.#starts = new Int32Array(this.kinds + 1);
    this.#counts = new Int32Array(this.kinds);
    this.#calls = Float64Array.from(this.operations, (operation) => operation.call);
    for (const [index, same] of [...byKind.values()].entries())
      this.#starts[index + 1] = this.#starts[index]! + same.length;
  }

  /** Can another one of that kind happen before `time`? @param more how many besides, for the sake of the question. */
  isLeft(kind: number, time: number, more: number): boolean {
    const next = this.#starts[kind]! + this.#counts[kind]! + more;
    return next < this.#starts[kind + 1]! && this.#calls[next]! <= time;
  }

  /** The kind of the operation at a place of `operations`. */
  kindAt(place: number): number {
    let kind = 0;
    while (this.#starts[kind + 1]! <= place) kind += 1;
    return kind;
  }

  nth(kind: number, index: number): Operation {
    return this.operations[this.#starts[kind]! + index]!;
  }

  take(kind: number): void {
    const operation = this.#starts[kind]! + this.#counts[kind]!;
    this.#counts[kind]! += 1;
    this.taken[operation >>> 5]! |= 1 << (operation & 31);
  }

  giveBack(kind: number): void {
    this.#counts[kind]! -= 1;
    const operation = this.#starts[kind]! + this.#counts[kind]!;
    this.taken[operation >>> 5]! &= ~(1 << (operation & 31));
  }
}
