import { SynodError } from "../errors.ts";
import type { Lease } from "../lease.ts";
import type { StoreApi } from "../store-api.ts";
import { orAborted, pause } from "../wait.ts";

/** What each recipe can be told. */
export interface SessionOptions {
  /** Seconds that the store waits for a silent holder before it gives its place to others. Default 10. */
  readonly ttl?: number;
  /** Ends the waiting; what was begun is undone. */
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_TTL = 10;
const FIRST_PAUSE = 25;
const LONGEST_PAUSE = 1_000;

/**
 * A lease that is kept alive, and a signal that tells when it may be gone. One for each thing held, so that each fails by
 * itself.
 */
export class Session {
  readonly store: StoreApi;
  readonly lease: Lease;
  readonly #lost: AbortController = new AbortController();
  /** As in `lock "printer"`, for errors. */
  readonly what: string;

  private constructor(store: StoreApi, lease: Lease, what: string) {
    this.store = store;
    this.lease = lease.keepAlive();
    this.what = what;
    void lease.lost.then((reason) => this.#lost.abort(new SynodError("lost", `${what}: ${reason}`)));
  }

  /** @throws SynodError: also when the store does not answer in a few attempts */
  static async open(store: StoreApi, what: string, { ttl = DEFAULT_TTL, signal }: SessionOptions): Promise<Session> {
    if (!Number.isSafeInteger(ttl) || ttl < 1)
      throw new SynodError("invalid", `${what}: ttl is whole seconds from 1 on, not ${ttl}`);
    // A grant of which nothing is known leaves a lease that runs out by itself: asking again costs nothing.
    const lease = await insist(() => store.grantLease(ttl, 0n, { signal }), signal, what, 4);
    return new Session(store, lease, what);
  }

  /** Aborted, with a SynodError "lost" as its reason, no later than the lease can have run out. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** False as soon as the lease may be gone; looks at the clock, so that a process that was stopped notices at once. */
  get alive(): boolean {
    return !this.lost.aborted && this.lease.remaining > 0;
  }

  /** The caller's signal and the loss of the lease in one. */
  either(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.lost : AbortSignal.any([signal, this.lost]);
  }

  /**
   * Does what may be done twice, over silence and failures, until it is done, the signal is aborted or the lease is lost.
   * @throws SynodError
   */
  insist<Result>(step: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    return insist(step, this.either(signal), this.what);
  }

  /** Gives the lease back, and with it every key that lives with it; if the store cannot be asked, it runs out by itself. */
  async close(): Promise<void> {
    this.lease.stop();
    const gone = new SynodError("lost", `${this.what}: it was released`);
    if (!this.lost.aborted) this.#lost.abort(gone);
    try {
      await insist(() => this.lease.revoke(), undefined, this.what, 3);
    } catch (error) {
      if (!(error instanceof SynodError)) throw error;
    }
  }
}

/** Failures after which the same request may be sent again, given that doing it twice is the same as doing it once. */
const passing: ReadonlySet<string> = new Set(["notApplied", "unknown", "overloaded"]);

/** @param attempts at most; default: for ever. @throws SynodError */
export async function insist<Result>(
  step: () => Promise<Result>,
  signal: AbortSignal | undefined,
  what: string,
  attempts: number = Number.POSITIVE_INFINITY,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return signal === undefined ? await step() : await orAborted(step(), signal, what);
    } catch (error) {
      if (!(error instanceof SynodError) || !passing.has(error.code) || attempt >= attempts) throw error;
    }
    // By chance, so that those whom one failure hit do not all come back at once.
    const rest = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempt - 1)) * (0.5 + Math.random());
    await pause(rest, signal);
  }
}
