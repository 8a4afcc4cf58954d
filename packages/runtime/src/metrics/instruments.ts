/** What is counted on the hot path: numbers in fields and typed arrays; nothing is allocated by `inc`, `set` or `observe`. */

/** A total that only grows. */
export class Counter {
  value = 0;

  inc(by = 1): void {
    this.value += by;
  }

  /** Takes over a total that is kept elsewhere. */
  set(total: number): void {
    this.value = total;
  }
}

/** A value that goes up and down. */
export class Gauge {
  value = 0;

  set(value: number): void {
    this.value = value;
  }

  inc(by = 1): void {
    this.value += by;
  }

  dec(by = 1): void {
    this.value -= by;
  }
}

/** A distribution over fixed buckets. */
export class Histogram {
  /** Upper bounds, ascending, without +Inf. */
  readonly bounds: readonly number[];
  /** Observations in each bucket alone; the last is above all bounds. */
  readonly counts: Float64Array;
  sum = 0;
  count = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const bounds = this.bounds;
    let i = 0;
    while (i < bounds.length && value > (bounds[i] as number)) i++;
    (this.counts[i] as number) += 1;
    this.sum += value;
    this.count++;
  }
}

/** `count` bounds: `start`, then each `factor` times the one before. */
export function exponentialBuckets(start: number, factor: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => start * factor ** i);
}
