import { withPrefix } from "../bytes.ts";
import { SynodError } from "../errors.ts";
import type { Compare } from "../messages/txn.ts";
import type { StoreApi } from "../store-api.ts";
import { compare, op } from "../txn.ts";
import { abortError } from "../wait.ts";
import type { WaitOptions } from "./barrier.ts";
import { follow } from "./follow.ts";
import { type AcquireOptions, enter, Patience, type Place } from "./holding.ts";
import { awaitTurn, guardOf, isTicket, join, keyOf, type Ticket } from "./queue.ts";
import type { Session } from "./session.ts";

/** Waiters that one notification wakes at most, so that it fits into one transaction. */
const MOST_NOTIFIED = 100;

/**
 * A lock with a place to wait inside (a condition variable, Mesa's kind): who finds the state not as needed waits, and who changes
 * it notifies.
 *
 * ```
 * await using inside = await new Monitor(store, "jobs").enter();
 * while ((await store.range(withPrefix("job/"))).count === 0) await inside.wait();
 * ```
 *
 * Promises: at most one is inside; to wait is to leave and to be among the waiting in one transaction, so no notification is missed;
 * the one that waits longest is woken first. Who was woken queues for the lock again, and others may come in before: look at the
 * condition again, in a loop. Fails like a lock (`Locks`), fenced by `guard`, which is another one after each `wait`. A process
 * that dies when it was woken takes the notification along: who depends on each one uses `notifyAll`, or waits with a `timeout`.
 */
export class Monitor {
  readonly #store: StoreApi;
  readonly #name: string;

  constructor(store: StoreApi, name: string) {
    this.#store = store;
    this.#name = name;
  }

  /** @throws SynodError "timeout", "aborted", "lost"; then nobody is inside */
  async enter(options: AcquireOptions = {}): Promise<Inside> {
    const place: Place = {
      what: `monitor ${JSON.stringify(this.#name)}`,
      prefix: `${this.#name}/lock/`,
      rule: (ahead) => ahead.at(-1),
    };
    const { session, ticket } = await enter(this.#store, place, options);
    return new Inside(session, ticket, place, `${this.#name}/waiting/`);
  }
}

/** Being inside a monitor. */
export class Inside implements AsyncDisposable {
  readonly #session: Session;
  readonly #place: Place;
  readonly #waiting: string;
  #ticket: Ticket;

  constructor(session: Session, ticket: Ticket, place: Place, waiting: string) {
    this.#session = session;
    this.#ticket = ticket;
    this.#place = place;
    this.#waiting = waiting;
  }

  /** The fencing token of this stay: a higher one after each `wait`. */
  get token(): number {
    return this.#ticket.token;
  }

  /** Holds in a Txn exactly as long as this stay lasts. */
  get guard(): Compare {
    return guardOf(this.#ticket);
  }

  get lost(): AbortSignal {
    return this.#session.lost;
  }

  get held(): boolean {
    return this.#session.alive;
  }

  /**
   * Leaves, waits to be notified, and comes in again. With a `timeout` it comes in again when that is over, too.
   * @returns whether it was notified. @throws SynodError "aborted", "lost"; then it is outside, for good
   */
  async wait(options: WaitOptions = {}): Promise<boolean> {
    const { prefix, rule } = this.#place;
    try {
      const waiting = await this.#goOut(options.signal);
      const notified = await this.#notified(waiting, options);
      const joined = await join(this.#session, prefix, keyOf(prefix, this.#session), "", options.signal);
      await awaitTurn(this.#session, prefix, joined, rule, options.signal);
      this.#ticket = joined.ticket;
      return notified;
    } catch (error) {
      await this.#session.close();
      throw error;
    }
  }

  /** Wakes the one that waits longest. @returns whether somebody waited. @throws SynodError "lost", "unknown" */
  async notify(): Promise<boolean> {
    return (await this.#wake(1)) > 0;
  }

  /** Wakes everybody. @returns how many waited. @throws SynodError "lost", "unknown" */
  async notifyAll(): Promise<number> {
    let total = 0;
    for (;;) {
      const woken = await this.#wake(MOST_NOTIFIED);
      total += woken;
      if (woken < MOST_NOTIFIED) return total;
    }
  }

  /** Lets the next one in. */
  release(): Promise<void> {
    return this.#session.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  /** In one transaction out of the lock and among the waiting. @returns the ticket of the one that waits */
  async #goOut(signal: AbortSignal | undefined): Promise<Ticket> {
    const { store, lease } = this.#session;
    const key = keyOf(this.#waiting, this.#session);
    const answer = await this.#session.insist(
      () =>
        store
          .txn()
          .when(this.guard)
          .do(op.put(key, "", { lease: lease.id }), op.delete(this.#ticket.key))
          .else(op.get(key))
          .commit(),
      signal,
    );
    if (answer.succeeded) return { key, token: answer.header.revision };
    // Either an earlier try was done and not answered, or the lock is gone.
    const [found] = answer.responses;
    const own = found?.type === "range" ? found.kvs[0] : undefined;
    if (own === undefined) throw new SynodError("lost", `${this.#place.what}: the lock was lost`);
    return { key, token: own.createRevision };
  }

  /** Returns when the waiter's key is gone, which is how it is woken; true, or false when the time is over. */
  async #notified(ticket: Ticket, options: WaitOptions): Promise<boolean> {
    const { store, what } = this.#session;
    const patience = new Patience(what, options);
    const signal = this.#session.either(patience.signal);
    try {
      for await (const { keys } of follow(store, ticket.key, signal)) if (keys.size === 0) return true;
      throw signal.aborted ? abortError(signal, what) : new SynodError("closed", `${what}: the client is closed`);
    } catch (error) {
      if (!(error instanceof SynodError) || error.code !== "timeout") throw error;
      // Whoever deletes the key decides: this one, or a notification that came in time.
      return (await this.#session.insist(() => store.delete(ticket.key))).deleted === 0;
    } finally {
      patience.end();
    }
  }

  async #wake(most: number): Promise<number> {
    const { store } = this.#session;
    const eldestFirst = { orderBy: "createRevision", order: "ascending", keysOnly: true } as const;
    const { kvs } = await this.#session.insist(() => store.range(withPrefix(this.#waiting), eldestFirst));
    const chosen = kvs.filter((kv) => isTicket(kv, this.#waiting)).slice(0, most);
    if (chosen.length === 0) return 0;
    const there = chosen.map((kv) => compare.createRevision(kv.key, "=", kv.createRevision));
    const { succeeded } = await store
      .txn()
      .when(this.guard, ...there)
      .do(...chosen.map(({ key }) => op.delete(key)))
      .commit();
    if (succeeded) return chosen.length;
    const inside = await this.#session.insist(() => store.txn().when(this.guard).commit());
    if (!inside.succeeded) throw new SynodError("lost", `${this.#place.what}: the lock was lost, nobody is woken`);
    return this.#wake(most); // one of them has died or given up meanwhile
  }
}
