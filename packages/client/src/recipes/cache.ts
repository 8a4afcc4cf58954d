import { type Bytes, type KeyRange, withPrefix } from "../bytes.ts";
import { SynodError } from "../errors.ts";
import type { KeyValue } from "../messages/common.ts";
import type { StoreApi } from "../store-api.ts";
import { abortError, orAborted } from "../wait.ts";
import { follow, keyName, type View } from "./follow.ts";
import { Patience } from "./holding.ts";
import { insist } from "./session.ts";

export interface FreshnessOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds; then SynodError "timeout". Default: for ever. */
  readonly timeout?: number;
}

/**
 * The keys below a prefix in this process's memory, kept fresh by a watch: reads cost nothing and are those of one revision.
 *
 * `await using cache = await PrefixCache.open(store, "config/"); cache.get("config/colour")`
 *
 * Promises: what it holds is what the store held at `revision`, all of it, never a mixture; `revision` never falls. After
 * `atLeast(n)` reads see every write of revision n and before: pass on the revision of a write to read one's own, or call
 * `current()` for a linearizable read that transfers nothing when nothing has changed.
 *
 * Fails like this: without the two, reads are as old as the network and the watch are slow; cut off, it goes on answering
 * from the past, and says nothing. What decides something is checked again in the Txn (`modRevision`), as with any read. When
 * the watch's history was compacted the prefix is read anew (`resynchronised` counts): single changes in between are not told.
 *
 * Limits: the whole prefix is in memory; `atLeast` and `current` have the store look through the prefix for its newest key.
 */
export class PrefixCache implements AsyncDisposable {
  readonly #store: StoreApi;
  readonly #prefix: string;
  readonly #range: KeyRange;
  readonly #what: string;
  readonly #ending: AbortController = new AbortController();
  readonly #listeners: Set<(view: View) => void> = new Set();
  #view: View = { keys: new Map(), revision: 0, events: undefined };
  #changed: PromiseWithResolvers<void> = Promise.withResolvers();
  #reads = 0;
  #failure: SynodError | undefined;
  #running: Promise<void> = Promise.resolve();

  private constructor(store: StoreApi, prefix: Bytes) {
    this.#store = store;
    this.#prefix = keyName(prefix);
    this.#range = withPrefix(prefix);
    this.#what = `cache of ${JSON.stringify(prefix)}`;
  }

  /** Returns once the prefix is read. @throws SynodError */
  static async open(store: StoreApi, prefix: Bytes, options: FreshnessOptions = {}): Promise<PrefixCache> {
    const cache = new PrefixCache(store, prefix);
    const patience = new Patience(cache.#what, options);
    cache.#running = cache.#run();
    try {
      while (cache.#reads === 0) await cache.#next(patience.signal);
      return cache;
    } catch (error) {
      await cache.close();
      throw error;
    } finally {
      patience.end();
    }
  }

  /** What it holds is the state of this revision; other keys of the store may have gone further. */
  get revision(): number {
    return this.#view.revision;
  }

  get size(): number {
    return this.#view.keys.size;
  }

  /** How often the prefix was read anew because the watch's history was compacted. */
  get resynchronised(): number {
    return this.#reads - 1;
  }

  /** @throws SynodError "invalid": the key is not below the prefix; or why the cache ended */
  get(key: Bytes): KeyValue | undefined {
    this.#check();
    const name = keyName(key);
    if (!name.startsWith(this.#prefix))
      throw new SynodError("invalid", `${this.#what}: ${JSON.stringify(key)} is not below the prefix`);
    return this.#view.keys.get(name);
  }

  /** All keys, in the order of their bytes. @throws SynodError why the cache ended */
  entries(): KeyValue[] {
    this.#check();
    return [...this.#view.keys].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, kv]) => kv);
  }

  /** Calls `listener` after each change with the view. @returns what ends it. */
  onChange(listener: (view: View) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Returns once reads see everything up to `revision`. @throws SynodError "timeout", "aborted", or why the cache ended */
  async atLeast(revision: number, options: FreshnessOptions = {}): Promise<void> {
    const patience = new Patience(`${this.#what} at revision ${revision}`, options);
    try {
      while (this.revision < revision) {
        const change = this.#changed.promise;
        if (await this.#probe(patience.signal)) continue;
        await this.#wait(change, patience.signal);
      }
    } finally {
      patience.end();
    }
  }

  /** Returns once reads see everything that was written before this call. @throws SynodError as `atLeast` */
  async current(options: FreshnessOptions = {}): Promise<void> {
    const patience = new Patience(`${this.#what} now`, options);
    try {
      const { header } = await this.#newest(patience.signal);
      await this.atLeast(header.revision, { signal: patience.signal });
    } finally {
      patience.end();
    }
  }

  async close(): Promise<void> {
    this.#ending.abort(new SynodError("closed", `${this.#what}: it is closed`));
    await this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(): Promise<void> {
    try {
      for await (const view of follow(this.#store, this.#range, this.#ending.signal, () => this.revision)) {
        if (view.events === undefined) this.#reads++;
        this.#set(view);
        for (const listener of this.#listeners) listener(this.#view);
      }
      this.#failure = new SynodError("closed", `${this.#what}: the client is closed`);
    } catch (error) {
      this.#failure = error as SynodError;
    }
    this.#set(this.#view);
  }

  /**
   * Other keys' writes raise the store's revision without an event here. If the newest key of the prefix is known, and there are
   * as many as are known, then nothing was put (it would be newer) and so nothing deleted (there would be fewer): what is here is
   * also the state of the answer's revision.
   * @returns false when there are changes that the watch has yet to tell.
   */
  async #probe(signal: AbortSignal | undefined): Promise<boolean> {
    const { kvs, count, header } = await this.#newest(signal);
    if (header.revision <= this.revision) return true;
    const unchanged = (kvs[0]?.modRevision ?? 0) <= this.revision && count === this.size;
    if (unchanged) this.#set({ ...this.#view, revision: header.revision });
    return unchanged;
  }

  #newest(signal: AbortSignal | undefined): ReturnType<StoreApi["range"]> {
    this.#check();
    const options = { limit: 1, orderBy: "modRevision", order: "descending", keysOnly: true, signal } as const;
    return insist(() => this.#store.range(this.#range, options), signal, this.#what);
  }

  /** @param change taken before the probe, so that no change between is missed */
  async #wait(change: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
    await (signal === undefined ? change : orAborted(change, signal, this.#what));
    this.#check();
  }

  async #next(signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) throw abortError(signal, this.#what);
    await this.#wait(this.#changed.promise, signal);
  }

  #set(view: View): void {
    this.#view = view;
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}
