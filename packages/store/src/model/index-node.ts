export const MAX_ENTRIES = 64;

/**
 * A node of the B+tree. A leaf (`children` undefined) holds entries; an inner node holds for each child one entry that is
 * not greater than any in it (the first child's is never looked at), and what the child weighs. Only whoever presents
 * `owner` may change it.
 */
export class IndexNode<Entry> {
  readonly owner: object;
  readonly entries: Entry[];
  readonly children: IndexNode<Entry>[] | undefined;
  /** Of the children; kept here because counting must not touch them all. Empty in a leaf. */
  readonly weights: number[];
  weight = 0;

  constructor(owner: object, entries: Entry[], children: IndexNode<Entry>[] | undefined, weights: number[]) {
    this.owner = owner;
    this.entries = entries;
    this.children = children;
    this.weights = weights;
  }

  copy(owner: object): IndexNode<Entry> {
    const copy = new IndexNode(owner, this.entries.slice(), this.children?.slice(), this.weights.slice());
    copy.weight = this.weight;
    return copy;
  }
}

/** The first position whose entry is not before `probe`; the number of entries if there is none. */
export function lowerBound<Entry, Probe>(
  node: IndexNode<Entry>,
  probe: Probe,
  compare: (entry: Entry, probe: Probe) => number,
): number {
  const entries = node.entries;
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(entries[middle]!, probe) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The child in which `probe` belongs: the last one that does not begin after it, or the first. */
export function childIndex<Entry, Probe>(
  node: IndexNode<Entry>,
  probe: Probe,
  compare: (entry: Entry, probe: Probe) => number,
): number {
  const entries = node.entries;
  let low = 1;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(entries[middle]!, probe) <= 0) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
