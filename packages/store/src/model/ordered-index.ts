import { IndexCursor } from "./index-cursor.ts";
import { childIndex, IndexNode, type IndexOrder, insertAt, lowerBound, MAX_ENTRIES } from "./index-node.ts";

/** Read side of an index: the live one, or a view frozen at some moment. */
export class IndexView<Entry, Probe> {
  protected root: IndexNode<Entry>;
  protected readonly order: IndexOrder<Entry, Probe>;

  constructor(root: IndexNode<Entry>, order: IndexOrder<Entry, Probe>) {
    this.root = root;
    this.order = order;
  }

  get(probe: Probe): Entry | undefined {
    let node = this.root;
    while (node.children !== undefined) node = node.children[childIndex(node, probe, this.order)]!;
    const at = lowerBound(node, probe, this.order);
    const entry = node.entries[at];
    return entry !== undefined && this.order.compare(entry, probe) === 0 ? entry : undefined;
  }

  /** A cursor that stands nowhere; `seek…` places it. It is valid until the index it came from changes. */
  cursor(): IndexCursor<Entry, Probe> {
    return new IndexCursor(this.root, this.order);
  }
}

/**
 * An ordered map: a B+tree whose nodes are copied when a frozen view shares them (path copying), changed in place when
 * none does. `freeze` therefore costs nothing, and a view stays as it was whatever is written afterwards.
 *
 * Each entry weighs 0 or 1; nodes know the weight of what is below, which makes counting a range and skipping what weighs
 * nothing logarithmic.
 */
export class OrderedIndex<Entry, Probe> extends IndexView<Entry, Probe> {
  readonly #weightOf: (entry: Entry) => number;
  /** Nodes that carry it belong to nobody else. */
  #owner: object = {};
  #size = 0;

  constructor(order: IndexOrder<Entry, Probe>, weightOf: (entry: Entry) => number) {
    const owner = {};
    super(new IndexNode<Entry>(owner, undefined, []), order);
    this.#owner = owner;
    this.#weightOf = weightOf;
  }

  get size(): number {
    return this.#size;
  }

  get weight(): number {
    return this.root.weight;
  }

  /** O(1). The view is immutable. */
  freeze(): IndexView<Entry, Probe> {
    this.#owner = {};
    return new IndexView(this.root, this.order);
  }

  /** Weight of all entries before `probe`. */
  weightBefore(probe: Probe): number {
    let node = this.root;
    let weight = 0;
    while (node.children !== undefined) {
      const at = childIndex(node, probe, this.order);
      for (let i = 0; i < at; i += 1) weight += node.weights[i]!;
      node = node.children[at]!;
    }
    const at = lowerBound(node, probe, this.order);
    if (node.weight === node.entries.length) return weight + at;
    for (let i = 0; i < at; i += 1) weight += this.#weightOf(node.entries[i]!);
    return weight;
  }

  /** Adds the entry, or replaces the one that compares equal. */
  set(probe: Probe, entry: Entry): void {
    this.root = this.#own(this.root);
    const right = this.#insert(this.root, probe, entry);
    if (right === undefined) return;
    const left = this.root;
    this.root = new IndexNode<Entry>(this.#owner, [left, right], [left.weight, right.weight]);
    this.root.fill([left.entries[0]!, right.entries[0]!], this.order);
    this.root.weight = left.weight + right.weight;
  }

  /** Tells the index that the entry's weight has changed by `delta`. */
  reweigh(probe: Probe, delta: number): void {
    let node = this.#own(this.root);
    this.root = node;
    for (;;) {
      node.weight += delta;
      if (node.children === undefined) return;
      const at = childIndex(node, probe, this.order);
      const child = this.#own(node.children[at]!);
      node.children[at] = child;
      node.weights[at]! += delta;
      node = child;
    }
  }

  /** @returns whether there was such an entry. */
  delete(probe: Probe): boolean {
    const entry = this.get(probe);
    if (entry === undefined) return false;
    this.root = this.#own(this.root);
    this.#remove(this.root, probe, this.#weightOf(entry));
    this.#size -= 1;
    while (this.root.children?.length === 1) this.root = this.root.children[0]!;
    if (this.root.children?.length === 0) this.root = new IndexNode<Entry>(this.#owner, undefined, []);
    return true;
  }

  #own(node: IndexNode<Entry>): IndexNode<Entry> {
    return node.owner === this.#owner ? node : node.copy(this.#owner);
  }

  /** @returns the new right half when the node had to be split. */
  #insert(node: IndexNode<Entry>, probe: Probe, entry: Entry): IndexNode<Entry> | undefined {
    if (node.children === undefined) return this.#insertIntoLeaf(node, probe, entry);
    const at = childIndex(node, probe, this.order);
    const child = this.#own(node.children[at]!);
    node.children[at] = child;
    const right = this.#insert(child, probe, entry);
    node.weight += child.weight + (right?.weight ?? 0) - node.weights[at]!;
    node.weights[at] = child.weight;
    if (right === undefined) return undefined;
    const separator = right.entries[0]!;
    node.insert(at + 1, separator, this.order.probeOf(separator), this.order);
    insertAt(node.children, at + 1, right);
    insertAt(node.weights, at + 1, right.weight);
    return node.entries.length > MAX_ENTRIES ? this.#split(node, at + 1) : undefined;
  }

