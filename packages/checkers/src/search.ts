import type { History, Operation } from "./history.ts";
import type { Model } from "./model.ts";

/**
 * Looks for an order of the operations that respects real time and that the model could have produced.
 *
 * The algorithm is Wing and Gong's depth-first search ("Testing and Verifying Concurrent Objects", 1993) with Lowe's memory
 * of configurations already tried ("Testing for linearizability", 2017). Refinements, all sound:
 *
 * - A read that fits is taken at once and never reconsidered, since it changes nothing.
 * - Operations of unknown outcome are tried after all others, may stay out of the order for ever, and are put in only where
 *   the very next operation can tell the difference: elsewhere the order holds without them just as well.
 * - What could not be completed with some unknown operations left over cannot be completed with fewer of them left either.
 */
export type SearchResult<State> =
  | { type: "found"; order: Operation[] }
  | { type: "impossible"; culprit: Operation; order: Operation[]; states: State[] }
  | { type: "gaveUp" };

/** @param history of one object; no failed operations and no unanswered reads. @param maxSteps calls of `model.step`. */
export function search<State>(history: History, model: Model<State>, maxSteps: number): SearchResult<State> {
  return new Search(history, model).run(maxSteps);
}

interface Configuration<State> {
  readonly state: State;
  /** The set of linearized operations, without the full words at its start. */
  readonly skipped: number;
  readonly words: Uint32Array;
}

interface Frame<State> {
  readonly operation: number;
  /** The state before it. */
  readonly state: State;
  readonly alternatives: boolean;
}

const NOTHING = -1;
const MAX_REPORTED_STATES = 4;

class Search<State> {
  readonly #model: Model<State>;
  /** Answered operations in order of call, then unknown ones in order of call. */
  readonly #operations: Operation[];
  readonly #answered: number;

  /** The open part of the history as a linked list of events: i is the call of operation i, n + i its return. */
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #head: number;

  /** One bit for each operation; the unknown ones begin with a word of their own. */
  readonly #linearized: Uint32Array;
  readonly #answeredWords: number;
  /** Of the answered ones only. */
  #linearizedHash = 0;
  #remaining: number;
  #fullWords = 0;

  readonly #stack: Frame<State>[] = [];
  readonly #tried = new Map<number, Configuration<State>[]>();
  #state: State;
  #steps = 0;

  /** The furthest return that the search ran into, and how things stood there. */
  #furthest = NOTHING;
  #furthestOrder: Operation[] = [];
  #furthestStates: State[] = [];

  constructor(history: History, model: Model<State>) {
    this.#model = model;
    const byCall = [...history].sort((a, b) => a.call - b.call);
    const answered = byCall.filter((operation) => operation.outcome === "ok");
    this.#operations = [...answered, ...byCall.filter((operation) => operation.outcome !== "ok")];
    this.#answered = answered.length;
    this.#remaining = answered.length;
    this.#state = model.initial;
    this.#answeredWords = (answered.length + 31) >>> 5;
    this.#linearized = new Uint32Array(this.#answeredWords + ((byCall.length - answered.length + 31) >>> 5));
    this.#head = 2 * this.#answered;
    this.#next = new Int32Array(this.#head + 1).fill(NOTHING);
    this.#previous = new Int32Array(this.#head + 1).fill(NOTHING);
    this.#link(answered);
  }

  run(maxSteps: number): SearchResult<State> {
    let from = this.#firstCandidate();
    while (this.#remaining > 0) {
      const candidate = this.#nextCandidate(from);
      if (candidate === NOTHING) {
        const undone = this.#backtrack();
        if (undone === NOTHING) return this.#impossible();
        from = this.#candidateAfter(undone);
        continue;
      }
      if (this.#steps >= maxSteps) return { type: "gaveUp" };
      from = this.#try(candidate) ? this.#firstCandidate() : this.#candidateAfter(candidate);
    }
    return { type: "found", order: this.#order() };
  }

  #link(answered: readonly Operation[]): void {
    const events = Array.from({ length: 2 * answered.length }, (_, event) => event);
    const time = (event: number): number =>
      event < answered.length ? answered[event]!.call : answered[event - answered.length]!.return;
    // At equal times a call comes before a return: intervals include their ends.
    events.sort((a, b) => time(a) - time(b) || a - b);
    let last = this.#head;
    for (const event of events) {
      this.#next[last] = event;
      this.#previous[event] = last;
      last = event;
    }
  }

  #firstCandidate(): number {
    return this.#next[this.#head]!;
  }

