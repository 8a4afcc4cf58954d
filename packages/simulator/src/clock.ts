/**
 * A node's monotonic clock as a function of the world's time: it may run fast or slow and may leap ahead (a suspended
 * machine), but never back.
 */
export class NodeClock {
  #worldBase = 0;
  #localBase: number;
  /** Parts per million by which it runs fast (positive) or slow. */
  #drift = 0;

  constructor(start: number) {
    this.#localBase = start;
  }

  get drift(): number {
    return this.#drift;
  }

  local(world: number): number {
    const elapsed = world - this.#worldBase;
    if (this.#drift === 0) return this.#localBase + elapsed;
    return this.#localBase + elapsed + Math.floor((elapsed * this.#drift) / 1_000_000);
  }

  /** The earliest world time at which this clock shows at least `local`. */
  world(local: number): number {
    const ahead = local - this.#localBase;
    if (this.#drift === 0) return this.#worldBase + ahead;
    let world = this.#worldBase + Math.ceil((ahead * 1_000_000) / (1_000_000 + this.#drift)) - 1;
    while (this.local(world) < local) world++;
    return world;
  }

  setDrift(world: number, drift: number): void {
    this.#rebase(world, 0);
    this.#drift = drift;
  }

  leap(world: number, by: number): void {
    this.#rebase(world, by);
  }

  #rebase(world: number, by: number): void {
    this.#localBase = this.local(world) + by;
    this.#worldBase = world;
  }
}
