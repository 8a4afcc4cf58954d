/**
 * A token bucket against peers that make us work for nothing: bursts up to `burst` are fine, then `perSecond`. Time is the
 * driver's, in microseconds.
 */
export class Budget {
  private readonly burst: number;
  private readonly perSecond: number;
  private tokens: number;
  private filledAt: number | undefined = undefined;

  constructor(burst: number, perSecond: number) {
    this.burst = burst;
    this.perSecond = perSecond;
    this.tokens = burst;
  }

  /** @returns false when the budget is spent. */
  spend(now: number): boolean {
    const elapsed = now - (this.filledAt ?? now);
    this.filledAt = now;
    if (elapsed > 0) this.tokens = Math.min(this.burst, this.tokens + (elapsed * this.perSecond) / 1_000_000);
    this.tokens -= 1;
    return this.tokens >= 0;
  }

  /** Useful work was done: forgive one. */
  earn(): void {
    if (this.tokens < this.burst) this.tokens += 1;
  }
}
