import { attempt, type Step } from "../concurrency/session-steps.ts";
import type { StoreService } from "../service.ts";

/** From the strongest to the weakest, but for `session` and `bounded`, which promise different things. */
export const LEVELS = ["linearizable", "lease", "session", "bounded", "serializable"] as const;
export type Level = (typeof LEVELS)[number];

/**
 * What a read wants:
 *
 * - `linearizable`: everything acknowledged before it came; a majority confirms that the leader leads (ReadIndex).
 * - `lease`: the same, but the leader's clock may stand for the majority, where the cluster allows that.
 * - `session`: at least revision `revision`, which the client has seen before. Waits for it.
 * - `bounded`: everything acknowledged up to `staleness` microseconds before it is served.
 * - `serializable`: what this node has.
 */
export type Wanted =
  | { readonly level: "linearizable" | "lease" | "serializable" }
  | { readonly level: "session"; readonly revision: number }
  | { readonly level: "bounded"; readonly staleness: number };

/** What a read has got. */
export interface Reached {
  readonly level: Level;
  /** Microseconds: everything acknowledged longer ago is in the answer. undefined: nothing is known of that. */
  readonly staleness: number | undefined;
}

/** Microseconds that a read waits for a revision: as long as a proposal may take. */
const PATIENCE = 7_000_000;
const MOST_WAITING = 10_000;

interface Waiting {
  readonly revision: number;
  readonly deadline: number;
  readonly step: Step<Reached>;
}

/**
 * The levels of consistency on one node. How stale its state may be is measured with its own clock alone: a linearizable
 * read that was asked for at a time, once confirmed, proves that everything acknowledged before that time is here. No two
 * clocks are compared, so none need agree.
 */
export class ReadLevels {
  readonly #service: StoreService;
  /** Everything acknowledged before this time is in the state; microseconds of this node's clock. */
  #freshAt: number | undefined;
  #refreshing = false;
  #waiting: Waiting[] = [];

  constructor(service: StoreService) {
    this.#service = service;
  }

  get waitingCount(): number {
    return this.#waiting.length;
  }

  /** @param step `done` when this node's state is as fresh as wanted, in this turn or later: read it before returning. */
  readAt(wanted: Wanted, step: Step<Reached>): void {
    switch (wanted.level) {
      case "linearizable":
      case "lease":
        return this.#confirm(step);
      case "session":
        return this.#atRevision(wanted.revision, step);
      case "bounded":
        return this.#within(wanted.staleness, step);
      case "serializable":
        return attempt(step, { level: "serializable", staleness: this.#staleness() });
    }
  }

  /** Whenever something was applied, and now and then. */
  progress(): void {
    if (this.#waiting.length === 0) return;
    const now = this.#service.options.now();
    const { revision } = this.#service.model;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const read of waiting) {
      if (read.revision <= revision) this.#serveSession(read.step);
      else if (read.deadline <= now) read.step.refused("timeout");
      else this.#waiting.push(read);
    }
  }

  #confirm(step: Step<Reached>): void {
    const { group, isLearner, options, steps } = this.#service;
    if (isLearner) return step.refused("notSupportedForLearner");
    const asked = options.now();
    const level = group.readsByLease === true ? "lease" : "linearizable";
    steps.read({
      done: () => {
        this.#freshAt = Math.max(this.#freshAt ?? asked, asked);
        step.done({ level, staleness: 0 });
      },
      refused: (code) => step.refused(code),
    });
  }

  #atRevision(revision: number, step: Step<Reached>): void {
    const { model, options } = this.#service;
    if (model.revision >= revision) return this.#serveSession(step);
    if (this.#waiting.length >= MOST_WAITING) return step.refused("tooManyRequests");
    this.#waiting.push({ revision, deadline: options.now() + PATIENCE, step });
  }

  #serveSession(step: Step<Reached>): void {
    attempt(step, { level: "session", staleness: this.#staleness() });
  }

  /** What cannot be proven is asked for. Half-way to the bound it is asked for ahead, so that few reads wait. */
  #within(bound: number, step: Step<Reached>): void {
    const staleness = this.#staleness();
    if (staleness === undefined || staleness > bound) return this.#confirm(step);
    if (staleness > bound / 2) this.#refresh();
    attempt(step, { level: "bounded", staleness });
  }

  #refresh(): void {
    if (this.#refreshing || this.#service.isLearner) return;
    this.#refreshing = true;
    const over = (): void => {
      this.#refreshing = false;
    };
    this.#confirm({ done: over, refused: over });
  }

  #staleness(): number | undefined {
    return this.#freshAt === undefined ? undefined : this.#service.options.now() - this.#freshAt;
  }
}
