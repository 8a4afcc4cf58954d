import type { Operation } from "../history.ts";
import type { Model } from "../model.ts";
import type { Budget } from "./budget.ts";
import type { Program } from "./program.ts";
import { Tried } from "./tried.ts";

export type SequentialSearchResult<State> =
  | { readonly type: "found"; readonly order: Operation[] }
  | {
      readonly type: "impossible";
      /** The longest order that was found, and what does not fit behind it, in which states of its key. */
      readonly order: Operation[];
      readonly culprit: Operation;
      readonly states: State[];
    }
  | { readonly type: "gaveUp" };

const NO_KEY = -1;
const OUTSIDE = -1;

/** One choice and the choices that are left in its place. */
interface Frame<State> {
  /** Length of the trail before it. */
  readonly mark: number;
  /** Sessions by the call of their next operation, then session count + i for the i-th optional operation. */
  readonly candidates: readonly number[];
  next: number;
  /** The key of the optional operations that were put in last: the next operation must be about it too. */
  readonly pending: number;
  /** That key's state before them. */
  readonly before: State | undefined;
}

/**
 * Looks for one order of all operations that keeps each session's own order and that the model could have produced, with
 * one state for every key: depth first, with a memory of where each session stood in which state. All refinements are
 * sound:
 *
 * - A read that fits is taken at once and never reconsidered.
 * - An optional operation is put in only right before another one on its key, and only if that one can tell the
 *   difference: elsewhere the order holds without it as well, or with it put in later.
 */
export function searchSequential<State>(
  program: Program,
  model: Model<State>,
  budget: Budget,
): SequentialSearchResult<State> {
  return new Search(program, model, budget).run();
}

class Search<State> {
  readonly #program: Program;
  readonly #model: Model<State>;
  readonly #budget: Budget;
  readonly #positions: Int32Array;
  readonly #used: Uint8Array;
  readonly #states: State[];
  #remaining = 0;

  /** What was placed: the operation, its session (or OUTSIDE − i for an optional one) and its key's state before. */
  readonly #trail: { operation: Operation; place: number; key: number; before: State }[] = [];
  readonly #tried: Tried<State>;
  #deepest = -1;
  #order: Operation[] = [];
  #culprit: Operation | undefined;
  #culpritStates: State[] = [];

  constructor(program: Program, model: Model<State>, budget: Budget) {
    this.#program = program;
    this.#model = model;
    this.#budget = budget;
    this.#positions = new Int32Array(program.sessions.length);
    this.#used = new Uint8Array(program.optional.length);
    this.#states = program.keyNames.map(() => model.initial);
    this.#tried = new Tried(model);
    for (const session of program.sessions) this.#remaining += session.length;
  }

