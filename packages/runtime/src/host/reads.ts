import type { Instant, LogIndex } from "@synod/protocols/protocol";
import type { Requester, RequestFailure } from "../group.ts";

/** One ReadIndex for all reads that arrived in one turn. */
interface ReadBatch<Result> {
  readonly requesters: Requester<Result>[];
  readonly tokens: number[];
  deadline: Instant;
  /** When it was last asked for. */
  askedAt: Instant;
  context: number;
  /** Set once the leader has confirmed: readable when this is applied. */
  index: LogIndex | undefined;
}

/** Linearizable reads under way, batched by turn. */
export class Reads<Result> {
  readonly #limit: number;
  #collecting: ReadBatch<Result> | undefined;
  #asked: ReadBatch<Result>[] = [];
  #nextContext: number;
  #waiting = 0;

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
    if (this.#waiting >= this.#limit) return false;
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

  /** Serves every confirmed batch that the state machine has caught up with. */
  serve(applied: LogIndex): void {
    if (this.#asked.length === 0) return;
    const ready = this.#asked.filter((batch) => batch.index !== undefined && batch.index <= applied);
    if (ready.length === 0) return;
    this.#asked = this.#asked.filter((batch) => !ready.includes(batch));
    for (const batch of ready) {
      this.#waiting -= batch.tokens.length;
      for (let i = 0; i < batch.tokens.length; i++) batch.requesters[i]!.readable(batch.tokens[i]!);
    }
  }

  /** Contexts to ask for anew: unanswered since `before`. A read may be asked for any number of times. */
  retry(now: Instant, before: Instant): number[] {
    const contexts: number[] = [];
    for (const batch of this.#asked) {
      if (batch.index !== undefined || batch.askedAt > before) continue;
      this.#renew(batch, now);
      contexts.push(batch.context);
    }
    return contexts;
  }

  expire(now: Instant): void {
    this.#fail((batch) => batch.deadline <= now, "timedOut");
  }

  failAll(reason: RequestFailure): void {
    if (this.#collecting !== undefined) this.#asked.push(this.#collecting);
    this.#collecting = undefined;
    this.#fail(() => true, reason);
  }

  #fail(which: (batch: ReadBatch<Result>) => boolean, reason: RequestFailure): void {
    const failed = this.#asked.filter(which);
    if (failed.length === 0) return;
    this.#asked = this.#asked.filter((batch) => !failed.includes(batch));
    for (const batch of failed) {
      this.#waiting -= batch.tokens.length;
      for (let i = 0; i < batch.tokens.length; i++) batch.requesters[i]!.failed(batch.tokens[i]!, reason);
    }
  }

  #renew(batch: ReadBatch<Result>, now: Instant): void {
    batch.context = this.#nextContext++;
    batch.askedAt = now;
  }
}
