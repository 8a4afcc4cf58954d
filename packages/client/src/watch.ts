import { type KeyRange, toText } from "./bytes.ts";
import type { OpenStream } from "./endpoint.ts";
import { CallFailure, Status, SynodError, wantsAnotherToken, worthAnotherAttempt } from "./errors.ts";
import type { WatchEvent, WatchResponse } from "./messages/watch.ts";
import type { Transport } from "./transport.ts";
import { abortError } from "./wait.ts";

export type { WatchEvent } from "./messages/watch.ts";

export interface WatchOptions {
  /** The first revision of interest; default: what happens from now on. */
  readonly startRevision?: number;
  /** Also tell what a key held before. */
  readonly previous?: boolean;
  readonly only?: "puts" | "deletes";
  /** Ends the watch: its loop throws SynodError "aborted". */
  readonly signal?: AbortSignal | undefined;
}

/** Events in the order of their revisions; the events of one revision are never split over two batches. */
export interface WatchBatch {
  /** The store's revision when the batch was made. */
  readonly revision: number;
  readonly events: readonly WatchEvent[];
}

const MOST_WAITING = 64;
const FIRST_PAUSE = 25;
const LONGEST_PAUSE = 1_000;

/**
 * Every change to some keys, in order, none missed and none twice, over any number of lost connections: `for await (const
 * { events } of watch)`. Ends when closed; throws when what it asks for is compacted or refused. Whoever does not read
 * makes the server wait: at most 64 batches are held here.
 */
export class Watch implements AsyncIterable<WatchBatch> {
  /** Resolves when the server has confirmed the watch for the first time: later changes will be seen. */
  readonly created: Promise<void>;
  readonly #transport: Transport;
  readonly #range: KeyRange;
  readonly #options: WatchOptions;
  readonly #waiting: WatchBatch[] = [];
  #startRevision: number;
  #stream: OpenStream | undefined;
  #confirm: () => void = () => {};
  #wake: () => void = () => {};
  #pause = FIRST_PAUSE;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ended = false;
  /** Since the server last confirmed: one new token may help, a second will not. */
  #asksAgain = true;
  #error: SynodError | undefined;

  constructor(transport: Transport, range: KeyRange, options: WatchOptions) {
    this.#transport = transport;
    this.#range = range;
    this.#options = options;
    this.#startRevision = options.startRevision ?? 0;
    this.created = new Promise((resolve) => {
      this.#confirm = resolve;
    });
    const { signal } = options;
    signal?.addEventListener("abort", this.#abort);
    if (signal?.aborted) this.#abort();
    else void this.#connect();
  }

  close(): void {
    this.#end(undefined);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<WatchBatch, void, undefined> {
    try {
      for (;;) {
        const batch = this.#waiting.shift();
        if (batch !== undefined) {
          this.#stream?.resume();
          yield batch;
        } else if (this.#error !== undefined) throw this.#error;
        else if (this.#ended) return;
        else
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
      }
    } finally {
      this.close();
    }
  }

  /** Opens a stream from the first revision not yet seen. */
  async #connect(): Promise<void> {
    const { previous = false, only } = this.#options;
    const create = { range: this.#range, startRevision: this.#startRevision, previous, only };
    let stream: OpenStream | undefined;
    const handlers = {
      response: (response: WatchResponse) => {
        if (!this.#ended) this.#received(response);
      },
      ended: (failure: CallFailure | undefined) => {
        if (this.#stream === stream) this.#lost(failure);
      },
    };
    try {
      stream = await this.#transport.watch(create, handlers);
      this.#stream = stream;
      if (this.#ended) stream.close();
    } catch (error) {
      if (error instanceof CallFailure) this.#lost(error);
      else this.#end(error as SynodError);
    }
  }

  #received(response: WatchResponse): void {
    if (response.canceled) return this.#refused(response);
    if (response.created) {
      this.#pause = FIRST_PAUSE;
      this.#asksAgain = true;
      // From now on means from this revision on, also if the connection is lost before the first event.
      if (this.#startRevision === 0) this.#startRevision = response.header.revision + 1;
      this.#confirm();
    }
    const { events } = response;
    const last = events.at(-1)?.kv.modRevision ?? 0;
    if (last > 0) this.#startRevision = last + 1;
    else if (!response.created) this.#startRevision = Math.max(this.#startRevision, response.header.revision + 1);
    if (events.length === 0) return;
    this.#waiting.push({ revision: response.header.revision, events });
    if (this.#waiting.length >= MOST_WAITING) this.#stream?.pause();
    this.#wake();
  }

  /** The stream is gone: resumes elsewhere after a pause, unless there is no point. */
  #lost(failure: CallFailure | undefined): void {
    this.#stream = undefined;
    if (this.#ended) return;
    if (this.#transport.pool.closed) return this.#end(undefined);
    if (failure !== undefined && wantsAnotherToken(failure.message)) this.#transport.pool.forgetToken();
    else if (failure !== undefined && !worthAnotherAttempt(failure) && failure.status !== Status.canceled)
      return this.#end(new SynodError("failed", `watch ${this.#what()}: ${failure.message}`, failure.status));
    this.#transport.pool.moveOn();
    this.#timer = setTimeout(() => void this.#connect(), this.#pause);
    this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 2);
  }

  /** A refusal may be meant for a token that is old; etcd before 3.5 does not say so. */
  #refused(response: WatchResponse): void {
    const { cancelReason } = response;
    const token = wantsAnotherToken(cancelReason) || cancelReason.includes("permission denied");
    if (!token || !this.#asksAgain || !this.#transport.pool.forgetToken()) return this.#end(this.#refusal(response));
    this.#asksAgain = false;
    const stream = this.#stream;
    this.#stream = undefined;
    stream?.close();
    void this.#connect();
  }

  readonly #abort = (): void => {
    this.#end(abortError(this.#options.signal as AbortSignal, `watch ${this.#what()}`));
  };

  #refusal(response: WatchResponse): SynodError {
    if (response.compactRevision > 0)
      return new SynodError(
        "compacted",
        `watch ${this.#what()}: revision ${this.#startRevision} is compacted, the oldest is ${response.compactRevision}`,
      );
    const reason = response.cancelReason === "" ? "the server cancelled it" : response.cancelReason;
    return new SynodError(
      reason.includes("permission denied") ? "denied" : "failed",
      `watch ${this.#what()}: ${reason}`,
    );
  }

  #end(error: SynodError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    clearTimeout(this.#timer);
    this.#options.signal?.removeEventListener("abort", this.#abort);
    this.#stream?.close();
    this.#confirm();
    this.#wake();
  }

  #what(): string {
    return JSON.stringify(toText(this.#range.key));
  }
}
