import { toText } from "../bytes.ts";
import type { KeyValue } from "../messages/common.ts";
import type { StoreApi } from "../store-api.ts";
import { type AcquireOptions, enter, Holding, type Place, tryEnter } from "./holding.ts";

/** Held for reading or for writing: see `Holding` for what protects, and what does not. */
export class ReadWriteLock extends Holding {}

/**
 * Many readers or one writer, in the order of asking: a reader waits for the writers before it, a writer for everybody before it,
 * so neither starves.
 *
 * Promises: at any revision of the store a held write lock is the only one held. Fails and is fenced like a lock (`Locks`): with
 * `guard` in the Txn for what is in the store. A reader's `token` does not tell an outside resource whether a writer came since;
 * let writers send theirs, and readers read with what they were told. Not reentrant, and no upgrade: a reader that asks
 * to write while it reads waits for itself.
 *
 * Limits: one lease and one key for each holder and waiter; when a writer releases, all readers behind it come in at once.
 */
export class ReadWriteLocks {
  readonly #store: StoreApi;

  constructor(store: StoreApi) {
    this.#store = store;
  }

  /** @throws SynodError "timeout", "aborted", "lost"; nothing is held then */
  acquireRead(name: string, options: AcquireOptions = {}): Promise<ReadWriteLock> {
    return this.#acquire(readPlace(name), options);
  }

  /** @throws SynodError "timeout", "aborted", "lost"; nothing is held then */
  acquireWrite(name: string, options: AcquireOptions = {}): Promise<ReadWriteLock> {
    return this.#acquire(writePlace(name), options);
  }

  /** @returns undefined when a writer holds it or waits for it. @throws SynodError */
  tryAcquireRead(name: string, options: AcquireOptions = {}): Promise<ReadWriteLock | undefined> {
    return this.#tryAcquire(readPlace(name), options);
  }

  /** @returns undefined when anybody holds it or waits for it. @throws SynodError */
  tryAcquireWrite(name: string, options: AcquireOptions = {}): Promise<ReadWriteLock | undefined> {
    return this.#tryAcquire(writePlace(name), options);
  }

  async #acquire(place: Place, options: AcquireOptions): Promise<ReadWriteLock> {
    const { session, ticket } = await enter(this.#store, place, options);
    return new ReadWriteLock(session, ticket);
  }

  async #tryAcquire(place: Place, options: AcquireOptions): Promise<ReadWriteLock | undefined> {
    const held = await tryEnter(this.#store, place, options);
    return held && new ReadWriteLock(held.session, held.ticket);
  }
}

function readPlace(name: string): Place {
  const prefix = `${name}/`;
  const isWriter = ({ key }: KeyValue): boolean => toText(key).startsWith("write-", prefix.length);
  return {
    what: `read lock ${JSON.stringify(name)}`,
    prefix,
    kind: "read-",
    rule: (ahead) => ahead.findLast(isWriter),
  };
}

function writePlace(name: string): Place {
  // The one before: whether it reads or writes, the next look finds who else is still there.
  return {
    what: `write lock ${JSON.stringify(name)}`,
    prefix: `${name}/`,
    kind: "write-",
    rule: (ahead) => ahead.at(-1),
  };
}
