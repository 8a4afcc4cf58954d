import type { Random } from "@synod/protocols/random";

const STEPS = 512;
const UNIT = 1024;

/**
 * −ln(1−u) at the middle of each of 512 equal steps of u, in units of 1/1024.
 *
 * `Math.log` may differ in its last digit from one engine to the next, and then one seed would give two worlds. The basic
 * operations may not (IEEE 754), so the table is made with those alone: ln x = 2·artanh((x−1)/(x+1)), after halving the range.
 */
const TABLE: Int32Array = makeTable();

/** An integer of exponential distribution around `mean`, at most about seven times the mean. */
export function exponential(random: Random, mean: number): number {
  return Math.floor((TABLE[random.uint32() >>> 23]! * mean) / UNIT);
}

function makeTable(): Int32Array {
  const table = new Int32Array(STEPS);
  for (let step = 0; step < STEPS; step++) table[step] = Math.floor(-naturalLogarithm(1 - (step + 0.5) / STEPS) * UNIT);
  return table;
}

function naturalLogarithm(x: number): number {
  const { LN2 } = Math;
  let scaled = x;
  let halvings = 0;
  while (scaled < 0.75) {
    scaled *= 2;
    halvings++;
  }
  const z = (scaled - 1) / (scaled + 1);
  let power = z;
  let sum = 0;
  for (let n = 1; n < 40; n += 2) {
    sum += power / n;
    power *= z * z;
  }
  return 2 * sum - halvings * LN2;
}
