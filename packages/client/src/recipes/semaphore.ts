import { SynodError } from "../errors.ts";
import type { StoreApi } from "../store-api.ts";
import { type AcquireOptions, enter, Holding, type Place, tryEnter } from "./holding.ts";

/** One of a semaphore's permits: see `Holding` for what protects, and what does not. */
export class Permit extends Holding {}

/**
 * At most `permits` holders at a time, in the order of asking.
 *
 * Promises: at any revision of the store at most `permits` keys are those of holders; a holder that dies gives its permit back
 * after `ttl` seconds. Everybody must name the same number: who names a larger one lets itself in on its own account.
 *
 * Fails like a lock (`Locks`): a stopped holder may work beside `permits` others until it notices. `guard` in a Txn is false from
 * the moment that the permit is lost; `token` rises from holder to holder, but as several hold at once, an outside
 * resource cannot refuse by it alone.
 *
 * Limits: each release is told to everybody who waits (each waits for any of those before it), so thousands of waiters cost
 * thousands of messages for each release.
 */
export class Semaphore {
  readonly #store: StoreApi;
  readonly #place: Place;

  /** @throws SynodError "invalid" */
  constructor(store: StoreApi, name: string, permits: number) {
    const what = `semaphore ${JSON.stringify(name)}`;
    if (!Number.isSafeInteger(permits) || permits < 1)
      throw new SynodError("invalid", `${what}: permits is a whole number from 1 on, not ${permits}`);
    this.#store = store;
    this.#place = { what, prefix: `${name}/`, rule: (ahead) => (ahead.length < permits ? undefined : "any") };
  }

  /** @throws SynodError "timeout", "aborted", "lost"; nothing is held then */
  async acquire(options: AcquireOptions = {}): Promise<Permit> {
    const { session, ticket } = await enter(this.#store, this.#place, options);
    return new Permit(session, ticket);
  }

  /** @returns undefined when all permits are held, or waited for. @throws SynodError */
  async tryAcquire(options: AcquireOptions = {}): Promise<Permit | undefined> {
    const held = await tryEnter(this.#store, this.#place, options);
    return held && new Permit(held.session, held.ticket);
  }
}