  /** Where the walk goes on after an operation was tried in vain. */
  #candidateAfter(operation: number): number {
    return operation < this.#answered ? this.#next[operation]! : this.#head + 1 + (operation - this.#answered) + 1;
  }

  /**
   * The walk runs over the calls up to the first return in the open list, then over unknown operations called by then.
   * @param from an event of the list, or head + 1 + i for the i-th unknown operation.
   * @returns an operation, or NOTHING once that return cannot be passed.
   */
  #nextCandidate(from: number): number {
    if (from < this.#answered) return from;
    const firstReturn = this.#blockingReturn(from);
    const blocker = this.#operations[firstReturn - this.#answered]!;
    let operation = from > this.#head ? this.#answered + (from - this.#head - 1) : this.#answered;
    for (; operation < this.#operations.length; operation += 1) {
      if (this.#operations[operation]!.call > blocker.return) break;
      if (!this.#isLinearized(operation)) return operation;
    }
    this.#reportBlocked(firstReturn - this.#answered);
    return NOTHING;
  }

  #blockingReturn(from: number): number {
    if (from < this.#head) return from;
    let event = this.#next[this.#head]!;
    while (event < this.#answered) event = this.#next[event]!;
    return event;
  }

  /** Puts the operation next in the order, if the model allows it and nothing like it was tried before. */
  #try(operation: number): boolean {
    const subject = this.#operations[operation]!;
    const state = this.#step(this.#state, subject);
    if (state === undefined) return false;
    if (operation >= this.#answered && !this.#matters(operation, state)) return false;
    const forced = this.#model.isRead(subject) && this.#model.equal(state, this.#state);
    this.#mark(operation);
    if (!forced && !this.#isNew(state)) {
      this.#unmark(operation);
      return false;
    }
    if (operation < this.#answered) this.#lift(operation);
    this.#stack.push({ operation, state: this.#state, alternatives: !forced });
    this.#state = state;
    return true;
  }

  #step(state: State, operation: Operation): State | undefined {
    this.#steps += 1;
    return this.#model.step(state, operation);
  }

  /** Can the next operation tell whether this unknown one, which leads to `state`, took effect before it? */
  #matters(unknown: number, state: State): boolean {
    const model = this.#model;
    if (model.equal(state, this.#state)) return false;
    for (let from = this.#firstCandidate(); ; ) {
      const candidate = this.#nextCandidate(from);
      if (candidate === NOTHING) return false;
      from = this.#candidateAfter(candidate);
      if (candidate === unknown) continue;
      const next = this.#operations[candidate]!;
      const after = this.#step(state, next);
      if (after === undefined || (candidate >= this.#answered && model.equal(after, state))) continue;
      const without = this.#step(this.#state, next);
      if (without === undefined) return true;
      // It wipes the difference out, or it lets it pass: then the unknown operation might as well come after it.
      const wipes = model.equal(after, without);
      const passes = model.equal(after, state) && model.equal(without, this.#state);
      if (!wipes && !passes) return true;
    }
  }

  /** Takes operations back off the order, down to the last one that was a choice. @returns it, or NOTHING. */
  #backtrack(): number {
    for (;;) {
      const frame = this.#stack.pop();
      if (frame === undefined) return NOTHING;
      if (frame.operation < this.#answered) this.#unlift(frame.operation);
      this.#unmark(frame.operation);
      this.#state = frame.state;
      if (frame.alternatives) return frame.operation;
    }
  }

  #lift(operation: number): void {
    this.#unlink(operation);
    this.#unlink(operation + this.#answered);
    this.#remaining -= 1;
  }

  #unlift(operation: number): void {
    this.#relink(operation + this.#answered);
    this.#relink(operation);
    this.#remaining += 1;
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

  #isLinearized(operation: number): boolean {
    const bit = this.#bit(operation);
    return (this.#linearized[bit >>> 5]! & (1 << (bit & 31))) !== 0;
  }

  #bit(operation: number): number {
    return operation < this.#answered ? operation : operation - this.#answered + (this.#answeredWords << 5);
  }

  #mark(operation: number): void {
    const bit = this.#bit(operation);
    this.#linearized[bit >>> 5]! |= 1 << (bit & 31);
    if (operation >= this.#answered) return;
    this.#linearizedHash ^= mix(operation + 1);
    while (this.#fullWords < this.#answeredWords && this.#linearized[this.#fullWords] === 0xffffffff) {
      this.#fullWords += 1;
    }
  }

  #unmark(operation: number): void {
    const bit = this.#bit(operation);
    this.#linearized[bit >>> 5]! &= ~(1 << (bit & 31));
    if (operation >= this.#answered) return;
    this.#linearizedHash ^= mix(operation + 1);
    this.#fullWords = Math.min(this.#fullWords, bit >>> 5);
  }

  /** Remembers the current set with `state`. @returns false if that configuration, or a better one, was met before. */
  #isNew(state: State): boolean {
    const hash = this.#linearizedHash ^ mix(this.#model.hash(state));
    const configurations = this.#tried.get(hash) ?? [];
    if (configurations.length === 0) this.#tried.set(hash, configurations);
    if (configurations.some((tried) => this.#covers(tried) && this.#model.equal(tried.state, state))) return false;
    let end = this.#linearized.length;
    while (end > this.#fullWords && this.#linearized[end - 1] === 0) end -= 1;
    configurations.push({ state, skipped: this.#fullWords, words: this.#linearized.slice(this.#fullWords, end) });
    return true;
  }

  /** The same answered operations, and no unknown one that the current set does not hold too. */
  #covers(tried: Configuration<State>): boolean {
    if (tried.skipped !== this.#fullWords) return false;
    for (let word = this.#fullWords; word < this.#linearized.length; word += 1) {
      const now = this.#linearized[word]!;
      const then = tried.words[word - tried.skipped] ?? 0;
      if (word < this.#answeredWords ? now !== then : (then & ~now) !== 0) return false;
    }
    return true;
  }

  #order(): Operation[] {
    return this.#stack.map((frame) => this.#operations[frame.operation]!);
  }

  #reportBlocked(operation: number): void {
    const furthest = this.#furthest === NOTHING ? -1 : this.#operations[this.#furthest]!.return;
    const reached = this.#operations[operation]!.return;
    if (reached < furthest) return;
    if (operation !== this.#furthest) {
      this.#furthest = operation;
      this.#furthestOrder = this.#order();
      this.#furthestStates = [];
    }
    const known = this.#furthestStates.some((state) => this.#model.equal(state, this.#state));
    if (!known && this.#furthestStates.length < MAX_REPORTED_STATES) this.#furthestStates.push(this.#state);
  }

  #impossible(): SearchResult<State> {
    const culprit = this.#operations[this.#furthest]!;
    return { type: "impossible", culprit, order: this.#furthestOrder, states: this.#furthestStates };
  }
}

/** Spreads an integer over 32 bits (the finalizer of MurmurHash3). */
function mix(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
