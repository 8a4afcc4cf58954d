import { type Bytes, type KeyRange, toRange } from "../bytes.ts";
import { SynodError } from "../errors.ts";
import { KeyValue } from "../messages/common.ts";
import type { DeleteOptions, PutOptions } from "../messages/kv.ts";
import type { Compare, Operation } from "../messages/txn.ts";
import type { StoreApi } from "../store-api.ts";
import { compare, op } from "../txn.ts";
import { abortError, pause } from "../wait.ts";
import { keyName } from "./follow.ts";

export interface TransactOptions {
  /** Most times that the work is done, each time on a later state. Default 32. */
  readonly attempts?: number;
  readonly signal?: AbortSignal | undefined;
  /** Further conditions, such as a lock's `guard`. If one of them fails, so does the transaction: SynodError "lost". */
  readonly guards?: readonly Compare[];
}

/** What the work sees: the store at one revision, and its own writes. */
export interface Transaction {
  /** The key's value, or undefined when there is none. */
  get(key: Bytes): Promise<KeyValue | undefined>;
  /** All keys of a range, as of the same revision; without what this transaction writes. */
  range(keys: Bytes | KeyRange): Promise<readonly KeyValue[]>;
  put(key: Bytes, value: Bytes, options?: PutOptions): void;
  delete(keys: Bytes, options?: DeleteOptions): void;
}

const FIRST_PAUSE = 5;
const LONGEST_PAUSE = 500;

/**
 * Software transactional memory: `work` reads and decides, its writes happen at once and only if nothing that it read has changed
 * since; else it is done again on the new state. So `work` must do nothing that cannot be done twice.
 *
 * `await transact(store, async (tx) => tx.put("n", String(Number((await tx.get("n"))?.valueText ?? 0) + 1)))`
 *
 * Promises: strict serializability. All reads are of one revision, at the commit each key read still has the value that was read,
 * and ranges that were read have no new keys. Fails like this: SynodError "contended" after `attempts` conflicts, nothing written;
 * "unknown" when the commit was sent and not answered: it may be done, read before doing it again. Limits: what was read and
 * what is written each count against the store's limit of operations (128).
 * @returns what the work of the attempt that was committed returned. @throws SynodError, and whatever `work` throws
 */
export async function transact<Result>(
  store: StoreApi,
  work: (transaction: Transaction) => Promise<Result>,
  { attempts = 32, signal, guards = [] }: TransactOptions = {},
): Promise<Result> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    if (signal?.aborted) throw abortError(signal, "transaction");
    const draft = new Draft(store, signal);
    try {
      const result = await work(draft);
      if (await draft.commit(guards)) return result;
    } catch (error) {
      // A revision that was compacted between two reads is a conflict like any other.
      if (!(error instanceof SynodError) || error.code !== "compacted") throw error;
    }
    await pause(Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempt - 1)) * Math.random(), signal);
  }
  throw new SynodError("contended", `transaction: others changed what it read in each of ${attempts} attempts`);
}

class Draft implements Transaction {
  readonly #store: StoreApi;
  readonly #signal: AbortSignal | undefined;
  /** The revision of every read, settled by the first. */
  #revision: Promise<number> | undefined;
  readonly #reads: Map<string, KeyValue | undefined> = new Map();
  readonly #ranges: KeyRange[] = [];
  readonly #writes: Map<string, Operation> = new Map();

  constructor(store: StoreApi, signal: AbortSignal | undefined) {
    this.#store = store;
    this.#signal = signal;
  }

  async get(key: Bytes): Promise<KeyValue | undefined> {
    const name = keyName(key);
    const written = this.#writes.get(name);
    if (written !== undefined) return asRead(written, this.#reads.get(name));
    if (!this.#reads.has(name)) this.#reads.set(name, (await this.#read(toRange(key)))[0]);
    return this.#reads.get(name);
  }

  async range(keys: Bytes | KeyRange): Promise<readonly KeyValue[]> {
    const range = toRange(keys);
    const kvs = await this.#read(range);
    this.#ranges.push(range);
    for (const kv of kvs) this.#reads.set(keyName(kv.key), kv);
    return kvs;
  }

  put(key: Bytes, value: Bytes, options: PutOptions = {}): void {
    this.#writes.set(keyName(key), op.put(key, value, options));
  }

  delete(key: Bytes, options: DeleteOptions = {}): void {
    this.#writes.set(keyName(key), op.delete(key, options));
  }

  /** @returns whether nothing that was read had changed. @throws SynodError */
  async commit(guards: readonly Compare[]): Promise<boolean> {
    // Reads alone were of one revision, and are as good as they ever will be.
    if (this.#writes.size === 0 && guards.length === 0) return true;
    const conditions = [...guards, ...this.#conditions(await (this.#revision ?? 0))];
    const signal = this.#signal;
    const { succeeded } = await this.#store
      .txn()
      .when(...conditions)
      .do(...this.#writes.values())
      .commit({ signal });
    if (succeeded || guards.length === 0) return succeeded;
    const guarded = await this.#store
      .txn()
      .when(...guards)
      .commit({ signal });
    if (!guarded.succeeded) throw new SynodError("lost", "transaction: its guard does not hold any more");
    return false;
  }

  #conditions(revision: number): Compare[] {
    const conditions = [...this.#reads].map(([name, kv]) =>
      compare.modRevision(bytesOf(name), "=", kv?.modRevision ?? 0),
    );
    // A key that is gone is among those read; one that came is newer than the read.
    for (const range of this.#ranges) conditions.push(compare.modRevision(range, "<", revision + 1));
    return conditions;
  }

  async #read(range: KeyRange): Promise<readonly KeyValue[]> {
    const signal = this.#signal;
    if (this.#revision !== undefined) {
      const revision = await this.#revision;
      return (await this.#store.range(range, { revision, signal })).kvs;
    }
    const answer = this.#store.range(range, { signal });
    this.#revision = answer.then(({ header }) => header.revision);
    return (await answer).kvs;
  }
}

/** What a key holds in the eyes of who has just written it. */
function asRead(write: Operation, before: KeyValue | undefined): KeyValue | undefined {
  if (write.type !== "put") return undefined;
  return Object.assign(new KeyValue(), {
    key: write.key,
    value: write.value,
    createRevision: before?.createRevision ?? 0,
    modRevision: before?.modRevision ?? 0,
    version: (before?.version ?? 0) + 1,
    lease: write.options.lease ?? 0n,
  });
}

function bytesOf(name: string): Uint8Array {
  return Uint8Array.from(name, (character) => character.charCodeAt(0));
}
