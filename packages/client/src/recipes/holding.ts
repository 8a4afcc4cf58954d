import type { Bytes } from "../bytes.ts";
import { SynodError } from "../errors.ts";
import type { Compare } from "../messages/txn.ts";
import type { StoreApi } from "../store-api.ts";
import { awaitTurn, guardOf, join, keyOf, type Rule, type Ticket } from "./queue.ts";
import { Session, type SessionOptions } from "./session.ts";

export interface AcquireOptions extends SessionOptions {
  /** Milliseconds to wait for one's turn; then SynodError "timeout", and nothing is held. Default: for ever. */
  readonly timeout?: number;
  /** What others can read about the holder. Default: nothing. */
  readonly value?: Bytes;
}

/** Where to queue, and for what. */
export interface Place {
  /** As in `lock "printer"`. */
  readonly what: string;
  readonly prefix: string;
  readonly kind?: "read-" | "write-";
  readonly rule: Rule;
}

/**
 * Something that is held until it is released, or lost. Being held is a promise with an end: a process that was stopped, or cut
 * off from the store for longer than the time to live, has lost it without knowing yet. So:
 *
 * - what is kept in the store is written in a Txn whose comparisons include `guard`: it is done only while this is held;
 * - what is kept elsewhere is told `token`, and refuses whoever comes with a smaller one than it has seen;
 * - everything else listens to `lost`, and stops.
 */
export class Holding implements AsyncDisposable {
  /** The store's key that stands for the holder. */
  readonly key: string;
  /** The fencing token: the key's create revision, higher than that of everybody who held it before. */
  readonly token: number;
  /** Holds in a Txn exactly as long as this is held. */
  readonly guard: Compare;
  protected readonly session: Session;

  constructor(session: Session, ticket: Ticket) {
    this.session = session;
    this.key = ticket.key;
    this.token = ticket.token;
    this.guard = guardOf(ticket);
  }

  /** Aborted, with a SynodError "lost" as its reason, when this is released or may not be held any more. */
  get lost(): AbortSignal {
    return this.session.lost;
  }

  /** False once the lease may have run out. True is a guess about a moment ago: only `guard` and `token` protect. */
  get held(): boolean {
    return this.session.alive;
  }

  /** Lets the next one in. Never throws: if the store cannot be asked, the lease runs out by itself. */
  release(): Promise<void> {
    return this.session.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }
}

/** Waits for one's turn. @throws SynodError "timeout", "aborted", "lost"; nothing is held or left behind then */
export async function enter(
  store: StoreApi,
  place: Place,
  options: AcquireOptions,
): Promise<{ session: Session; ticket: Ticket }> {
  const patience = new Patience(place.what, options);
  let session: Session | undefined;
  try {
    session = await Session.open(store, place.what, { ...options, signal: patience.signal });
    const { prefix, rule } = place;
    const joined = await join(
      session,
      prefix,
      keyOf(prefix, session, place.kind),
      options.value ?? "",
      patience.signal,
    );
    await awaitTurn(session, prefix, joined, rule, patience.signal);
    return { session, ticket: joined.ticket };
  } catch (error) {
    await session?.close();
    throw error;
  } finally {
    patience.end();
  }
}

/** Holds it at once, or not at all. @throws SynodError */
export async function tryEnter(
  store: StoreApi,
  place: Place,
  options: AcquireOptions,
): Promise<{ session: Session; ticket: Ticket } | undefined> {
  const { prefix, rule, kind, what } = place;
  const session = await Session.open(store, what, options);
  try {
    const key = keyOf(prefix, session, kind);
    const { ticket, ahead } = await join(session, prefix, key, options.value ?? "", options.signal);
    if (rule(ahead) === undefined) return { session, ticket };
  } catch (error) {
    await session.close();
    throw error;
  }
  await session.close();
  return undefined;
}

/** The caller's signal, and the end of the caller's patience, in one. */
export class Patience {
  readonly signal: AbortSignal | undefined;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(what: string, { signal, timeout }: { signal?: AbortSignal | undefined; timeout?: number | undefined }) {
    if (timeout === undefined) {
      this.signal = signal;
      return;
    }
    const over = new AbortController();
    const late = new SynodError("timeout", `${what}: not within ${timeout} ms`);
    this.#timer = setTimeout(() => over.abort(late), timeout);
    this.signal = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
