import { childIndex, type IndexNode, type IndexOrder, lowerBound } from "./index-node.ts";

/** Walks an index in both directions. Subtrees that weigh nothing are stepped over. */
export class IndexCursor<Entry, Probe> {
  readonly #root: IndexNode<Entry>;
  readonly #order: IndexOrder<Entry, Probe>;
  readonly #nodes: IndexNode<Entry>[] = [];
  readonly #positions: number[] = [];
  #skipWeightless = false;

  constructor(root: IndexNode<Entry>, order: IndexOrder<Entry, Probe>) {
    this.#root = root;
    this.#order = order;
  }

  /** From now on step over subtrees whose weight is 0. (A leaf that weighs something is shown whole.) */
  skipWeightless(): this {
    this.#skipWeightless = true;
    return this;
  }

  /** The entry under the cursor; undefined before the first, after the last, or when never placed. */
  get entry(): Entry | undefined {
    const leaf = this.#nodes.length - 1;
    return leaf < 0 ? undefined : this.#nodes[leaf]!.entries[this.#positions[leaf]!];
  }

  /** Places the cursor on the first entry that is not before `probe`. */
  seek(probe: Probe): void {
    this.#descend(probe);
    if (this.entry === undefined || this.#standsOnNothing()) this.#nextLeaf();
  }

  /** Places the cursor on the last entry before `probe`. */
  seekBefore(probe: Probe): void {
    this.#descend(probe);
    this.previous();
  }

  seekFirst(): void {
    this.#restart(this.#root, 0);
    this.#toEdge(false);
  }

  seekLast(): void {
    this.#restart(this.#root, this.#root.entries.length - 1);
    this.#toEdge(true);
  }

  next(): void {
    const leaf = this.#nodes.length - 1;
    if (leaf < 0) return;
    this.#positions[leaf]! += 1;
    if (this.#positions[leaf]! >= this.#nodes[leaf]!.entries.length) this.#nextLeaf();
  }

  previous(): void {
    const leaf = this.#nodes.length - 1;
    if (leaf < 0) return;
    this.#positions[leaf]! -= 1;
    if (this.#positions[leaf]! < 0 || this.#standsOnNothing()) this.#previousLeaf();
  }

  #descend(probe: Probe): void {
    let node = this.#root;
    this.#restart(node, 0);
    while (node.children !== undefined) {
      const at = childIndex(node, probe, this.#order);
      this.#positions[this.#positions.length - 1] = at;
      node = node.children[at]!;
      this.#push(node, 0);
    }
    this.#positions[this.#positions.length - 1] = lowerBound(node, probe, this.#order);
  }

  #restart(root: IndexNode<Entry>, position: number): void {
    this.#nodes.length = 0;
    this.#positions.length = 0;
    this.#push(root, position);
  }

  #push(node: IndexNode<Entry>, position: number): void {
    this.#nodes.push(node);
    this.#positions.push(position);
  }

  #standsOnNothing(): boolean {
    return this.#skipWeightless && this.#nodes[this.#nodes.length - 1]!.weight === 0;
  }

  #nextLeaf(): void {
    this.#nodes.pop();
    this.#positions.pop();
    if (this.#nodes.length === 0) return;
    this.#positions[this.#positions.length - 1]! += 1;
    this.#toEdge(false);
  }

  #previousLeaf(): void {
    this.#nodes.pop();
    this.#positions.pop();
    if (this.#nodes.length === 0) return;
    this.#positions[this.#positions.length - 1]! -= 1;
    this.#toEdge(true);
  }

  /** From the position in the lowest node of the path, down to the nearest leaf in the direction of travel. */
  #toEdge(backwards: boolean): void {
    for (;;) {
      const depth = this.#nodes.length - 1;
      if (depth < 0) return;
      const node = this.#nodes[depth]!;
      if (node.children === undefined) {
        if (node.entries.length === 0 || this.#standsOnNothing()) this.#nodes.length = this.#positions.length = 0;
        return;
      }
      const child = node.children[this.#positions[depth]!];
      if (child === undefined) {
        this.#nodes.pop();
        this.#positions.pop();
        if (depth > 0) this.#positions[depth - 1]! += backwards ? -1 : 1;
      } else if (this.#skipWeightless && node.weights[this.#positions[depth]!] === 0) {
        this.#positions[depth]! += backwards ? -1 : 1;
      } else {
        this.#push(child, backwards ? child.entries.length - 1 : 0);
      }
    }
  }
}
