const FIRST_SIZE = 4;

/**
 * Requests of one stream that are answered in their order, whatever the order in which their answers come: a ring that
 * grows. A request's number is its place in the order.
 */
export class AnswerQueue {
  #mask: number = FIRST_SIZE - 1;
  #requests: (Uint8Array | undefined)[] = new Array(FIRST_SIZE).fill(undefined);
  #answers: (Uint8Array | undefined)[] = new Array(FIRST_SIZE).fill(undefined);
  /** The oldest that waits, and the next to come. */
  #first = 0;
  #next = 0;

  get waiting(): number {
    return this.#next - this.#first;
  }

  /** @returns its number. */
  add(request: Uint8Array): number {
    if (this.waiting > this.#mask) this.#grow();
    this.#requests[this.#next & this.#mask] = request;
    return this.#next++;
  }

  request(number: number): Uint8Array {
    return this.#requests[number & this.#mask]!;
  }

  /** Nothing older waits: it is to be answered now, and then `shift` called. */
  isFirst(number: number): boolean {
    return number === this.#first;
  }

  /** The answer came too early: it is kept until everything older is answered. */
  hold(number: number, answer: Uint8Array): void {
    this.#answers[number & this.#mask] = answer;
  }

  /** The first one has been answered. @returns the answer held for the one that is first now. */
  shift(): Uint8Array | undefined {
    this.#requests[this.#first & this.#mask] = undefined;
    this.#answers[this.#first & this.#mask] = undefined;
    this.#first++;
    return this.#answers[this.#first & this.#mask];
  }

  #grow(): void {
    const mask = 2 * this.#mask + 1;
    const requests = new Array<Uint8Array | undefined>(mask + 1).fill(undefined);
    const answers = new Array<Uint8Array | undefined>(mask + 1).fill(undefined);
    for (let number = this.#first; number < this.#next; number++) {
      requests[number & mask] = this.#requests[number & this.#mask];
      answers[number & mask] = this.#answers[number & this.#mask];
    }
    this.#mask = mask;
    this.#requests = requests;
    this.#answers = answers;
  }
}
