/**
 * Columns that grow: a million transactions are a few arrays of numbers, not a million objects.
 *
 * The three are written out, for a shared `push` would see arrays of three kinds, which engines compile to slow code.
 * `array` is longer than `length`; hot loops read it directly.
 */

const FIRST_ROOM = 64;

export class Ints {
  array: Int32Array<ArrayBuffer> = new Int32Array(FIRST_ROOM);
  length = 0;

  push(value: number): void {
    if (this.length === this.array.length) {
      const larger = new Int32Array(this.length * 2);
      larger.set(this.array);
      this.array = larger;
    }
    this.array[this.length++] = value;
  }
}

export class Doubles {
  array: Float64Array<ArrayBuffer> = new Float64Array(FIRST_ROOM);
  length = 0;

  push(value: number): void {
    if (this.length === this.array.length) {
      const larger = new Float64Array(this.length * 2);
      larger.set(this.array);
      this.array = larger;
    }
    this.array[this.length++] = value;
  }
}

export class Bytes {
  array: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_ROOM);
  length = 0;

  push(value: number): void {
    if (this.length === this.array.length) {
      const larger = new Uint8Array(this.length * 2);
      larger.set(this.array);
      this.array = larger;
    }
    this.array[this.length++] = value;
  }
}
