import type { StoreApi } from "../store-api.ts";
import { type AcquireOptions, enter, Holding, type Place, tryEnter } from "./holding.ts";

/** A lock that is held: see `Holding` for what protects, and what does not. */
export class Lock extends Holding {}

/**
 * Mutual exclusion over all processes that use the store, first come, first served.
 *
 * `await using lock = await new Locks(store).acquire("printer", { ttl: 10 });`
 *
 * Promises: at any revision of the store at most one lock of a name is held; who waits gets it in the order of asking; a holder
 * that dies loses it after `ttl` seconds, never earlier. Keys are those of etcd's own lock (`<name>/<lease in hex>`), so that
 * `etcdctl lock` and the v3lock service take part.
 *
 * Fails like this: a holder that was stopped, or cut off for longer than `ttl`, has lost the lock without knowing; `lost` tells it
 * no later than the store can have given the lock to another, by this process's clock, but only once this process runs again. So
 * write with `guard` in the Txn, or send `token` along. While the store has no majority nobody acquires, and holders whose lease
 * ends by their own clock are told that they have lost it.
 *
 * Limits: one lease and one key for each holder and waiter; a waiter watches the one before it alone, so a release wakes one.
 */
export class Locks {
  readonly #store: StoreApi;

  constructor(store: StoreApi) {
    this.#store = store;
  }

  /** @throws SynodError "timeout", "aborted", "lost"; nothing is held then */
  async acquire(name: string, options: AcquireOptions = {}): Promise<Lock> {
    const { session, ticket } = await enter(this.#store, placeOf(name), options);
    return new Lock(session, ticket);
  }

  /** @returns undefined when somebody else holds it or waits for it. @throws SynodError */
  async tryAcquire(name: string, options: AcquireOptions = {}): Promise<Lock | undefined> {
    const held = await tryEnter(this.#store, placeOf(name), options);
    return held && new Lock(held.session, held.ticket);
  }
}

function placeOf(name: string): Place {
  return {
    what: `lock ${JSON.stringify(name)}`,
    prefix: `${name}/`,
    rule: (ahead) => ahead.at(-1), // the one before; who came earlier is ahead of that one, too
  };
}
