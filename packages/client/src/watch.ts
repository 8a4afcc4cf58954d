import { type KeyRange, toText } from "./bytes.ts";
import type { Channel } from "./channel.ts";
import { type CallFailure, Status, SynodError, worthAnotherAttempt } from "./errors.ts";
import type { OpenStream } from "./grpc/endpoint.ts";
import { decodeWatchResponse, encodeWatchCreate, type WatchEvent, type WatchResponse } from "./messages/watch.ts";

export type { WatchEvent } from "./messages/watch.ts";

export interface WatchOptions {
  /** The first revision of interest; default: what happens from now on. */
  readonly startRevision?: number;
  /** Also tell what a key held before. */
  readonly previous?: boolean;
  readonly only?: "puts" | "deletes";
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
  readonly #channel: Channel;
  readonly #range: KeyRange;
  readonly #options: WatchOptions;
  readonly #waiting: WatchBatch[] = [];
  #startRevision: number;
  #stream: OpenStream | undefined;
  #confirm: () => void = () => {};
  #wake: () => void = () => {};
  #pause = FIRST_PAUSE;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;
  #error: SynodError | undefined;

  constructor(channel: Channel, range: KeyRange, options: WatchOptions) {
    this.#channel = channel;
    this.#range = range;
    this.#options = options;
    this.#startRevision = options.startRevision ?? 0;
    this.created = new Promise((resolve) => {
      this.#confirm = resolve;
    });
    void this.#connect();
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
    const create = encodeWatchCreate({ range: this.#range, startRevision: this.#startRevision, previous, only });
    let stream: OpenStream | undefined;
    const handlers = {
      message: (bytes: Uint8Array) => this.#received(decodeWatchResponse(bytes)),
      ended: (failure: CallFailure | undefined) => {
        if (this.#stream === stream) this.#lost(failure);
      },
    };
    try {
      stream = await this.#channel.open("/etcdserverpb.Watch/Watch", create, handlers);
      this.#stream = stream;
      if (this.#ended) stream.close();
    } catch (error) {
      this.#lost(error as CallFailure);
    }
  }

  #received(response: WatchResponse): void {
    if (response.canceled) return this.#end(this.#refusal(response));
    if (response.created) {
      this.#pause = FIRST_PAUSE;
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
    if (this.#channel.closed) return this.#end(undefined);
    if (failure !== undefined && !worthAnotherAttempt(failure) && failure.status !== Status.canceled)
      return this.#end(new SynodError("failed", `watch ${this.#what()}: ${failure.message}`, failure.status));
    this.#channel.moveOn();
    this.#timer = setTimeout(() => void this.#connect(), this.#pause);
    this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 2);
  }

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
    this.#stream?.close();
    this.#confirm();
    this.#wake();
  }

  #what(): string {
    return JSON.stringify(toText(this.#range.key));
  }
}
