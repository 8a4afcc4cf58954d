import type { Instant, LogIndex } from "@synod/protocols/protocol";
import type { Requester, RequestFailure } from "../group.ts";

/** One ReadIndex for all reads that arrived in one turn. */
interface ReadBatch<Result> {
  readonly requesters: Requester<Result>[];
  readonly tokens: number[];
  readonly deadline: Instant;
  /** When it was last asked for. */
  askedAt: Instant;
  context: number;
  /** Set once the leader has confirmed: readable when this is applied. */
  index: LogIndex | undefined;
}

/**
 * Reads that wait for a leader share one ReadIndex if their deadlines lie no further apart, in microseconds: the first
 * one's is the batch's, and no read may fail much earlier than it was promised.
 */
const TOGETHER: Instant = 100_000;

/** Linearizable reads under way, batched by turn. */
export class Reads<Result> {
  readonly #limit: number;
  #collecting: ReadBatch<Result> | undefined;
  #asked: ReadBatch<Result>[] = [];
  #nextContext: number;
  #waiting = 0;
  /** Reads that failed after they were taken; that were not taken; and how often the leader had to be asked again. */
  failures = 0;
  refusals = 0;
  retries = 0;

  /** @param firstContext differs from start to start, so that no answer to an earlier life fits. */
  constructor(limit: number, firstContext: number) {
    this.#limit = limit;
    this.#nextContext = firstContext;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** @returns false: too many wait already. */
  add(requester: Requester<Result>, token: number, deadline: Instant): boolean {
    if (this.#waiting >= this.#limit) {
      this.refusals++;
      return false;
    }
    if (this.#collecting !== undefined && deadline > this.#collecting.deadline + TOGETHER) this.#setAside();
    this.#collecting ??= { requesters: [], tokens: [], deadline, askedAt: 0, context: 0, index: undefined };
    this.#collecting.requesters.push(requester);
    this.#collecting.tokens.push(token);
    this.#waiting++;
    return true;
  }

  get hasNew(): boolean {
    return this.#collecting !== undefined;
  }

  /** The context under which to ask for this turn's reads. Remembered before asking: the answer may come at once. */
  take(now: Instant): number {
    const batch = this.#collecting!;
    this.#collecting = undefined;
    this.#renew(batch, now);
    this.#asked.push(batch);
    return batch.context;
  }

  confirmed(context: number, index: LogIndex): void {
    const batch = this.#asked.find((asked) => asked.context === context && asked.index === undefined);
    if (batch !== undefined) batch.index = index;
  }

  /** Asked for by `retry`, once there is a leader to ask. */
  #setAside(): void {
    this.#collecting!.askedAt = Number.NEGATIVE_INFINITY;
    this.#asked.push(this.#collecting!);
    this.#collecting = undefined;
  }

  /** Serves every confirmed batch that the state machine has caught up with. */
  serve(applied: LogIndex): void {
    for (let i = 0; i < this.#asked.length; ) {
      const batch = this.#asked[i]!;
      if (batch.index === undefined || batch.index > applied) {
        i++;
        continue;
      }
      this.#asked.splice(i, 1);
      this.#waiting -= batch.tokens.length;
      for (let k = 0; k < batch.tokens.length; k++) batch.requesters[k]!.readable(batch.tokens[k]!);
    }
  }

  /** Contexts to ask for anew: unanswered since `before`. A read may be asked for any number of times. */
  retry(now: Instant, before: Instant): number[] {
    const contexts: number[] = [];
    for (const batch of this.#asked) {
      if (batch.index !== undefined || batch.askedAt > before) continue;
      this.#renew(batch, now);
      this.retries++;
      contexts.push(batch.context);
    }
    return contexts;
  }

  expire(now: Instant): void {
    if (this.#collecting !== undefined && this.#collecting.deadline <= now) this.#setAside();
    this.#fail((batch) => batch.deadline <= now, "timedOut");
  }

  failAll(reason: RequestFailure): void {
    if (this.#collecting !== undefined) this.#setAside();
    this.#fail(() => true, reason);
  }

  #fail(which: (batch: ReadBatch<Result>) => boolean, reason: RequestFailure): void {
    const failed = this.#asked.filter(which);
    if (failed.length === 0) return;
    this.#asked = this.#asked.filter((batch) => !failed.includes(batch));
    for (const batch of failed) {
      this.#waiting -= batch.tokens.length;
      this.failures += batch.tokens.length;
      for (let i = 0; i < batch.tokens.length; i++) batch.requesters[i]!.failed(batch.tokens[i]!, reason);
    }
  }

  #renew(batch: ReadBatch<Result>, now: Instant): void {
    batch.context = this.#nextContext++;
    batch.askedAt = now;
  }
}
