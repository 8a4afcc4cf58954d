import type { Operation } from "./history.ts";
import type { Model } from "./model.ts";
import { mix, textOf } from "./values.ts";

/** The operation cannot happen in that state. */
export const REFUSED = -1;

const VACANT = -1;
const CELL = 3;

/**
 * A model over small integers: states and operations get numbers when they are met first, and each pair of them is carried
 * out once. A step that was taken before is one look into a typed array.
 */
export class Machine<State> {
  readonly #model: Model<State>;
  /** One operation of each kind: those of a kind ask for the same and were told the same. */
  readonly #kinds: Operation[] = [];
  readonly #kindOf = new Map<string, number>();

  readonly #states: State[] = [];
  /** Buckets of states by hash, then a chain through the states. */
  #heads: Int32Array = new Int32Array(64).fill(VACANT);
  readonly #hashes: number[] = [];
  readonly #chain: number[] = [];

  /** Open addressing; a cell is state, kind, state afterwards. */
  #cells: Int32Array = new Int32Array(256 * CELL).fill(VACANT);
  #filled = 0;

  constructor(model: Model<State>) {
    this.#model = model;
    this.#intern(model.initial);
  }

  /** The initial state is 0. */
  get states(): number {
    return this.#states.length;
  }

  /** Bytes, roughly: what the model's own states weigh can only be guessed. */
  get weight(): number {
    return this.#cells.byteLength + this.#heads.byteLength + this.#states.length * 200;
  }

  state(id: number): State {
    return this.#states[id] as State;
  }

  kind(operation: Operation): number {
    const answer = operation.outcome === "ok" ? textOf(operation.output) : "?";
    const who = this.#model.usesProcess ? operation.process : "";
    const text = `${who} ${operation.f} ${operation.key.length} ${operation.key} ${textOf(operation.input)} ${answer}`;
    const known = this.#kindOf.get(text);
    if (known !== undefined) return known;
    this.#kindOf.set(text, this.#kinds.length);
    return this.#kinds.push(operation) - 1;
  }

  isRead(kind: number): boolean {
    return this.#model.isRead(this.#kinds[kind] as Operation);
  }

  /** @returns the state afterwards, or REFUSED. */
  step(state: number, kind: number): number {
    const mask = this.#cells.length / CELL - 1;
    let slot = slotOf(state, kind) & mask;
    for (;;) {
      const cell = slot * CELL;
      const there = this.#cells[cell]!;
      if (there === state && this.#cells[cell + 1] === kind) return this.#cells[cell + 2]!;
      if (there === VACANT) return this.#take(cell, state, kind);
      slot = (slot + 1) & mask;
    }
  }

  #take(cell: number, state: number, kind: number): number {
    const next = this.#model.step(this.#states[state] as State, this.#kinds[kind] as Operation);
    const after = next === undefined ? REFUSED : this.#intern(next);
    this.#cells[cell] = state;
    this.#cells[cell + 1] = kind;
    this.#cells[cell + 2] = after;
    this.#filled += 1;
    if (this.#filled * 2 * CELL > this.#cells.length) this.#grow();
    return after;
  }

  #grow(): void {
    const old = this.#cells;
    this.#cells = new Int32Array(old.length * 2).fill(VACANT);
    const mask = this.#cells.length / CELL - 1;
    for (let cell = 0; cell < old.length; cell += CELL) {
      if (old[cell] === VACANT) continue;
      let slot = slotOf(old[cell]!, old[cell + 1]!) & mask;
      while (this.#cells[slot * CELL] !== VACANT) slot = (slot + 1) & mask;
      for (let part = 0; part < CELL; part += 1) this.#cells[slot * CELL + part] = old[cell + part]!;
    }
  }

  #intern(state: State): number {
    const hash = mix(this.#model.hash(state));
    const head = hash & (this.#heads.length - 1);
    for (let id = this.#heads[head]!; id !== VACANT; id = this.#chain[id]!) {
      if (this.#hashes[id] === hash && this.#model.equal(this.#states[id] as State, state)) return id;
    }
    const id = this.#states.push(state) - 1;
    this.#hashes.push(hash);
    this.#chain.push(this.#heads[head]!);
    this.#heads[head] = id;
    if (this.#states.length > this.#heads.length) this.#rehash();
    return id;
  }

  #rehash(): void {
    this.#heads = new Int32Array(this.#heads.length * 2).fill(VACANT);
    for (let id = 0; id < this.#states.length; id += 1) {
      const head = this.#hashes[id]! & (this.#heads.length - 1);
      this.#chain[id] = this.#heads[head]!;
      this.#heads[head] = id;
    }
  }
}

function slotOf(state: number, kind: number): number {
  return mix(Math.imul(state, 0x9e3779b1) + kind);
}
