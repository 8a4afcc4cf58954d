export const MAX_ENTRIES = 64;

/** How entries are ordered: by strings of bytes, which may be looked at in part. */
export interface IndexOrder<Entry, Probe> {
  /** Negative, 0 or positive, as the entry comes before the probe, is it, or comes after it. */
  compare(entry: Entry, probe: Probe): number;
  /** What an entry would be looked up by. */
  probeOf(entry: Entry): Probe;
  /** How many leading bytes the two have in common. */
  shared(entry: Entry, probe: Probe): number;
  /** The next few bytes after the first `skip`, as a small integer: where they differ, integers are ordered like bytes. */
  head(probe: Probe, skip: number): number;
  /** `head(probeOf(entry), skip)`. */
  headOf(entry: Entry, skip: number): number;
}

/**
 * A node of the B+tree. A leaf (`children` undefined) holds entries; an inner node holds for each child one entry that is
 * not greater than any in it (the first child's is never looked at), and what the child weighs. Only whoever presents
 * `owner` may change it.
 *
 * Looking at an entry's bytes costs several cache misses. All entries of a node have their first `skip` bytes in common,
 * and `heads` holds a few bytes after these: most comparisons end there.
 */
export class IndexNode<Entry> {
  readonly owner: object;
  entries: Entry[];
  heads: number[];
  skip: number;
  readonly children: IndexNode<Entry>[] | undefined;
  /** Of the children; kept here because counting must not touch them all. Empty in a leaf. */
  readonly weights: number[];
  weight = 0;

  constructor(owner: object, children: IndexNode<Entry>[] | undefined, weights: number[]) {
    this.owner = owner;
    this.entries = [];
    this.heads = [];
    this.skip = 0;
    this.children = children;
    this.weights = weights;
  }

  copy(owner: object): IndexNode<Entry> {
    const copy = new IndexNode<Entry>(owner, this.children?.slice(), this.weights.slice());
    copy.entries = this.entries.slice();
    copy.heads = this.heads.slice();
    copy.skip = this.skip;
    copy.weight = this.weight;
    return copy;
  }

  insert<Probe>(at: number, entry: Entry, probe: Probe, order: IndexOrder<Entry, Probe>): void {
    const first = this.entries[0];
    const shared = first === undefined ? 0 : this.skip === 0 ? 0 : order.shared(first, probe);
    insertAt(this.entries, at, entry);
    if (shared < this.skip) this.#look(shared, order);
    else insertAt(this.heads, at, order.head(probe, this.skip));
  }

  remove(at: number): void {
    this.entries.splice(at, 1);
    this.heads.splice(at, 1);
  }

  /** Takes new entries, sorted, and chooses `skip` for them. */
  fill<Probe>(entries: Entry[], order: IndexOrder<Entry, Probe>): void {
    this.entries = entries;
    const first = entries[0];
    this.#look(first === undefined ? 0 : order.shared(first, order.probeOf(entries[entries.length - 1]!)), order);
  }

  /** After entries have left: bytes that tell nothing apart any more are skipped. */
  refine<Probe>(order: IndexOrder<Entry, Probe>): void {
    if (this.heads[0] === this.heads[this.heads.length - 1]) this.fill(this.entries, order);
  }

  #look<Probe>(skip: number, order: IndexOrder<Entry, Probe>): void {
    this.skip = skip;
    this.heads = this.entries.map((entry) => order.headOf(entry, skip));
  }
}

/** The first position whose entry is not before `probe`; the number of entries if there is none. */
export function lowerBound<Entry, Probe>(
  node: IndexNode<Entry>,
  probe: Probe,
  order: IndexOrder<Entry, Probe>,
): number {
  return bound(node, probe, order, 0, 0);
}

/** The child in which `probe` belongs: the last one that does not begin after it, or the first. */
export function childIndex<Entry, Probe>(
  node: IndexNode<Entry>,
  probe: Probe,
  order: IndexOrder<Entry, Probe>,
): number {
  return bound(node, probe, order, 1, 1) - 1;
}

/** The first position from `from` on whose entry compares to `probe` as `least` or more. */
function bound<Entry, Probe>(
  node: IndexNode<Entry>,
  probe: Probe,
  order: IndexOrder<Entry, Probe>,
  from: number,
  least: number,
): number {
  const { entries, heads, skip } = node;
  let low = from;
  let high = entries.length;
  if (skip > 0 && high > 0 && order.shared(entries[0]!, probe) < skip) {
    return order.compare(entries[0]!, probe) > 0 ? from : high;
  }
  const head = order.head(probe, skip);
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = heads[middle]!;
    const before = other === head ? order.compare(entries[middle]!, probe) < least : other < head;
    if (before) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function insertAt<T>(array: T[], at: number, item: T): void {
  array.push(item);
  for (let i = array.length - 1; i > at; i -= 1) array[i] = array[i - 1]!;
  array[at] = item;
}
