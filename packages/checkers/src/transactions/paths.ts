import type { Limits } from "../verdict.ts";
import type { Graph } from "./graph.ts";

/** Counts steps, and says when it is time to stop. */
export class Meter {
  steps = 0;
  readonly #maxSteps: number;
  readonly #isOver: () => boolean;
  isStopped = false;

  constructor({ maxSteps = Number.POSITIVE_INFINITY, isOver = () => false }: Limits) {
    this.#maxSteps = maxSteps;
    this.#isOver = isOver;
  }

  /** @returns false once the limit is reached, and from then on. */
  spend(steps: number): boolean {
    const before = this.steps;
    this.steps += steps;
    const isTimeToAsk = before >> 13 !== this.steps >> 13;
    if (this.steps > this.#maxSteps || (isTimeToAsk && this.#isOver())) this.isStopped = true;
    return !this.isStopped;
  }
}

/** Shortest ways in one graph. What is needed for each search is kept between them. */
export class Paths {
  readonly #graph: Graph;
  /** By node: the search that reached it last, and by which edge and from where. */
  readonly #reachedIn: Int32Array;
  readonly #edge: Int32Array;
  readonly #from: Int32Array;
  #search = 0;

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#reachedIn = new Int32Array(graph.nodes);
    this.#edge = new Int32Array(graph.nodes);
    this.#from = new Int32Array(graph.nodes);
  }

  /**
   * Breadth first, within the component that both ends are in. Auxiliary nodes cost nothing, so that the way has the
   * fewest real nodes.
   *
   * @returns the edges of a shortest way; undefined if there is none, or the meter ran out.
   */
  shortest(component: Int32Array, mask: number, source: number, target: number, meter?: Meter): number[] | undefined {
    const { start, target: targets, kind, real } = this.#graph;
    this.#search += 1;
    this.#reachedIn[source] = this.#search;
    if (source === target) return [];
    let level = [source];
    while (level.length > 0) {
      const next: number[] = [];
      for (const node of level) {
        if (meter?.spend(1 + start[node + 1]! - start[node]!) === false) return undefined;
        for (let edge = start[node]!; edge < start[node + 1]!; edge += 1) {
          const other = targets[edge]!;
          if (((1 << kind[edge]!) & mask) === 0 || this.#reachedIn[other] === this.#search) continue;
          if (component[other] !== component[source]) continue;
          this.#reachedIn[other] = this.#search;
          this.#edge[other] = edge;
          this.#from[other] = node;
          if (other === target) return this.#wayTo(source, target);
          (other < real ? next : level).push(other); // the level grows while it is walked
        }
      }
      level = next;
    }
    return undefined;
  }

  #wayTo(source: number, target: number): number[] {
    const way: number[] = [];
    for (let node = target; node !== source; node = this.#from[node]!) way.push(this.#edge[node]!);
    return way.reverse();
  }
}
