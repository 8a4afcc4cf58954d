import { type Bytes, withPrefix } from "../bytes.ts";
import { SynodError } from "../errors.ts";
import type { KeyValue } from "../messages/common.ts";
import type { StoreApi } from "../store-api.ts";
import { compare, op } from "../txn.ts";
import { abortError } from "../wait.ts";
import { follow } from "./follow.ts";
import { Holding, Patience } from "./holding.ts";
import { join, keyOf, type Ticket } from "./queue.ts";
import { insist, Session, type SessionOptions } from "./session.ts";

export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds; then SynodError "timeout". Default: for ever. */
  readonly timeout?: number;
}

/**
 * A gate: as long as it is held, everybody who comes waits; when it is released, all go on.
 *
 * Promises: `wait` returns only after a revision at which the gate was open. Who comes when nobody holds it passes at once. Fails
 * like this: a gate that is held without a time to live stays when its holder dies, until somebody releases it; one with `ttl`
 * opens `ttl` seconds after the holder's end, so that those who wait must ask themselves whether what they waited for was done.
 * Limits: each waiter has a watch; all wake at once.
 */
export class Barrier {
  readonly #store: StoreApi;
  readonly #key: string;
  readonly #what: string;

  constructor(store: StoreApi, name: string) {
    this.#store = store;
    this.#key = name;
    this.#what = `barrier ${JSON.stringify(name)}`;
  }

