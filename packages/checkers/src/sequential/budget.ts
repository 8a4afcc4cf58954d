import type { Limits } from "../verdict.ts";

const ASK_EVERY = 2048;

/** Steps left. A part of a budget spends from the whole, too. */
export class Budget {
  #left: number;
  #untilAsked = ASK_EVERY;
  readonly #isOver: () => boolean;
  readonly #whole: Budget | undefined;

  constructor(maxSteps: number, isOver: Limits["isOver"], whole?: Budget) {
    this.#left = maxSteps;
    this.#isOver = isOver ?? (() => false);
    this.#whole = whole;
  }

  get isSpent(): boolean {
    return this.#left <= 0 || this.#whole?.isSpent === true;
  }

  spend(steps = 1): void {
    this.#left -= steps;
    this.#whole?.spend(steps);
    this.#untilAsked -= steps;
    if (this.#untilAsked > 0) return;
    this.#untilAsked = ASK_EVERY;
    if (this.#isOver()) this.#left = 0;
  }

  /** At most so many steps of this budget. */
  part(maxSteps: number): Budget {
    return new Budget(maxSteps, undefined, this);
  }
}
