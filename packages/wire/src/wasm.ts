/**
 * The few instructions of WebAssembly that this package's kernels need, each as the bytes of its encoding (WebAssembly Core
 * Specification 2.0, 5.4). A kernel is written down as a list of them, so that its source can be read.
 */
export type Code = readonly number[];

export const I32 = 0x7f;
const VOID = 0x40;

export const add: Code = [0x6a];
export const subtract: Code = [0x6b];
export const and: Code = [0x71];
export const xor: Code = [0x73];
export const shiftLeft: Code = [0x74];
export const shiftRight: Code = [0x76];
/** Unsigned comparisons. */
export const isLess: Code = [0x49];
export const isAtMost: Code = [0x4d];
export const vectorXor: Code = [0xfd, 0x51];

export const get = (local: number): Code => [0x20, local];
export const set = (local: number): Code => [0x21, local];
export const tee = (local: number): Code => [0x22, local];
export const constant = (value: number): Code => [0x41, ...signed(value)];

/** Accesses take an address from the stack and add `offset` to it; the number before it is the alignment's logarithm. */
export const load8 = (offset: number): Code => [0x2d, 0, ...unsigned(offset)];
export const load32 = (offset: number): Code => [0x28, 2, ...unsigned(offset)];
export const store32 = (offset: number): Code => [0x36, 2, ...unsigned(offset)];
export const load128 = (offset: number): Code => [0xfd, 0x00, 4, ...unsigned(offset)];
export const store128 = (offset: number): Code => [0xfd, 0x0b, 4, ...unsigned(offset)];

/** A condition on the stack leaves the block that surrounds it, or begins the loop anew. */
export const branchIf: Code = [0x0d, 0];
export const block = (...body: Code[]): Code => [0x02, VOID, ...body.flat(), 0x0b];
export const loop = (...body: Code[]): Code => [0x03, VOID, ...body.flat(), 0x0b];

/**
 * A module of one function, exported as `run`, over a memory of its own, exported as `memory`.
 * @param parameters how many, all of type i32, as is what it returns
 * @param locals how many more, i32 as well
 */
export function moduleOf(parameters: number, locals: number, pages: number, body: readonly Code[]): Uint8Array {
  const code = [1, locals, I32, ...body.flat(), 0x0b];
  const name = (text: string): number[] => [text.length, ...[...text].map((letter) => letter.charCodeAt(0))];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // magic and version
    ...section(1, [1, 0x60, parameters, ...new Array(parameters).fill(I32), 1, I32]), // types
    ...section(3, [1, 0]), // functions
    ...section(5, [1, 0, ...unsigned(pages)]), // memories
    ...section(7, [2, ...name("memory"), 2, 0, ...name("run"), 0, 0]), // exports
    ...section(10, [1, ...unsigned(code.length), ...code]), // code
  ]);
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

/** LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest < -0x40 || rest >= 0x40; rest >>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest & 0x7f];
}

/** What a module of `moduleOf` offers once it runs. */
export interface Instance<Run> {
  readonly memory: Uint8Array;
  readonly run: Run;
}

interface Engine {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { exports: { memory: { buffer: ArrayBuffer }; run: unknown } };
}

/** @returns undefined where there is no WebAssembly, or one without the instructions used, or where it is forbidden. */
export function instantiate<Run>(module: Uint8Array): Instance<Run> | undefined {
  const engine = (globalThis as { WebAssembly?: Engine }).WebAssembly;
  if (engine === undefined) return undefined;
  try {
    const { memory, run } = new engine.Instance(new engine.Module(module)).exports;
    return { memory: new Uint8Array(memory.buffer), run: run as Run };
  } catch {
    return undefined;
  }
}