  /** Shuts the gate until `release`, by whomever. @returns false when it was shut already. @throws SynodError */
  async hold(value: Bytes = "", options: { readonly signal?: AbortSignal } = {}): Promise<boolean> {
    const absent = compare.createRevision(this.#key, "=", 0);
    const { succeeded } = await this.#store.txn().when(absent).do(op.put(this.#key, value)).commit(options);
    return succeeded;
  }

  /** Shuts the gate for as long as this process lives, at most. @throws SynodError "failed": it was shut already */
  async holdAlive(options: SessionOptions = {}): Promise<Holding> {
    const session = await Session.open(this.#store, this.#what, options);
    const put = op.put(this.#key, "", { lease: session.lease.id });
    const txn = this.#store
      .txn()
      .when(compare.createRevision(this.#key, "=", 0))
      .do(put)
      .else(op.get(this.#key))
      .build();
    try {
      const { succeeded, header, responses } = await session.insist(() => this.#store.commit(txn), options.signal);
      const found = responses[0]?.type === "range" ? responses[0].kvs[0] : undefined;
      // After silence the first try may have been the one that shut it.
      const own = found?.lease === session.lease.id ? found.createRevision : undefined;
      const token = succeeded ? header.revision : own;
      if (token !== undefined) return new Holding(session, { key: this.#key, token });
    } catch (error) {
      await session.close();
      throw error;
    }
    await session.close();
    throw new SynodError("failed", `${this.#what}: it was shut already`);
  }

  /** Opens the gate. @throws SynodError */
  async release(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    await insist(() => this.#store.delete(this.#key, options), options.signal, this.#what);
  }

  /** Returns once the gate is open. @throws SynodError "timeout", "aborted" */
  async wait(options: WaitOptions = {}): Promise<void> {
    const patience = new Patience(this.#what, options);
    try {
      for await (const { keys } of follow(this.#store, this.#key, patience.signal)) if (keys.size === 0) return;
    } finally {
      patience.end();
    }
    throw new SynodError("closed", `${this.#what}: the client is closed`);
  }
}

/** One who has entered a double barrier together with the others. */
export class Participant {
  readonly #session: Session;
  readonly #prefix: string;
  readonly #ticket: Ticket;
  readonly #last: number;

  constructor(session: Session, prefix: string, ticket: Ticket, last: number) {
    this.#session = session;
    this.#prefix = prefix;
    this.#ticket = ticket;
    this.#last = last;
  }

  /** Aborted when this process is not counted any more; the others may then leave without it. */
  get lost(): AbortSignal {
    return this.#session.lost;
  }

  /** Says that this process is done, and returns when all are, or are dead. @throws SynodError "timeout", "aborted" */
  async leave(options: WaitOptions = {}): Promise<void> {
    const { store, what } = this.#session;
    const patience = new Patience(what, options);
    try {
      await this.#session.close();
      await insist(() => store.delete(this.#ticket.key), patience.signal, what);
      for await (const { keys } of follow(store, withPrefix(this.#prefix), patience.signal))
        if (members(keys.values(), this.#prefix).every((kv) => kv.createRevision > this.#last)) return;
    } finally {
      patience.end();
    }
    throw new SynodError("closed", `${what}: the client is closed`);
  }
}

/**
 * Several processes begin together and end together: `enter` returns when `count` have entered, `leave` when all those have left.
 * It can be used again and again: who enters while others have yet to leave is counted for the next time.
 *
 * Promises: nobody begins before `count` processes had entered and were alive at one revision; nobody's `leave` returns
 * before all who began with it have left or are dead. Fails like this: a process that dies before all are there is not counted any
 * more, the others wait for another; one that dies later counts as one that has left, after `ttl` seconds. A stopped process
 * may therefore still work while the others have left: fence what it writes (a lock's `guard`). All must name the
 * same count. Limits: everybody hears of everybody, so n processes cost n² messages.
 */
export class DoubleBarrier {
  readonly #store: StoreApi;
  readonly #prefix: string;
  readonly #count: number;
  readonly #what: string;

  /** @throws SynodError "invalid" */
  constructor(store: StoreApi, name: string, count: number) {
    this.#what = `double barrier ${JSON.stringify(name)}`;
    if (!Number.isSafeInteger(count) || count < 1)
      throw new SynodError("invalid", `${this.#what}: count is a whole number from 1 on, not ${count}`);
    this.#store = store;
    this.#prefix = `${name}/`;
    this.#count = count;
  }

  /** Returns once all are there. @throws SynodError "timeout", "aborted", "lost"; then this process is not counted */
  async enter(options: SessionOptions & WaitOptions = {}): Promise<Participant> {
    const patience = new Patience(this.#what, options);
    let session: Session | undefined;
    try {
      session = await Session.open(this.#store, this.#what, { ...options, signal: patience.signal });
      const key = keyOf(`${this.#prefix}waiters/`, session);
      const { ticket } = await join(session, `${this.#prefix}waiters/`, key, "", patience.signal);
      return await this.#together(session, ticket, session.either(patience.signal));
    } catch (error) {
      await session?.close();
      throw error;
    } finally {
      patience.end();
    }
  }

  async #together(session: Session, ticket: Ticket, signal: AbortSignal): Promise<Participant> {
    for await (const { keys } of follow(this.#store, withPrefix(this.#prefix), signal)) {
      const waiters = members(keys.values(), this.#prefix);
      if (!waiters.some(({ createRevision }) => createRevision === ticket.token))
        throw new SynodError("lost", `${this.#what}: the place was lost while waiting`);
      const ready = [...keys.values()].find(({ keyText }) => keyText === `${this.#prefix}ready`);
      // Whoever has a number up to the one that the ready key names began together.
      const last = Number(ready?.valueText ?? 0);
      if (ready !== undefined && ticket.token <= last) return new Participant(session, this.#prefix, ticket, last);
      if (ready !== undefined && waiters.every(({ createRevision }) => createRevision > last)) await this.#clear(ready);
      const completing = waiters[this.#count - 1];
      if (ready === undefined && completing !== undefined) await this.#begin(session, completing);
    }
    throw signal.aborted ? abortError(signal, this.#what) : new SynodError("closed", `${this.#what}: closed`);
  }

  async #begin(session: Session, completing: KeyValue): Promise<void> {
    const ready = `${this.#prefix}ready`;
    const put = op.put(ready, String(completing.createRevision));
    const stillThere = compare.createRevision(completing.key, "=", completing.createRevision);
    const absent = compare.createRevision(ready, "=", 0);
    await session.insist(() => this.#store.txn().when(absent, stillThere).do(put).commit());
  }

  /** All who began the last time have left: the next may begin. */
  async #clear(ready: KeyValue): Promise<void> {
    const same = compare.modRevision(ready.key, "=", ready.modRevision);
    const clear = op.delete(ready.key);
    await insist(() => this.#store.txn().when(same).do(clear).commit(), undefined, this.#what);
  }
}

/** Oldest first. */
function members(keys: Iterable<KeyValue>, prefix: string): KeyValue[] {
  return [...keys]
    .filter(({ keyText }) => keyText.startsWith(`${prefix}waiters/`))
    .sort((a, b) => a.createRevision - b.createRevision);
}
