import type { Operation } from "./history.ts";

const NOTHING = -1;

/**
 * The part of a history that is not in the order yet, as a linked list of events by time: event i is the call of the i-th
 * answered operation, event n + i its return; 2n is the head. Taking an operation out and putting it back are O(1), in the
 * manner of Knuth's dancing links: back in the opposite order.
 */
export class Timeline {
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly answered: number;
  readonly head: number;

  /** @param answered in order of call. */
  constructor(answered: readonly Operation[]) {
    this.answered = answered.length;
    this.head = 2 * answered.length;
    this.#next = new Int32Array(this.head + 1).fill(NOTHING);
    this.#previous = new Int32Array(this.head + 1).fill(NOTHING);
    const returns = Array.from(answered, (_, index) => index).sort(
      (a, b) => answered[a]!.return - answered[b]!.return || a - b,
    );
    let last = this.head;
    const append = (event: number): void => {
      this.#next[last] = event;
      this.#previous[event] = last;
      last = event;
    };
    let called = 0;
    for (const operation of returns) {
      // At equal times a call comes before a return: intervals include their ends.
      while (called < this.answered && answered[called]!.call <= answered[operation]!.return) append(called++);
      append(this.answered + operation);
    }
  }

  /** The first event after `event`: a call if it is below `answered`. */
  after(event: number): number {
    return this.#next[event]!;
  }

  /** The answered operation that returns first of those in the list; the list is not empty. */
  firstReturn(): number {
    let event = this.#next[this.head]!;
    while (event < this.answered) event = this.#next[event]!;
    return event - this.answered;
  }

  takeOut(operation: number): void {
    this.#unlink(operation);
    this.#unlink(operation + this.answered);
  }

  putBack(operation: number): void {
    this.#relink(operation + this.answered);
    this.#relink(operation);
  }

  #unlink(event: number): void {
    const next = this.#next[event]!;
    const previous = this.#previous[event]!;
    this.#next[previous] = next;
    if (next !== NOTHING) this.#previous[next] = previous;
  }

  #relink(event: number): void {
    const next = this.#next[event]!;
    this.#next[this.#previous[event]!] = event;
    if (next !== NOTHING) this.#previous[next] = event;
  }
}
