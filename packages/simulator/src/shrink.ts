import type { SimulationConfig } from "./config.ts";
import type { FaultPlan } from "./plan.ts";
import type { Failure } from "./simulation.ts";

/** What is left of a failing run when everything that it does not need is gone. */
export interface Shrunk {
  readonly config: SimulationConfig;
  readonly plan: FaultPlan;
  readonly failure: Failure;
  /** Runs that it took. */
  readonly runs: number;
}

export interface Trial {
  readonly config: SimulationConfig;
  readonly plan: FaultPlan;
}

/** Plays a trial of the same seed. @returns its failure, if it fails. */
export type Play = (trial: Trial) => Failure | undefined;

/**
 * Makes a failing run smaller while it still breaks the same property: first fewer faults (delta debugging; Zeller and
 * Hildebrandt 2002), then fewer operations, fewer nodes and less time, then once more fewer faults.
 */
export function shrink(start: Trial, failure: Failure, play: Play, maxRuns: number): Shrunk {
  const search = new Search(start, failure, play, maxRuns);
  search.faults();
  search.operations();
  search.nodes();
  search.time();
  search.faults();
  return search.best;
}

class Search {
  #config: SimulationConfig;
  #plan: FaultPlan;
  #failure: Failure;
  #runs = 0;
  readonly #play: Play;
  readonly #maxRuns: number;

  constructor(start: Trial, failure: Failure, play: Play, maxRuns: number) {
    this.#config = start.config;
    this.#plan = start.plan;
    this.#failure = failure;
    this.#play = play;
    this.#maxRuns = maxRuns;
  }

  get best(): Shrunk {
    return { config: this.#config, plan: this.#plan, failure: this.#failure, runs: this.#runs };
  }

  /** ddmin: leave out ever smaller parts of the plan. */
  faults(): void {
    let parts = 2;
    if (this.#plan.length > 0 && this.#try({ config: this.#config, plan: [] })) return;
    while (this.#plan.length > 1 && parts <= this.#plan.length) {
      const size = Math.ceil(this.#plan.length / parts);
      let found = false;
      for (let from = 0; from < this.#plan.length && !found; from += size) {
        const rest = this.#plan.filter((_, i) => i < from || i >= from + size);
        found = this.#try({ config: this.#config, plan: rest });
      }
      if (found) parts = Math.max(2, parts - 1);
      else if (size === 1) return;
      else parts = Math.min(this.#plan.length, parts * 2);
    }
  }

  operations(): void {
    const halve = (field: "clients" | "operations" | "keys"): void => {
      for (;;) {
        const now = this.#config.workload[field];
        const next = now >> 1;
        if (next < 1 || !this.#tryConfig({ workload: { ...this.#config.workload, [field]: next } })) return;
      }
    };
    halve("clients");
    halve("operations");
    halve("keys");
  }

  nodes(): void {
    while (this.#config.spares > 0 && this.#tryConfig({ spares: this.#config.spares - 1 }));
    while (this.#config.nodes > 1 && this.#tryConfig({ nodes: this.#config.nodes - 1 }));
  }

  /** Ends the faults right after the failure, or earlier. */
  time(): void {
    if (this.#failure.at < this.#config.duration) this.#tryConfig({ duration: this.#failure.at + 1 });
    while (this.#tryConfig({ duration: Math.floor(this.#config.duration / 2) }));
  }

  #tryConfig(change: Partial<SimulationConfig>): boolean {
    const config = { ...this.#config, ...change };
    const plan = this.#plan.filter((fault) => fault.at < config.duration);
    return this.#try({ config, plan });
  }

  #try(trial: Trial): boolean {
    if (this.#runs >= this.#maxRuns) return false;
    this.#runs++;
    const failure = this.#play(trial);
    if (failure === undefined || failure.property !== this.#failure.property) return false;
    this.#config = trial.config;
    this.#plan = trial.plan;
    this.#failure = failure;
    return true;
  }
}
