/** Polynomials over GF(2) modulo that of CRC-32C, as its reflected sums are: the highest bit is x^0. */
const POLYNOMIAL = 0x82f63b78;
const ONE = 0x8000_0000;
/** x^(2^k) */
const SQUARES: readonly number[] = makeSquares();

/** Pieces are mostly of one length. */
let lastLength = 0;
let lastShift = ONE;

/**
 * The CRC-32C of two runs joined, from the sums of each: `crc32c(b, crc32c(a))` without another look at the bytes. (A sum is a
 * remainder: what stands before `length` more bytes is multiplied by x^(8·length).)
 * @param length of the second run, in bytes
 * @returns an unsigned 32-bit number
 */
export function joinCrc32c(first: number, second: number, length: number): number {
  if (length !== lastLength) {
    lastLength = length;
    lastShift = shiftBy(8 * length);
  }
  return (multiply(lastShift, first) ^ second) >>> 0;
}

function shiftBy(bits: number): number {
  let shift = ONE;
  for (let k = 0, rest = bits; rest > 0; k += 1, rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) shift = multiply(SQUARES[k]!, shift);
  }
  return shift;
}

function multiply(a: number, b: number): number {
  let product = 0;
  let shifted = b;
  for (let left = a; left !== 0; left <<= 1) {
    if (left < 0 || left >= ONE) product ^= shifted;
    shifted = shifted & 1 ? (shifted >>> 1) ^ POLYNOMIAL : shifted >>> 1;
  }
  return product;
}

function makeSquares(): number[] {
  const squares = [ONE >>> 1];
  for (let k = 1; k < 53; k += 1) squares.push(multiply(squares[k - 1]!, squares[k - 1]!));
  return squares;
}
