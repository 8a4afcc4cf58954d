/** Of an odd number of values the middle one, of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** @param q 0 to 1. Linear between the two nearest values. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = Float64Array.from(values).sort();
  const position = (sorted.length - 1) * q;
  const low = sorted[Math.floor(position)] ?? Number.NaN;
  const high = sorted[Math.ceil(position)] ?? Number.NaN;
  return low + (high - low) * (position - Math.floor(position));
}

/** "12,345", or with digits behind the point where a number is small. */
export function shown(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** "median (min..max)" */
export function spread(values: readonly number[]): string {
  if (values.length === 1) return shown(values[0] as number);
  return `${shown(median(values))} (${shown(Math.min(...values))}..${shown(Math.max(...values))})`;
}
