import { Configurations } from "./configurations.ts";
import type { History, Operation } from "./history.ts";
import { Machine, REFUSED } from "./machine.ts";
import type { Model } from "./model.ts";
import { Precedence } from "./precedence.ts";
import { Timeline } from "./timeline.ts";
import { Unanswered } from "./unanswered.ts";
import { mix } from "./values.ts";

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
 *
 * The walk works on numbers in typed arrays: a step that was taken before, and going back, allocate nothing.
 */
export type SearchResult<State> =
  | { type: "found"; order: Operation[] }
  | { type: "impossible"; culprit: Operation; order: Operation[]; states: State[] }
  | { type: "gaveUp"; limit: "steps" | "time" | "memory" };

export interface SearchLimits {
  /** Looks at what an operation does in a state. */
  readonly maxSteps: number;
  /** Bytes, roughly. */
  readonly maxMemory?: number;
  /** True once time is up. */
  readonly isOver?: () => boolean;
}

/** @param history of one object; no failed operations and no unanswered reads. */
export function search<State>(history: History, model: Model<State>, limits: SearchLimits): SearchResult<State> {
  return new Search(history, model, limits).run();
}

const NOTHING = -1;
const MAX_REPORTED_STATES = 4;
/** Steps between two questions for time and memory. */
const STEPS_BETWEEN_CHECKS = 4096;
const DEFAULT_MAX_MEMORY = 2 ** 30;

class Search<State> {
  readonly #limits: SearchLimits;
  readonly #machine: Machine<State>;
  readonly #timeline: Timeline;
  readonly #unanswered: Unanswered;
  readonly #precedence: Precedence | undefined;
  readonly #configurations = new Configurations();
  /** In order of call. */
  readonly #operations: readonly Operation[];
  readonly #kinds: Int32Array;
  readonly #isRead: Uint8Array;

  /** The answered operations in the order, a bit each: words before `#first` are full, from `#last` on they are empty. */
  readonly #linearized: Int32Array;
  #first = 0;
  #last = 0;
  #hash = 0;
  #remaining: number;

  /** The order so far, and how things stood before each operation of it. An unknown one of kind k is `answered + k`. */
  #depth = 0;
  readonly #stack: Int32Array;
  readonly #stateBefore: Int32Array;
  readonly #firstBefore: Int32Array;
  readonly #lastBefore: Int32Array;
  readonly #forced: Uint8Array;

  #state = 0;
  #steps = 0;
  #nextCheck = STEPS_BETWEEN_CHECKS;

  /** The furthest return that the search ran into, and how things stood there. */
  #furthest = NOTHING;
  #furthestOrder: Int32Array = new Int32Array(0);
  #furthestStates: number[] = [];

  constructor(history: History, general: Model<State>, limits: SearchLimits) {
    this.#limits = limits;
    const model = general.specialize?.(history) ?? general;
    this.#machine = new Machine(model);
    const byCall = [...history].sort((a, b) => a.call - b.call);
    this.#operations = byCall.filter((operation) => operation.outcome === "ok");
    this.#timeline = new Timeline(this.#operations);
    this.#kinds = Int32Array.from(this.#operations, (operation) => this.#machine.kind(operation));
    this.#isRead = Uint8Array.from(this.#kinds, (kind) => (this.#machine.isRead(kind) ? 1 : 0));
    const unknown = byCall.filter((operation) => operation.outcome !== "ok");
    this.#unanswered = new Unanswered(unknown, this.#machine);
    this.#precedence = this.#learn(model);
    this.#remaining = this.#operations.length;
    this.#linearized = new Int32Array((this.#operations.length + 31) >>> 5);
    this.#stack = new Int32Array(byCall.length);
    this.#stateBefore = new Int32Array(byCall.length);
    this.#firstBefore = new Int32Array(byCall.length);
    this.#lastBefore = new Int32Array(byCall.length);
    this.#forced = new Uint8Array(byCall.length);
  }