  run(): SequentialSearchResult<State> {
    const stack: Frame<State>[] = [this.#enter(0, NO_KEY, undefined)];
    while (this.#remaining > 0) {
      const frame = stack.at(-1);
      if (frame === undefined) return this.#impossible();
      if (this.#budget.isSpent) return { type: "gaveUp" };
      const candidate = frame.candidates[frame.next];
      if (candidate === undefined) {
        this.#undo(frame.mark);
        stack.pop();
        continue;
      }
      frame.next += 1;
      const mark = this.#trail.length;
      const pending = this.#take(candidate, frame);
      if (pending === undefined) continue;
      const before = pending === frame.pending ? frame.before : this.#trail.at(-1)?.before;
      const isNew = this.#tried.add(this.#positions, this.#used, this.#states, pending);
      if (isNew) stack.push(this.#enter(mark, pending, pending === NO_KEY ? undefined : before));
      else this.#undo(mark);
    }
    return { type: "found", order: this.#trail.map(({ operation }) => operation) };
  }

  /** @returns the key that the order must go on with, NO_KEY for any, undefined if the candidate does not fit. */
  #take(candidate: number, { pending, before }: Frame<State>): number | undefined {
    const { sessions, keys, optional } = this.#program;
    if (candidate >= sessions.length) {
      const index = candidate - sessions.length;
      const { operation, key } = optional[index]!;
      return this.#place(operation, key, OUTSIDE - index) ? key : undefined;
    }
    const position = this.#positions[candidate]!;
    const operation = sessions[candidate]![position]!;
    const key = keys[candidate]![position]!;
    if (pending === NO_KEY) return this.#place(operation, key, candidate) ? NO_KEY : undefined;
    if (!this.#place(operation, key, candidate)) return undefined;
    const without = this.#step(before as State, operation);
    if (without === undefined || !this.#model.equal(without, this.#states[key]!)) return NO_KEY;
    this.#undo(this.#trail.length - 1);
    return undefined;
  }

  #place(operation: Operation, key: number, place: number): boolean {
    const before = this.#states[key]!;
    const after = this.#step(before, operation);
    if (after === undefined) return false;
    this.#states[key] = after;
    this.#trail.push({ operation, place, key, before });
    if (place <= OUTSIDE) this.#used[OUTSIDE - place] = 1;
    else {
      this.#positions[place]! += 1;
      this.#remaining -= 1;
    }
    return true;
  }

  #step(state: State, operation: Operation): State | undefined {
    this.#budget.spend();
    return this.#model.step(state, operation);
  }

  #undo(mark: number): void {
    while (this.#trail.length > mark) {
      const { place, key, before } = this.#trail.pop()!;
      this.#states[key] = before;
      if (place <= OUTSIDE) this.#used[OUTSIDE - place] = 0;
      else {
        this.#positions[place]! -= 1;
        this.#remaining += 1;
      }
    }
  }

  #enter(mark: number, pending: number, before: State | undefined): Frame<State> {
    if (pending === NO_KEY) this.#takeReads();
    const { sessions, keys, optional } = this.#program;
    const candidates: number[] = [];
    for (let session = 0; session < sessions.length; session += 1) {
      const position = this.#positions[session]!;
      if (position === sessions[session]!.length) continue;
      if (pending === NO_KEY || keys[session]![position] === pending) candidates.push(session);
    }
    const call = (session: number): number => sessions[session]![this.#positions[session]!]!.call;
    candidates.sort((a, b) => call(a) - call(b));
    for (let index = 0; index < optional.length; index += 1) {
      const { key, session, after } = optional[index]!;
      if (this.#used[index] === 1 || this.#positions[session]! < after) continue;
      if (pending === NO_KEY || key === pending) candidates.push(sessions.length + index);
    }
    if (pending === NO_KEY) this.#noteDepth();
    return { mark, candidates, next: 0, pending, before };
  }

  #takeReads(): void {
    const { sessions, keys } = this.#program;
    for (let progress = true; progress; ) {
      progress = false;
      for (let session = 0; session < sessions.length; session += 1) {
        for (;;) {
          const position = this.#positions[session]!;
          const operation = sessions[session]![position];
          if (operation === undefined || !this.#model.isRead(operation)) break;
          if (!this.#place(operation, keys[session]![position]!, session)) break;
          progress = true;
        }
      }
    }
  }

  /** Remembers how far the search came, and which read or swap stood in the way. */
  #noteDepth(): void {
    if (this.#remaining === 0 || this.#trail.length < this.#deepest) return;
    const { sessions, keys } = this.#program;
    for (let session = 0; session < sessions.length; session += 1) {
      const position = this.#positions[session]!;
      const operation = sessions[session]![position];
      if (operation === undefined) continue;
      const state = this.#states[keys[session]![position]!]!;
      if (this.#step(state, operation) !== undefined) continue;
      this.#deepest = this.#trail.length;
      if (this.#culprit !== operation) this.#culpritStates = [];
      this.#culprit = operation;
      this.#order = this.#trail.map((placed) => placed.operation);
      const isKnown = this.#culpritStates.some((other) => this.#model.equal(other, state));
      if (!isKnown && this.#culpritStates.length < 4) this.#culpritStates.push(state);
      return;
    }
  }

  #impossible(): SequentialSearchResult<State> {
    const culprit = this.#culprit as Operation;
    return { type: "impossible", order: this.#order, culprit, states: this.#culpritStates };
  }
}
