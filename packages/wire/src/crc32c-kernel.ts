import {
  add,
  and,
  block,
  branchIf,
  type Code,
  constant,
  get,
  instantiate,
  isAtMost,
  isLess,
  load8,
  load32,
  load128,
  loop,
  moduleOf,
  set,
  shiftLeft,
  shiftRight,
  store32,
  store128,
  subtract,
  tee,
  vectorXor,
  xor,
} from "./wasm.ts";

/**
 * CRC-32C of long runs, as WebAssembly: sixteen bytes at a time are folded forward by exclusive-or alone, without a table.
 *
 * A sum modulo P stays the same when a multiple of P is added to what is summed. The multiple
 * Q = x^79 + x^75 + x^71 + x^58 + x^18 + x^12 + x + 1 is the one of least degree with so few terms, and Q(x)^128 = Q(x^128),
 * because in GF(2) a square has no mixed terms: so sixteen bytes can be taken out where they stand, if they are added again
 * 16·(79 − e) bytes behind, for each lower term x^e. (The idea of folding with sparse multiples: Russell, "Chorba", 2024.) What is left at the
 * end, `WINDOW` bytes and a rest, is summed by sixteen tables as in crc32c.ts.
 */
const DEGREE = 79;
const LOWER_TERMS = [75, 71, 58, 18, 12, 1, 0];
const DISTANCES: readonly number[] = LOWER_TERMS.map((term) => 16 * (DEGREE - term));
const WINDOW = 16 * DEGREE;

/** Memory: tables; zeros, which is what stands before the first byte; data. */
const TABLE_BYTES = 16 << 10;
const DATA = TABLE_BYTES + WINDOW;
export const PIECE_BYTES: number = 64 << 10;
const PAGES = 2;

/** Locals: the two parameters, then addresses and the sum. */
const LENGTH = 0;
const SEED = 1;
const AT = 2;
const FOLDED = 3;
const END = 4;
const CRC = 5;
const WORD = 6;

/**
 * @param table of slicing-by-16
 * @returns a function that continues `seed` over 16 … `PIECE_BYTES` bytes, signed or not; undefined where it cannot run
 */
export function makeKernel(table: Int32Array): ((bytes: Uint8Array, seed: number) => number) | undefined {
  const module = moduleOf(2, 5, PAGES, [
    ...begin(),
    fold(),
    ...sumBlocks(),
    ...sumBytes(),
    get(CRC),
    constant(-1),
    xor,
  ]);
  const instance = instantiate<(length: number, seed: number) => number>(module);
  if (instance === undefined) return undefined;
  const { memory, run } = instance;
  new Int32Array(memory.buffer, 0, table.length).set(table);
  return (bytes, seed) => {
    memory.set(bytes, DATA);
    return run(bytes.length, seed);
  };
}

/** The seed's complement is added to the first four bytes; from there on the sum begins at 0. */
function begin(): Code[] {
  return [
    ...[constant(DATA), constant(DATA), load32(0), get(SEED), constant(-1), xor, xor, store32(0)],
    ...[constant(DATA), set(AT)],
    ...[constant(DATA), get(LENGTH), add, set(END)],
  ];
}

/** Leaves in `AT` where the bytes that count begin: at least `WINDOW` of them. */
function fold(): Code {
  const fetch = DISTANCES.flatMap((distance): Code => [...get(AT), ...load128(WINDOW - distance), ...vectorXor]);
  return block(
    ...[get(LENGTH), constant(WINDOW + 16), isLess, branchIf],
    ...[get(LENGTH), constant(WINDOW), subtract, constant(-16), and, constant(DATA), add, set(FOLDED)],
    // Here AT runs a window behind what it names, as offsets cannot be negative.
    ...[constant(DATA - WINDOW), set(AT)],
    loop(
      ...[get(AT), get(AT), load128(WINDOW), fetch, store128(WINDOW)],
      ...[get(AT), constant(16), add, tee(AT), get(FOLDED), constant(WINDOW), subtract, isLess, branchIf],
    ),
    ...DISTANCES.flatMap(foldIntoRest),
    ...[get(FOLDED), set(AT)],
  );
}

/** What was folded last reaches beyond the end of the loop: into the rest, which stays. */
function foldIntoRest(distance: number): Code[] {
  return [
    ...[get(FOLDED), constant(distance), subtract, set(AT)],
    loop(
      ...[get(AT), get(AT), load128(distance), get(AT), load128(0), vectorXor, store128(distance)],
      ...[get(AT), constant(16), add, tee(AT), get(FOLDED), isLess, branchIf],
    ),
  ];
}

function sumBlocks(): Code[] {
  return [
    loop(
      ...[0, 1, 2, 3].flatMap(sumWord),
      set(CRC),
      ...[get(AT), constant(16), add, tee(AT), get(END), constant(16), subtract, isAtMost, branchIf],
    ),
  ];
}

/** Four look-ups, each at byte × 4; the first word leaves one value on the stack, the others add to it. */
function sumWord(number: number): Code[] {
  const word = [get(AT), load32(4 * number), ...(number === 0 ? [get(CRC), xor] : []), set(WORD)];
  const index: Code[][] = [
    [get(WORD), constant(0xff), and, constant(2), shiftLeft],
    [get(WORD), constant(6), shiftRight, constant(0x3fc), and],
    [get(WORD), constant(14), shiftRight, constant(0x3fc), and],
    [get(WORD), constant(24), shiftRight, constant(2), shiftLeft],
  ];
  const lookUps = index.flatMap((codes, i) => {
    const row = 15 - (4 * number + i);
    return [...codes, load32(1024 * row), ...(row === 15 ? [] : [xor])];
  });
  return [...word, ...lookUps];
}

/** The last bytes, fewer than sixteen. */
function sumBytes(): Code[] {
  const lookUp = [get(CRC), get(AT), load8(0), xor, constant(0xff), and, constant(2), shiftLeft, load32(0)];
  return [
    block(
      ...[get(END), get(AT), isAtMost, branchIf],
      loop(
        ...[...lookUp, get(CRC), constant(8), shiftRight, xor, set(CRC)],
        ...[get(AT), constant(1), add, tee(AT), get(END), isLess, branchIf],
      ),
    ),
  ];
}
