/** Sorted at once by the engine, before runs are merged. */
const RUN = 2048;
const MERGED_IN_STEP = 64;

/** A stable merge sort, in place, in steps of well below a millisecond. */
export function* sortSteps<Item>(
  items: Item[],
  compare: (a: Item, b: Item) => number,
): Generator<undefined, void, undefined> {
  const { length } = items;
  for (let start = 0; start < length; start += RUN) {
    const run = items.slice(start, start + RUN).sort(compare);
    for (let i = 0; i < run.length; i++) items[start + i] = run[i] as Item;
    yield;
  }
  let from = items;
  let to = new Array<Item>(length);
  for (let width = RUN; width < length; width *= 2) {
    for (let start = 0; start < length; start += 2 * width) {
      const middle = Math.min(start + width, length);
      const end = Math.min(start + 2 * width, length);
      let left = start;
      let right = middle;
      for (let at = start; at < end; at++) {
        const takesLeft = left < middle && (right >= end || compare(from[left] as Item, from[right] as Item) <= 0);
        to[at] = (takesLeft ? from[left++] : from[right++]) as Item;
        if (at % MERGED_IN_STEP === 0) yield;
      }
    }
    [from, to] = [to, from];
  }
  if (from === items) return;
  for (let i = 0; i < length; i++) items[i] = from[i] as Item;
}
