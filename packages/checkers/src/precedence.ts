/** "a before b" for pairs of nodes, and which of them still wait for a node that is not in the order yet. */
export class Precedence {
  readonly #starts: Int32Array;
  readonly #successors: Int32Array;
  readonly #waitsFor: Int32Array;

  constructor(nodes: number, edges: readonly (readonly [before: number, after: number])[]) {
    this.#starts = new Int32Array(nodes + 1);
    this.#successors = new Int32Array(edges.length);
    this.#waitsFor = new Int32Array(nodes);
    for (const [before, after] of edges) {
      this.#starts[before + 1]! += 1;
      this.#waitsFor[after]! += 1;
    }
    for (let node = 0; node < nodes; node += 1) this.#starts[node + 1]! += this.#starts[node]!;
    const filled = this.#starts.slice();
    for (const [before, after] of edges) this.#successors[filled[before]!++] = after;
  }

  waits(node: number): boolean {
    return this.#waitsFor[node]! > 0;
  }

  take(node: number): void {
    this.#add(node, -1);
  }

  giveBack(node: number): void {
    this.#add(node, 1);
  }

  #add(node: number, change: number): void {
    const end = this.#starts[node + 1]!;
    for (let at = this.#starts[node]!; at < end; at += 1) this.#waitsFor[this.#successors[at]!]! += change;
  }
}
