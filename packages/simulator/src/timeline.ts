import type { Fault } from "./plan.ts";
import type { ObservedEvent, Simulation } from "./simulation.ts";

/** Something that somebody did to a running world: before which event, and what. */
export interface Intervention {
  readonly event: number;
  readonly fault: Fault;
}

/**
 * A run that can be moved through in both directions. There is no undo: a world is determined by its seed, its plan and
 * what was done to it, so going back is building it again and running to the event in question.
 *
 * A second world follows behind, so that a step back does not begin at zero.
 */
export class Timeline<Message, WalRecord> {
  readonly #build: () => Simulation<Message, WalRecord>;
  readonly #interventions: Intervention[];
  #current: Simulation<Message, WalRecord>;
  /** How many of the interventions each world has seen. */
  readonly #done = new WeakMap<Simulation<Message, WalRecord>, number>();
  /** A world at an earlier event, if there is one. */
  #behind: Simulation<Message, WalRecord> | undefined;

  /** @param build makes the world at event 0; equal worlds each time. */
  constructor(build: () => Simulation<Message, WalRecord>, interventions: readonly Intervention[] = []) {
    this.#build = build;
    this.#interventions = [...interventions].sort((a, b) => a.event - b.event);
    this.#current = build();
  }

  /** The world as it is at `position`. To be looked at, not to be touched. */
  get simulation(): Simulation<Message, WalRecord> {
    return this.#current;
  }

  /** Events that have taken place. */
  get position(): number {
    return this.#current.events;
  }

  get interventions(): readonly Intervention[] {
    return this.#interventions;
  }

  /** Told of each event from now on, forward moves only. */
  watch(observer: ((event: ObservedEvent) => void) | undefined): void {
    this.#current.observer = observer;
  }

  /** Goes to the state after `event` events, or to the end of the run if that comes first. */
  seek(event: number): void {
    if (event < this.position) {
      const { observer } = this.#current;
      this.#current.observer = undefined;
      this.#current = this.#from(event);
      this.#advance(this.#current, event);
      this.#current.observer = observer;
    } else {
      this.#advance(this.#current, event);
    }
  }

  stepBack(): void {
    this.seek(Math.max(0, this.position - 1));
  }

  /** Goes to the first event from here on that `isInteresting`. @returns false if the run ends before one. */
  seekNext(isInteresting: (event: ObservedEvent) => boolean): boolean {
    const { observer } = this.#current;
    let found = false;
    this.#current.observer = (event) => {
      observer?.(event);
      found ||= isInteresting(event);
    };
    while (!found && this.#stepOnce(this.#current));
    this.#current.observer = observer;
    return found;
  }

  /** Acts here and now. Whatever lay ahead is gone; what was done before stays. */
  intervene(fault: Fault): void {
    const event = this.position;
    while (this.#interventions.length > 0 && this.#interventions.at(-1)!.event > event) this.#interventions.pop();
    this.#interventions.push({ event, fault });
    this.#done.set(this.#current, Math.min(this.#done.get(this.#current) ?? 0, this.#interventions.length - 1));
    if (this.#behind !== undefined && this.#behind.events > event) this.#behind = undefined;
  }

  /** A second timeline with the same past. */
  fork(): Timeline<Message, WalRecord> {
    const past = this.#interventions.filter(({ event }) => event <= this.position);
    const other = new Timeline(this.#build, past);
    other.seek(this.position);
    return other;
  }

  /** A world at or before `event`; leaves another one halfway for the next time. */
  #from(event: number): Simulation<Message, WalRecord> {
    const behind = this.#behind;
    if (behind !== undefined && behind.events <= event) {
      this.#behind = undefined;
      return behind;
    }
    this.#behind = this.#build();
    this.#advance(this.#behind, Math.floor(event * 0.9));
    return this.#build();
  }

  #advance(simulation: Simulation<Message, WalRecord>, event: number): void {
    while (simulation.events < event && this.#stepOnce(simulation));
  }

  /** One event, after whatever was done to the world when it had come this far. */
  #stepOnce(simulation: Simulation<Message, WalRecord>): boolean {
    let done = this.#done.get(simulation) ?? 0;
    while (done < this.#interventions.length && this.#interventions[done]!.event <= simulation.events) {
      simulation.intervene(this.#interventions[done++]!.fault);
    }
    this.#done.set(simulation, done);
    return simulation.step();
  }
}
