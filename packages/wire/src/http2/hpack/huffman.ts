/**
 * The Huffman code of RFC 7541 appendix B. The code is canonical (shorter first, then by symbol), so the lengths below
 * are the whole table; codes and the decoder's automaton are derived from them once, at load.
 */
const EOS = 256;
// biome-ignore format: sixteen symbols a row, as in the appendix
const CODE_LENGTHS: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
  28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
  5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
  6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
  24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
  21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
  26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
];

/** Bits 0–7 of a transition: the symbol it emits, if any. Bits 16 and up: the next state. */
const EMITS = 1 << 8;
const FAILS = 1 << 9;
/** The input may end here: at most 7 bits since the last symbol, all ones (§5.2). */
const ACCEPTS = 1 << 10;
const STATE_SHIFT = 16;

const CODES = canonicalCodes();
const AUTOMATON = buildAutomaton();

/**
 * Decodes `bytes[start, end)` into `target` from 0.
 * @returns the number of bytes written, or -1 if the input is not a Huffman string or does not fit `target`.
 */
export function huffmanDecode(bytes: Uint8Array, start: number, end: number, target: Uint8Array): number {
  let length = 0;
  let step = ACCEPTS;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    step = AUTOMATON[((step >>> STATE_SHIFT) << 4) | (byte >>> 4)]!;
    if ((step & EMITS) !== 0) {
      if (length === target.length) return -1;
      target[length++] = step & 0xff;
    }
    if ((step & FAILS) !== 0) return -1;
    step = AUTOMATON[((step >>> STATE_SHIFT) << 4) | (byte & 15)]!;
    if ((step & EMITS) !== 0) {
      if (length === target.length) return -1;
      target[length++] = step & 0xff;
    }
    if ((step & FAILS) !== 0) return -1;
  }
  return (step & ACCEPTS) !== 0 ? length : -1;
}

/** @returns how many bytes `text` (one byte per character) takes when encoded. */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits += CODE_LENGTHS[text.charCodeAt(i)]!;
  return (bits + 7) >>> 3;
}

/** Encodes `text` (one byte per character) into `target` from `position`. @returns the position after it. */
export function huffmanEncode(text: string, target: Uint8Array, position: number): number {
  let held = 0; // bits not yet written, right-aligned
  let heldBits = 0;
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i);
    for (let left = CODE_LENGTHS[symbol]!; left > 0; ) {
      const take = Math.min(left, 8 - heldBits);
      left -= take;
      held = (held << take) | ((CODES[symbol]! >>> left) & ((1 << take) - 1));
      heldBits += take;
      if (heldBits < 8) continue;
      target[position++] = held;
      held = 0;
      heldBits = 0;
    }
  }
  if (heldBits > 0) target[position++] = (held << (8 - heldBits)) | (0xff >>> heldBits); // padded with ones, §5.2
  return position;
}

function canonicalCodes(): Uint32Array {
  const codes = new Uint32Array(CODE_LENGTHS.length);
  let code = 0;
  for (let length = 1; length <= 30; length++) {
    for (let symbol = 0; symbol <= EOS; symbol++) if (CODE_LENGTHS[symbol] === length) codes[symbol] = code++;
    code *= 2;
  }
  return codes;
}

interface Node {
  children: [Node | number | undefined, Node | number | undefined];
  state: number;
  accepts: boolean;
}

/** Reads four bits at a time: no code is shorter than five bits, so a step emits at most one symbol. */
function buildAutomaton(): Uint32Array {
  const nodes: Node[] = [];
  const newNode = (accepts: boolean): Node => {
    const node: Node = { children: [undefined, undefined], state: nodes.length, accepts };
    nodes.push(node);
    return node;
  };
  const root = newNode(true);
  for (let symbol = 0; symbol <= EOS; symbol++) {
    let node = root;
    for (let bit = CODE_LENGTHS[symbol]! - 1; bit > 0; bit--) {
      const branch = (CODES[symbol]! >>> bit) & 1;
      const depth = CODE_LENGTHS[symbol]! - bit;
      node.children[branch] ??= newNode(node.accepts && branch === 1 && depth < 8);
      node = node.children[branch] as Node;
    }
    node.children[CODES[symbol]! & 1] = symbol;
  }
  const table = new Uint32Array(nodes.length * 16);
  for (const node of nodes)
    for (let bits = 0; bits < 16; bits++) table[node.state * 16 + bits] = transition(root, node, bits);
  return table;
}

function transition(root: Node, from: Node, bits: number): number {
  let node = from;
  let emitted = 0;
  for (let bit = 3; bit >= 0; bit--) {
    const child = node.children[((bits >>> bit) & 1) as 0 | 1];
    if (child === undefined || child === EOS) return FAILS; // EOS inside a string is an error, §5.2
    if (typeof child === "number") {
      emitted = EMITS | child;
      node = root;
    } else node = child;
  }
  return (node.state << STATE_SHIFT) | (node.accepts ? ACCEPTS : 0) | emitted;
}
