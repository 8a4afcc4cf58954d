import { Ints } from "./columns.ts";

/** Values from here on are places in `others`; smaller ones are the values themselves. */
const FIRST_OTHER = 2 ** 30;

/**
 * What was written: one element for each pair of key and value, numbered from 0 in the order of first mention.
 * An open-addressing table over two columns, because there may be millions.
 */
export class Elements {
  /** The key's number, by element. */
  readonly key: Ints = new Ints();
  readonly #value: Ints = new Ints();
  readonly #others: unknown[] = [];
  readonly #otherCodes = new Map<unknown, number>();
  #slots: Int32Array = new Int32Array(1024).fill(-1);

  get length(): number {
    return this.key.length;
  }

  value(element: number): unknown {
    const code = this.#value.array[element]!;
    return code < FIRST_OTHER ? code : this.#others[code - FIRST_OTHER];
  }

  /** Is this the value of that element? */
  isValue(element: number, value: unknown): boolean {
    return this.#value.array[element] === this.#code(value);
  }

  /** The number of this key and value, new if it was never mentioned. */
  intern(key: number, value: unknown): number {
    const code = this.#code(value);
    const mask = this.#slots.length - 1;
    let slot = spread(key, code) & mask;
    for (; ; slot = (slot + 1) & mask) {
      const element = this.#slots[slot]!;
      if (element < 0) break;
      if (this.key.array[element] === key && this.#value.array[element] === code) return element;
    }
    this.#slots[slot] = this.key.length;
    this.key.push(key);
    this.#value.push(code);
    if (this.key.length * 2 > this.#slots.length) this.#grow();
    return this.key.length - 1;
  }

  #grow(): void {
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1);
    const mask = this.#slots.length - 1;
    for (let element = 0; element < this.key.length; element += 1) {
      let slot = spread(this.key.array[element]!, this.#value.array[element]!) & mask;
      while (this.#slots[slot]! >= 0) slot = (slot + 1) & mask;
      this.#slots[slot] = element;
    }
  }

  #code(value: unknown): number {
    if (typeof value === "number" && (value | 0) === value && value >= 0 && value < FIRST_OTHER) return value;
    // Two lists with the same content are the same value; a string never looks like such a list.
    const identity = typeof value === "object" && value !== null ? `json ${JSON.stringify(value)}` : value;
    const name = typeof value === "string" ? `text ${value}` : identity;
    const known = this.#otherCodes.get(name);
    if (known !== undefined) return known;
    const code = FIRST_OTHER + this.#others.length;
    this.#others.push(value);
    this.#otherCodes.set(name, code);
    return code;
  }
}

function spread(key: number, code: number): number {
  let hash = Math.imul(key, 0x9e3779b1) ^ Math.imul(code, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}
