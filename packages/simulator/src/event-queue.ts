/**
 * What will happen, earliest first; equal times in the order in which they were scheduled. That total order is what makes
 * a run repeatable.
 *
 * A binary heap whose keys lie in typed arrays, the rest of an event in arrays by slot: nothing is allocated per event but
 * the message itself.
 */
export class EventQueue {
  /** The event that `pop` took out. */
  time = 0;
  kind = 0;
  node = 0;
  a = 0;
  b = 0;
  message: unknown = undefined;

  #size = 0;
  #sequence = 0;
  #times: Float64Array;
  #sequences: Float64Array;
  #slots: Int32Array;

  #kinds: Uint8Array;
  #nodes: Uint8Array;
  #as: Float64Array;
  #bs: Float64Array;
  readonly #messages: unknown[] = [];
  /** Free slots, a stack. */
  #free: Int32Array;
  #freeCount: number;

  constructor(capacity = 1024) {
    this.#times = new Float64Array(capacity);
    this.#sequences = new Float64Array(capacity);
    this.#slots = new Int32Array(capacity);
    this.#kinds = new Uint8Array(capacity);
    this.#nodes = new Uint8Array(capacity);
    this.#as = new Float64Array(capacity);
    this.#bs = new Float64Array(capacity);
    this.#free = new Int32Array(capacity);
    for (let i = 0; i < capacity; i++) this.#free[i] = capacity - 1 - i;
    this.#freeCount = capacity;
    for (let i = 0; i < capacity; i++) this.#messages.push(undefined);
  }

  get size(): number {
    return this.#size;
  }

  /** Time of the earliest event; only where `size` is not 0. */
  get nextTime(): number {
    return this.#times[0]!;
  }

  /** @param a @param b integers whose meaning is the kind's. */
  push(time: number, kind: number, node: number, a: number, b: number, message: unknown): void {
    if (this.#freeCount === 0) this.#grow();
    const slot = this.#free[--this.#freeCount]!;
    this.#kinds[slot] = kind;
    this.#nodes[slot] = node;
    this.#as[slot] = a;
    this.#bs[slot] = b;
    this.#messages[slot] = message;
    this.#siftUp(this.#size++, time, this.#sequence++, slot);
  }

  /** Takes the earliest event out, into this object's fields. @returns false where there is none. */
  pop(): boolean {
    if (this.#size === 0) return false;
    const slot = this.#slots[0]!;
    this.time = this.#times[0]!;
    this.kind = this.#kinds[slot]!;
    this.node = this.#nodes[slot]!;
    this.a = this.#as[slot]!;
    this.b = this.#bs[slot]!;
    this.message = this.#messages[slot];
    this.#messages[slot] = undefined;
    this.#free[this.#freeCount++] = slot;
    const last = --this.#size;
    if (last > 0) this.#siftDown(this.#times[last]!, this.#sequences[last]!, this.#slots[last]!);
    return true;
  }

  /** A new event has the highest sequence number of all, so among equals it stays below: times alone decide. */
  #siftUp(from: number, time: number, sequence: number, slot: number): void {
    const times = this.#times;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (times[parent]! <= time) break;
      this.#move(parent, at);
      at = parent;
    }
    times[at] = time;
    this.#sequences[at] = sequence;
    this.#slots[at] = slot;
  }

  #siftDown(time: number, sequence: number, slot: number): void {
    const times = this.#times;
    const sequences = this.#sequences;
    const size = this.#size;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      const right = child + 1;
      if (right < size && before(times[right]!, sequences[right]!, times[child]!, sequences[child]!)) child = right;
      if (!before(times[child]!, sequences[child]!, time, sequence)) break;
      this.#move(child, at);
      at = child;
    }
    times[at] = time;
    sequences[at] = sequence;
    this.#slots[at] = slot;
  }

  #move(from: number, to: number): void {
    this.#times[to] = this.#times[from]!;
    this.#sequences[to] = this.#sequences[from]!;
    this.#slots[to] = this.#slots[from]!;
  }

  #grow(): void {
    const old = this.#times.length;
    const capacity = old * 2;
    this.#times = widen(new Float64Array(capacity), this.#times);
    this.#sequences = widen(new Float64Array(capacity), this.#sequences);
    this.#slots = widen(new Int32Array(capacity), this.#slots);
    this.#kinds = widen(new Uint8Array(capacity), this.#kinds);
    this.#nodes = widen(new Uint8Array(capacity), this.#nodes);
    this.#as = widen(new Float64Array(capacity), this.#as);
    this.#bs = widen(new Float64Array(capacity), this.#bs);
    this.#free = widen(new Int32Array(capacity), this.#free);
    for (let slot = capacity - 1; slot >= old; slot--) this.#free[this.#freeCount++] = slot;
    for (let slot = old; slot < capacity; slot++) this.#messages.push(undefined);
  }
}

function before(time: number, sequence: number, otherTime: number, otherSequence: number): boolean {
  return time < otherTime || (time === otherTime && sequence < otherSequence);
}

function widen<T extends { set(from: ArrayLike<number>): void }>(target: T, source: ArrayLike<number>): T {
  target.set(source);
  return target;
}
