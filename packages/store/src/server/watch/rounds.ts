import type { Watcher } from "./watcher.ts";

/** Watchers that are visited in one turn. */
export const VISITED_PER_TURN = 500;

/** A visit to every watcher there is when it begins, a slice at a time. */
export class Round {
  readonly #watchers: ReadonlyMap<number, Watcher>;
  readonly #visit: (watcher: Watcher) => void;
  /** Goes on where it stopped; it leaves out who was removed since. */
  #rest: MapIterator<Watcher> | undefined;
  #newcomers = 0;

  /** @param watchers by id, the oldest first */
  constructor(watchers: ReadonlyMap<number, Watcher>, visit: (watcher: Watcher) => void) {
    this.#watchers = watchers;
    this.#visit = visit;
  }

  get isOver(): boolean {
    return this.#rest === undefined;
  }

  /** From the first one on, also where it was not over. @param nextId from it on they come too late */
  begin(nextId: number): void {
    this.#rest = this.#watchers.values();
    this.#newcomers = nextId;
  }

  /** @returns what is left of the budget */
  advance(budget: number): number {
    if (this.#rest === undefined) return budget;
    let left = budget;
    while (left > 0) {
      const { value: watcher, done } = this.#rest.next();
      if (done === true || watcher.id >= this.#newcomers) {
        this.#rest = undefined;
        return left;
      }
      this.#visit(watcher);
      left -= 1;
    }
    return left;
  }
}