  #insertIntoLeaf(leaf: IndexNode<Entry>, probe: Probe, entry: Entry): IndexNode<Entry> | undefined {
    const at = lowerBound(leaf, probe, this.order);
    const found = leaf.entries[at];
    if (found !== undefined && this.order.compare(found, probe) === 0) {
      leaf.weight += this.#weightOf(entry) - this.#weightOf(found);
      leaf.entries[at] = entry;
      return undefined;
    }
    leaf.insert(at, entry, probe, this.order);
    leaf.weight += this.#weightOf(entry);
    this.#size += 1;
    return leaf.entries.length > MAX_ENTRIES ? this.#split(leaf, at) : undefined;
  }

  /** Keys that arrive in order leave full nodes behind: a node that grew at its end gives up only its last entry. */
  #split(node: IndexNode<Entry>, grewAt: number): IndexNode<Entry> {
    const length = node.entries.length;
    const at = grewAt === length - 1 ? length - 1 : length >> 1;
    const right = new IndexNode<Entry>(this.#owner, node.children?.splice(at), node.weights.splice(at));
    right.fill(node.entries.splice(at), this.order);
    node.heads.length = at;
    node.refine(this.order);
    right.weight = this.#weigh(right);
    node.weight -= right.weight;
    return right;
  }

  #weigh(node: IndexNode<Entry>): number {
    let weight = 0;
    if (node.children === undefined) for (const entry of node.entries) weight += this.#weightOf(entry);
    else for (const below of node.weights) weight += below;
    return weight;
  }

  #remove(node: IndexNode<Entry>, probe: Probe, weight: number): void {
    node.weight -= weight;
    if (node.children === undefined) {
      node.remove(lowerBound(node, probe, this.order));
      return;
    }
    const at = childIndex(node, probe, this.order);
    const child = this.#own(node.children[at]!);
    node.children[at] = child;
    node.weights[at]! -= weight;
    this.#remove(child, probe, weight);
    if (child.entries.length === 0) {
      node.remove(at);
      node.children.splice(at, 1);
      node.weights.splice(at, 1);
    } else if (child.entries.length < MAX_ENTRIES / 4) {
      this.#mergeWithRight(node, at === 0 ? 0 : at - 1);
    }
  }

  #mergeWithRight(node: IndexNode<Entry>, at: number): void {
    const children = node.children!;
    const right = children[at + 1];
    if (right === undefined || children[at]!.entries.length + right.entries.length > (MAX_ENTRIES * 3) / 4) return;
    const left = this.#own(children[at]!);
    children[at] = left;
    left.fill(left.entries.concat(right.entries), this.order);
    left.children?.push(...right.children!);
    left.weights.push(...right.weights);
    left.weight += right.weight;
    node.remove(at + 1);
    children.splice(at + 1, 1);
    node.weights[at]! += right.weight;
    node.weights.splice(at + 1, 1);
  }
}
