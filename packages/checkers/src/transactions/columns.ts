/** Columns that grow: a million transactions are a few arrays of numbers, not a million objects. */
type Room = Int32Array<ArrayBuffer> | Float64Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

class Column<Array extends Room> {
  /** Longer than `length`; read through this field in hot loops. */
  array: Array;
  length = 0;
  readonly #make: (length: number) => Array;

  constructor(make: (length: number) => Array) {
    this.#make = make;
    this.array = make(64);
  }

  push(value: number): void {
    if (this.length === this.array.length) {
      const larger = this.#make(this.length * 2);
      larger.set(this.array);
      this.array = larger;
    }
    this.array[this.length] = value;
    this.length += 1;
  }
}

export class Ints extends Column<Int32Array<ArrayBuffer>> {
  constructor() {
    super((length) => new Int32Array(length));
  }
}

export class Doubles extends Column<Float64Array<ArrayBuffer>> {
  constructor() {
    super((length) => new Float64Array(length));
  }
}

export class Bytes extends Column<Uint8Array<ArrayBuffer>> {
  constructor() {
    super((length) => new Uint8Array(length));
  }
}