  /** What the model knows of the order beforehand. */
  #learn(model: Model<State>): Precedence | undefined {
    const { answered } = this.#timeline;
    const edges = model.precedence?.([...this.#operations, ...this.#unanswered.operations]) ?? [];
    if (edges.length === 0) return undefined;
    const node = (place: number): number =>
      place < answered ? place : answered + this.#unanswered.kindAt(place - answered);
    const known = edges.map(([before, after]): [number, number] => [node(before), node(after)]);
    return new Precedence(answered + this.#unanswered.kinds, known);
  }

  run(): SearchResult<State> {
    const { head } = this.#timeline;
    let from = this.#timeline.after(head);
    while (this.#remaining > 0) {
      const candidate = this.#candidate(from);
      if (candidate === NOTHING) {
        this.#reportBlocked();
        const undone = this.#backtrack();
        if (undone === NOTHING) return this.#impossible();
        from = this.#following(undone);
      } else {
        from = this.#try(candidate) ? this.#timeline.after(head) : this.#following(candidate);
      }
      const limit = this.#steps >= this.#nextCheck ? this.#reached() : undefined;
      if (limit !== undefined) return { type: "gaveUp", limit };
    }
    return { type: "found", order: this.#order(this.#stack.subarray(0, this.#depth)) };
  }

  #reached(): "steps" | "time" | "memory" | undefined {
    const { maxSteps, maxMemory = DEFAULT_MAX_MEMORY, isOver } = this.#limits;
    if (this.#steps >= maxSteps) return "steps";
    this.#nextCheck = Math.min(maxSteps, this.#steps + STEPS_BETWEEN_CHECKS);
    if (this.#configurations.weight + this.#machine.weight > maxMemory) return "memory";
    return isOver?.() ? "time" : undefined;
  }

  /**
   * The walk runs over the calls up to the first return in the list, then over the kinds of unknown operations called by
   * then. @param from an event, or head + 1 + k for the k-th kind.
   * @returns an operation, or NOTHING once that return cannot be passed.
   */
  #candidate(from: number): number {
    const { answered, head } = this.#timeline;
    if (from < answered) return from;
    const unanswered = this.#unanswered;
    if (unanswered.kinds === 0) return NOTHING;
    const time = this.#operations[this.#timeline.firstReturn()]!.return;
    for (let kind = from > head ? from - head - 1 : 0; kind < unanswered.kinds; kind += 1) {
      if (unanswered.isLeft(kind, time, 0)) return answered + kind;
    }
    return NOTHING;
  }

  /** Where the walk goes on after an operation was tried in vain. */
  #following(operation: number): number {
    const { answered, head } = this.#timeline;
    return operation < answered ? this.#timeline.after(operation) : head + 1 + (operation - answered) + 1;
  }

  /** Puts the operation next in the order, if the model allows it and nothing like it was tried before. */
  #try(operation: number): boolean {
    if (this.#precedence?.waits(operation)) return false;
    const answered = operation < this.#timeline.answered;
    const state = this.#step(this.#state, this.#kindOf(operation));
    if (state === REFUSED) return false;
    if (!answered && !this.#matters(operation, state)) return false;
    const forced = answered && state === this.#state && this.#isRead[operation] === 1;
    const [first, last, hash] = [this.#first, this.#last, this.#hash];
    this.#mark(operation);
    if (!forced && !this.#isNew(state)) {
      this.#unmark(operation, first, last, hash);
      return false;
    }
    if (answered) {
      this.#timeline.takeOut(operation);
      this.#remaining -= 1;
    }
    this.#precedence?.take(operation);
    const depth = this.#depth++;
    this.#stack[depth] = operation;
    this.#stateBefore[depth] = this.#state;
    this.#firstBefore[depth] = first;
    this.#lastBefore[depth] = last;
    this.#forced[depth] = forced ? 1 : 0;
    this.#state = state;
    return true;
  }

  #kindOf(operation: number): number {
    const { answered } = this.#timeline;
    return operation < answered ? this.#kinds[operation]! : this.#unanswered.kindOf[operation - answered]!;
  }

  #step(state: number, kind: number): number {
    this.#steps += 1;
    return this.#machine.step(state, kind);
  }

  /** Can the next operation tell whether this unknown one, which leads to `state`, took effect before it? */
  #matters(unknown: number, state: number): boolean {
    if (state === this.#state) return false;
    const timeline = this.#timeline;
    const { answered } = timeline;
    let event = timeline.after(timeline.head);
    for (; event < answered; event = timeline.after(event)) if (this.#tells(event, state)) return true;
    const time = this.#operations[event - answered]!.return;
    for (let kind = 0; kind < this.#unanswered.kinds; kind += 1) {
      const another = answered + kind === unknown ? 1 : 0;
      if (this.#unanswered.isLeft(kind, time, another) && this.#tells(answered + kind, state)) return true;
    }
    return false;
  }

  /** Does the operation come out differently in `state` than now, in a way that others could notice? */
  #tells(operation: number, state: number): boolean {
    const kind = this.#kindOf(operation);
    const after = this.#step(state, kind);
    if (after === REFUSED) return false;
    if (operation >= this.#timeline.answered && after === state) return false;
    const without = this.#step(this.#state, kind);
    if (without === REFUSED) return true;
    // It wipes the difference out, or it lets it pass: then the unknown operation might as well come after it.
    const wipes = after === without;
    const passes = after === state && without === this.#state;
    return !wipes && !passes;
  }

  /** Takes operations back off the order, down to the last one that was a choice. @returns it, or NOTHING. */
  #backtrack(): number {
    while (this.#depth > 0) {
      const depth = --this.#depth;
      const operation = this.#stack[depth]!;
      this.#precedence?.giveBack(operation);
      if (operation < this.#timeline.answered) {
        this.#timeline.putBack(operation);
        this.#remaining += 1;
      }
      const hash = operation < this.#timeline.answered ? this.#hash ^ mix(operation + 1) : this.#hash;
      this.#unmark(operation, this.#firstBefore[depth]!, this.#lastBefore[depth]!, hash);
      this.#state = this.#stateBefore[depth]!;
      if (this.#forced[depth] === 0) return operation;
    }
    return NOTHING;
  }

  #mark(operation: number): void {
    if (operation >= this.#timeline.answered) {
      this.#unanswered.take(operation - this.#timeline.answered);
      return;
    }
    const linearized = this.#linearized;
    const word = operation >>> 5;
    linearized[word]! |= 1 << (operation & 31);
    this.#hash ^= mix(operation + 1);
    while (this.#first < linearized.length && linearized[this.#first] === -1) this.#first += 1;
    this.#last = Math.max(this.#last, word + 1);
  }

  #unmark(operation: number, first: number, last: number, hash: number): void {
    if (operation >= this.#timeline.answered) this.#unanswered.giveBack(operation - this.#timeline.answered);
    else this.#linearized[operation >>> 5]! &= ~(1 << (operation & 31));
    this.#first = first;
    this.#last = last;
    this.#hash = hash;
  }

  #isNew(state: number): boolean {
    const hash = this.#hash ^ mix(~state);
    return this.#configurations.add(hash, state, this.#linearized, this.#first, this.#last, this.#unanswered.taken);
  }

  #order(stack: Int32Array): Operation[] {
    const { answered } = this.#timeline;
    const used = new Int32Array(this.#unanswered.kinds);
    return Array.from(stack, (operation) => {
      if (operation < answered) return this.#operations[operation]!;
      const kind = operation - answered;
      return this.#unanswered.nth(kind, used[kind]!++);
    });
  }

  #reportBlocked(): void {
    const operation = this.#timeline.firstReturn();
    const furthest = this.#furthest === NOTHING ? -1 : this.#operations[this.#furthest]!.return;
    if (this.#operations[operation]!.return < furthest) return;
    if (operation !== this.#furthest) {
      this.#furthest = operation;
      this.#furthestOrder = this.#stack.slice(0, this.#depth);
      this.#furthestStates = [];
    }
    const known = this.#furthestStates.includes(this.#state);
    if (!known && this.#furthestStates.length < MAX_REPORTED_STATES) this.#furthestStates.push(this.#state);
  }

  #impossible(): SearchResult<State> {
    const culprit = this.#operations[this.#furthest]!;
    const states = this.#furthestStates.map((state) => this.#machine.state(state));
    return { type: "impossible", culprit, order: this.#order(this.#furthestOrder), states };
  }
}
