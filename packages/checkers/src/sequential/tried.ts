import type { Model } from "../model.ts";

interface Configuration<State> {
  readonly positions: Int32Array;
  readonly used: Uint8Array;
  readonly states: readonly State[];
  readonly pending: number;
}

/** Configurations that a search has been in. */
export class Tried<State> {
  readonly #model: Model<State>;
  readonly #buckets = new Map<number, Configuration<State>[]>();

  constructor(model: Model<State>) {
    this.#model = model;
  }

  /** @returns false if it was there before. Takes copies. */
  add(positions: Int32Array, used: Uint8Array, states: readonly State[], pending: number): boolean {
    let hash = pending;
    for (const position of positions) hash = mix(hash, position);
    for (const flag of used) hash = mix(hash, flag);
    for (const state of states) hash = mix(hash, this.#model.hash(state));
    const bucket = this.#buckets.get(hash);
    const isHere = (other: Configuration<State>): boolean =>
      other.pending === pending &&
      sameBytes(other.positions, positions) &&
      sameBytes(other.used, used) &&
      states.every((state, key) => this.#model.equal(state, other.states[key]!));
    if (bucket?.some(isHere)) return false;
    const configuration = { positions: positions.slice(), used: used.slice(), states: [...states], pending };
    if (bucket === undefined) this.#buckets.set(hash, [configuration]);
    else bucket.push(configuration);
    return true;
  }
}

function mix(hash: number, value: number): number {
  const mixed = Math.imul(hash ^ value, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}

function sameBytes(a: Int32Array | Uint8Array, b: Int32Array | Uint8Array): boolean {
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}
