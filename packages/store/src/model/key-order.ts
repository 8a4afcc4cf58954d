import { compareRuns } from "./bytes.ts";
import type { IndexOrder } from "./index-node.ts";
import type { KeyHistory } from "./key-history.ts";

/** Keys in the order of their unsigned bytes. */
export const keyOrder: IndexOrder<KeyHistory, Uint8Array> = {
  compare({ latest }: KeyHistory, key: Uint8Array): number {
    return compareRuns(latest.slab.bytes, latest.offset, latest.keyLength, key, 0, key.length);
  },

  probeOf: (history: KeyHistory) => history.latest.key,

  shared({ latest }: KeyHistory, key: Uint8Array): number {
    const { bytes } = latest.slab;
    const common = Math.min(latest.keyLength, key.length);
    let i = 0;
    while (i < common && bytes[latest.offset + i] === key[i]) i += 1;
    return i;
  },

  head: (key: Uint8Array, skip: number) => headOfRun(key, 0, key.length, skip),

  headOf: ({ latest }: KeyHistory, skip: number) => headOfRun(latest.slab.bytes, latest.offset, latest.keyLength, skip),
};

/** Four bytes, big end first, as a signed 32-bit integer in which 00 is the least; a key that ends early has zeros there. */
function headOfRun(bytes: Uint8Array, offset: number, length: number, skip: number): number {
  let head = 0;
  for (let i = skip; i < skip + 4; i += 1) head = (head << 8) | (i < length ? bytes[offset + i]! : 0);
  return head ^ 0x8000_0000;
}
