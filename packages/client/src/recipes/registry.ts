import { withPrefix } from "../bytes.ts";
import { SynodError } from "../errors.ts";
import type { KeyValue } from "../messages/common.ts";
import type { StoreApi } from "../store-api.ts";
import { pause } from "../wait.ts";
import { follow } from "./follow.ts";
import { Session, type SessionOptions } from "./session.ts";

/** What an instance tells about itself. */
export interface Announcement {
  /** Where it is reached, as in `10.0.0.7:8080`. */
  readonly address: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface Instance extends Announcement {
  readonly service: string;
  readonly id: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** The revision of its first registration. */
  readonly since: number;
}

export interface RegisterOptions extends SessionOptions {
  /** Names the instance for ever; default: by chance. Who registers the same takes the place of who was there. */
  readonly id?: string;
}

const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5_000;

/**
 * Who offers a service, and where.
 *
 * Promises: an instance is listed while it lives, and for at most `ttl` seconds (plus the time that the store has no leader)
 * after its end; one that was cut off, or whose key somebody has deleted, comes back by itself. Observers see each state of the
 * list in order, though not each one if they are slow.
 *
 * Fails like this: listed is not reachable. An instance that is cut off from the store alone goes on working unlisted, one that
 * hangs is listed for `ttl` seconds, and a list is old by the time it is read: clients try the next instance. Nothing here is
 * exclusive; what only one instance may do needs an election.
 *
 * Limits: one lease, one key and one watch for each registration.
 */
export class ServiceRegistry {
  readonly #store: StoreApi;
  readonly #prefix: string;

  /** @param prefix of all keys: `<prefix><service>/<id>`, each holding JSON */
  constructor(store: StoreApi, prefix = "services/") {
    this.#store = store;
    this.#prefix = prefix;
  }

  /** Returns once the instance is listed. @throws SynodError "invalid", or what the store refused the first time */
  async register(service: string, announcement: Announcement, options: RegisterOptions = {}): Promise<Registration> {
    const id = options.id ?? randomId();
    if (service === "" || id === "" || `${service}${id}`.includes("/"))
      throw new SynodError("invalid", `register "${service}" "${id}": neither name may be empty or contain a slash`);
    const registration = new Registration(this.#store, `${this.#prefix}${service}/${id}`, id, announcement, options);
    await registration.start(options.signal);
    return registration;
  }

  /** The instances that are listed now, by id. @throws SynodError */
  async instances(service: string, options: { readonly signal?: AbortSignal } = {}): Promise<Instance[]> {
    const { kvs } = await this.#store.range(withPrefix(`${this.#prefix}${service}/`), options);
    return kvs.flatMap((kv) => this.#instance(kv, service));
  }

  /** The instances now, and again after each change, by id. @throws SynodError "aborted" */
  async *watch(
    service: string,
    options: { readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<Instance[], void, undefined> {
    for await (const { keys } of follow(this.#store, withPrefix(`${this.#prefix}${service}/`), options.signal)) {
      const instances = [...keys.values()].flatMap((kv) => this.#instance(kv, service));
      yield instances.sort((a, b) => (a.id < b.id ? -1 : 1));
    }
  }

  /** Keys that hold something else are nobody's registration. */
  #instance(kv: KeyValue, service: string): Instance[] {
    const id = kv.keyText.slice(this.#prefix.length + service.length + 1);
    try {
      const { address, metadata = {} } = JSON.parse(kv.valueText) as Partial<Announcement>;
      if (typeof address !== "string") return [];
      return [{ service, id, address, metadata, since: kv.createRevision }];
    } catch {
      return [];
    }
  }
}

/** An instance that is kept listed until `unregister`. */
export class Registration implements AsyncDisposable {
  readonly id: string;
  readonly #store: StoreApi;
  readonly #key: string;
  readonly #ttl: number | undefined;
  readonly #ending: AbortController = new AbortController();
  #announcement: Announcement;
  #session: Session | undefined;
  #running: Promise<void> = Promise.resolve();
  #times = 0;

  constructor(store: StoreApi, key: string, id: string, announcement: Announcement, { ttl }: SessionOptions) {
    this.id = id;
    this.#store = store;
    this.#key = key;
    this.#announcement = announcement;
    this.#ttl = ttl;
  }

  /** How often it was registered: more than once means that it was cut off for longer than its time to live, or deleted. */
  get times(): number {
    return this.#times;
  }

  /** Whether it is listed, as far as it knows. */
  get listed(): boolean {
    return this.#session?.alive ?? false;
  }

  /** @throws SynodError */
  async start(signal: AbortSignal | undefined): Promise<void> {
    await this.#register(signal);
    this.#running = this.#stayRegistered();
  }

  /** Tells something else about the instance, now and whenever it registers again. @throws SynodError */
  async update(announcement: Announcement, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    this.#announcement = announcement;
    const session = this.#session;
    if (session?.alive) await session.insist(() => this.#put(session), options.signal);
  }

  /** Takes it off the list. Never throws: if the store cannot be asked, the lease runs out by itself. */
  async unregister(): Promise<void> {
    this.#ending.abort();
    await this.#running;
    await this.#session?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.unregister();
  }

  async #register(signal: AbortSignal | undefined): Promise<void> {
    const options = { signal, ...(this.#ttl !== undefined && { ttl: this.#ttl }) };
    const session = await Session.open(this.#store, `registration of ${this.#key}`, options);
    try {
      await session.insist(() => this.#put(session), signal);
    } catch (error) {
      await session.close();
      throw error;
    }
    this.#session = session;
    this.#times++;
  }

  async #put({ lease }: Session): Promise<void> {
    await this.#store.put(this.#key, JSON.stringify(this.#announcement), { lease: lease.id });
  }

  /** Comes back whenever the lease or the key is gone, until it ends. */
  async #stayRegistered(): Promise<void> {
    const { signal } = this.#ending;
    for (let rest = FIRST_PAUSE; !signal.aborted; ) {
      try {
        await this.#gone();
        void this.#session?.close(); // what is lost need not be waited for
        if (!signal.aborted) await this.#register(signal);
        rest = FIRST_PAUSE;
      } catch (error) {
        if (error instanceof SynodError && error.code === "closed") return;
        await pause(rest * (0.5 + Math.random()), signal);
        rest = Math.min(LONGEST_PAUSE, rest * 2);
      }
    }
  }

  /** Returns when the instance is not listed any more, or the registration ends. */
  async #gone(): Promise<void> {
    const session = this.#session;
    if (session === undefined || !session.alive) return;
    const signal = session.either(this.#ending.signal);
    try {
      for await (const { keys } of follow(this.#store, this.#key, signal)) if (keys.size === 0) return;
    } catch (error) {
      if (!signal.aborted) throw error;
      return;
    }
    throw new SynodError("closed", `registration of ${this.#key}: the client is closed`);
  }
}

function randomId(): string {
  // Not randomUUID, which pages without TLS do not have.
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
